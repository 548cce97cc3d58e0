"""What a linter cannot see of the house style; each check has been seen to fail on code that breaks it."""

import ast
import inspect
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpydoc.docscrape
import pytest
import xarray as xr
from importlinter import cli as import_linter

import neurofit
from neurofit import names

ROOT = Path(__file__).parents[1]
SOURCES = sorted((ROOT / "neurofit").rglob("*.py"))
NAMESPACES = [
    "io",
    "prep",
    "simulate",
    "rsa",
    "compare",
    "nets",
    "plasticity",
    "fields",
    "plot",
    "report",
    "schema",
    "parallel",
    "worlds",
]
LONGEST_FILE = 300
LONGEST_FUNCTION = 50  # lines without its docstring: a screen


def public_functions():
    for namespace in NAMESPACES:
        module = getattr(neurofit, namespace, None) or __import__(f"neurofit.{namespace}", fromlist=["_"])
        listed = getattr(module, "__all__", None) or [
            name
            for name, thing in vars(module).items()
            if getattr(thing, "__module__", "") == module.__name__
        ]
        for name in listed:
            thing = getattr(module, name)
            if not name.startswith("_") and inspect.isfunction(thing):
                yield pytest.param(thing, id=f"{namespace}.{name}")


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_functions_fit_on_a_few_screens(path):
    text = path.read_text()
    assert text.count("\n") <= LONGEST_FILE
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.FunctionDef):
            doc = ast.get_docstring(node, clean=False) or ""
            length = node.end_lineno - node.lineno + 1 - doc.count("\n")
            assert length <= LONGEST_FUNCTION, f"{node.name} has {length} lines"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_printed_and_no_global_seed_is_set(path):
    calls = {
        ast.unparse(node.func) for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)
    }
    assert not calls & {"np.random.seed", "random.seed", "torch.manual_seed", "pickle.load", "pickle.loads"}
    assert path.name == "cli.py" or "print" not in calls


def test_all_public_functions_stand_in_the_api():
    page = (ROOT / "docs" / "api.md").read_text().split()
    assert {function.id for function in public_functions()} <= set(page)


@pytest.mark.parametrize("function", list(public_functions()))
def test_options_are_keyword_only(function):
    optional = [
        name
        for name, parameter in inspect.signature(function).parameters.items()
        if parameter.default is not parameter.empty and parameter.kind is not parameter.KEYWORD_ONLY
    ]
    # A path may be given in place where it is what the function is about.
    assert set(optional) <= {"path"}


@pytest.mark.parametrize("function", list(public_functions()))
def test_docstrings_tell_every_parameter_and_what_comes_back(function):
    doc = numpydoc.docscrape.FunctionDoc(function)
    documented = {name.strip(" *") for entry in doc["Parameters"] for name in entry.name.split(",")}
    assert documented == set(inspect.signature(function).parameters)
    assert doc["Returns"] or doc["Yields"]


@pytest.mark.parametrize("function", list(public_functions()))
def test_random_functions_take_rng(function):
    assert not set(inspect.signature(function).parameters) & {"seed", "random_seed", "generator"}


def test_importing_neurofit_is_light():
    ask = (
        "import sys, neurofit; print(*{'torch', 'pynwb', 'matplotlib', 'sklearn', 'dask'} & set(sys.modules))"
    )
    told = subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True).stdout
    assert told.split() == []


def test_fields_need_no_torch_but_for_probes():
    ask = "import sys, neurofit.fields; print('torch' in sys.modules)"
    told = subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True).stdout
    assert told.split() == ["False"]


def test_every_namespace_loads_on_first_use():
    for name in neurofit.__all__:
        assert getattr(neurofit, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'anything'"):
        neurofit.anything  # noqa: B018


def test_data_flow_one_way(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert import_linter.lint_imports(no_cache=True) == import_linter.EXIT_STATUS_SUCCESS


def strings_in(path):
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            for keyword in node.keywords:
                if keyword.arg in {"dim", "dims"} and isinstance(keyword.value, ast.Constant):
                    yield keyword.value.value


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_dims_are_spelled_in_names_only(path):
    spelled = {value for name, value in vars(names).items() if name.isupper() and isinstance(value, str)}
    assert not spelled & set(strings_in(path))


@pytest.fixture(scope="module")
def results(make_recording, make_activations, layer_map):
    """One result of every function that computes something."""
    from neurofit import compare, io, nets, prep, rsa

    counts = make_recording(make_activations(), {"V1": "first"})
    by_angle = counts.assign_coords(orientation=("trial", np.arange(counts.sizes["trial"]) % 6 * 30))
    spikes = np.random.default_rng(0).uniform(0, 10, size=(3, 200))
    trials = {"start_time": range(10), "stop_time": range(1, 11), "stimulus_id": list("abcde") * 2}
    session = io.from_arrays(spikes=list(np.sort(spikes)), trials=trials)
    responses = prep.responses(session)
    network = nets.train("digits", steps=2, rng=0, progress=False)
    images = nets.tasks["digits"]().stimuli()
    shown = nets.activations(network, images, layers=["readout"])
    rdm = rsa.rdm(counts, measure="crossnobis")
    return {
        "prep.responses": responses,
        "prep.average": prep.average(responses),
        "prep.join": prep.join({"once": session, "again": session}, pseudo_population=True),
        "io.from_brainio": io.from_brainio(io.to_brainio(responses).drop_attrs(deep=False)),
        "rsa.rdm": rdm,
        "rsa.noise_precision": rsa.noise_precision(counts),
        "rsa.compare": rsa.compare(rdm, rdm),
        "rsa.noise_ceiling": rsa.noise_ceiling(xr.concat([rdm, rdm], "subject")),
        "rsa.split_half_reliability": rsa.split_half_reliability(counts, rng=0, splits=2),
        "rsa.evaluate": rsa.evaluate(rdm, xr.concat([rdm, rdm**2], "subject"), draws=10, rng=0),
        "rsa.reliability": rsa.reliability(xr.concat([rdm, rdm], "subject")),
        "rsa.rdms": rsa.rdms(counts, progress=False),
        "rsa.searchlight": rsa.searchlight(
            counts, positions=["unit_id"], nearest=3, measure="crossnobis", progress=False
        ),
        "rsa.cross_temporal": rsa.cross_temporal(responses),
        "rsa.cka": rsa.cka(counts, make_activations()),
        "rsa.shape_distance": rsa.shape_distance(counts, make_activations()),
        "rsa.evaluate_alignment": rsa.evaluate_alignment(
            counts, make_activations(), permutations=9, rng=0, progress=False
        ),
        "rsa.dimensionality": rsa.dimensionality(counts),
        "rsa.predictivity": rsa.predictivity(make_activations(), counts, rng=0, progress=False),
        "nets.history": network.history,
        "nets.activations": nets.activations(network, images),
        "nets.record": nets.record(network, images),
        "compare.areas_to_layers": layer_map,
        "compare.fit_readout": compare.fit_readout(nets.activations(network, images), shown),
        "compare.optimal_stimulus": compare.optimal_stimulus(
            network, "hidden1/0000", images, steps=2, rng=0, progress=False
        ),
        "compare.emergent_tuning": compare.emergent_tuning(by_angle, draws=9, rng=0, progress=False),
        "compare.unit_tuning": compare.unit_tuning(by_angle, draws=9, rng=0, progress=False),
        **plastic_results(),
        **field_results(),
    }


def field_results():
    """One result of every analysis of fields of weight changes."""
    from neurofit import fields, simulate

    made = fields.perturbed(fields.closed_field("linear", synapses=3, rng=0), trials=60, snr=4.0, rng=1)
    wires = {"pre": ("synapse", [0, 0, 1]), "post": ("synapse", [0, 1, 2])}
    walked = fields.walked(fields.closed_field("linear", synapses=3, rng=0), sessions=120, noise=0.5, rng=1)
    field = fields.WeightField.from_trials(made.w0, made.delta, made.dw)
    found = field.decompose(rng=0)
    network = simulate.rule_field("feedback_alignment", layers=(3, 4, 2), rng=0)
    moved = walked.weights.expand_dims(trial=4)
    spread = made.delta / made.delta.std()
    return {
        "fields.perturbed": made,
        "fields.walked": walked,
        "simulate.field": simulate.field("oja", layers=(3, 4, 2), trials=5, rng=0),
        "simulate.weights": simulate.weights("backprop", layers=(3, 4, 2), sessions=5, rng=0),
        "fields.WeightField.decompose": found,
        "fields.sensitivity": fields.sensitivity(field, noise=(), rng=0, workers=1, progress=False),
        "fields.power": fields.power(synapses=5, trials=(10,), draws=3, rng=0, workers=1, progress=False),
        "fields.effective_jacobian": fields.effective_jacobian(
            found.jacobian, abs(found.jacobian) + 9 * np.eye(3), recorded=xr.DataArray([True, True, False])
        ),
        "fields.gradient_metric": fields.gradient_metric(found.jacobian, rng=0),
        "fields.in_metric": fields.in_metric(found.jacobian, xr.DataArray([1.0, 2.0, 3.0], dims="synapse")),
        "fields.log_weights": fields.log_weights(1 + abs(made.delta), made.dw),
        "fields.alignment": fields.alignment(
            (made.dw + 1.0).assign_coords(wires),
            (made.delta[0] + 1.0).drop_vars("trial", errors="ignore"),
            rng=0,
        ),
        "fields.irreversibility": fields.irreversibility(walked.weights, rng=0),
        "fields.gradient_share": fields.gradient_share(spread, made.dw, rng=0, workers=1, progress=False),
        "fields.probe": fields.probe(network, network.w0, draws=4, rng=0, progress=False),
        "fields.return_test": fields.return_test(moved.mean("synapse"), onset=2, weights=moved),
        "fields.read_weights": fields.read_weights(
            walked.weights.to_dataframe("weight").reset_index(), session="session_index", signed=True
        ),
    }


def plastic_results():
    """One result of every estimator of plasticity."""
    from neurofit import plasticity, prep, simulate

    session = simulate.familiarity(units=2, stimuli=20, repeats=2, rng=0)
    counts = prep.repeats(prep.responses(session, window=(0.05, 0.17), bin=None))
    rates = plasticity.RateRule("quantile", draws=5, folds=2, random_state=0).fit(counts)
    made = plasticity.simulate_choices("delta", trials=100, rng=0)
    given = {"rewards": made.reward, "stimuli": made.stimuli}
    grown = plasticity.plastic_trajectories({(1, 1, 0): 1.0, (0, 2, 1): -1.0}, units=(4, 3), rng=0)
    cursor = plasticity.simulate_bci("biased", rng=1)
    told = {name: cursor[name] for name in ("errors", "decoder", "internal")}
    terms = plasticity.TaylorRule((1, 2, 1), learning_rate=0.04, initial="known")
    return {
        "prep.repeats": counts,
        **{f"plasticity.RateRule.{name}": getattr(rates, name) for name in RATES},
        "plasticity.null_test": plasticity.null_test(counts, draws=1, rng=0),
        "plasticity.power": plasticity.power(units=2, stimuli=20, trials=2, draws=1, rng=0),
        "plasticity.plastic_trajectories": grown,
        "plasticity.TaylorRule": terms.fit(
            grown.inputs, activity=grown.activity, initial_weights=grown.first_weights
        ).result_,
        "plasticity.simulate_bci": cursor,
        "plasticity.feedback_bias": plasticity.feedback_bias(
            cursor.before, cursor.after, **told, draws=20, rng=0
        ),
        "plasticity.simulate_choices": made,
        "plasticity.PolicyRule": plasticity.PolicyRule("delta").fit(made.choice, **given).result_,
        "plasticity.compare_policy_rules": plasticity.compare_policy_rules(
            made.choice, **given, folds=2, rng=0, workers=1, progress=False
        ),
    }


RESULTS = ["prep.responses", "prep.average", "rsa.rdm", "rsa.noise_precision", "rsa.compare"]
RESULTS += ["rsa.split_half_reliability", "nets.history", "nets.activations", "nets.record"]
RESULTS += ["rsa.noise_ceiling", "compare.areas_to_layers", "prep.join", "io.from_brainio"]
RESULTS += ["rsa.predictivity", "rsa.evaluate", "rsa.reliability"]
RESULTS += ["rsa.rdms", "rsa.searchlight", "rsa.cross_temporal"]
RESULTS += ["rsa.cka", "rsa.shape_distance", "rsa.evaluate_alignment", "rsa.dimensionality"]
RESULTS += ["compare.fit_readout", "compare.optimal_stimulus"]
RESULTS += ["compare.emergent_tuning", "compare.unit_tuning"]
RATES = ["curve_", "threshold_", "comparison_", "diagnostics_"]
RESULTS += ["prep.repeats", *(f"plasticity.RateRule.{name}" for name in RATES)]
RESULTS += ["plasticity.null_test", "plasticity.power", "plasticity.TaylorRule", "plasticity.PolicyRule"]
RESULTS += [
    "plasticity.plastic_trajectories",
    "plasticity.simulate_choices",
    "plasticity.compare_policy_rules",
]
FIELDS = [
    "WeightField.decompose",
    "sensitivity",
    "power",
    "effective_jacobian",
    "gradient_metric",
    "in_metric",
]
FIELDS += ["log_weights", "alignment", "irreversibility", "gradient_share", "probe", "return_test"]
FIELDS += ["perturbed", "walked", "read_weights"]
RESULTS += [*(f"fields.{name}" for name in FIELDS), "simulate.field", "simulate.weights"]


@pytest.mark.parametrize("name", RESULTS)
def test_every_result_says_what_it_is_and_where_it_comes_from(results, name):
    result = results[name]
    neurofit.schema.check(result, "results")
    arrays = result.data_vars.values() if isinstance(result, xr.Dataset) else [result]
    for array in arrays:
        assert array.attrs.get("units"), f"{array.name} has no units"
        assert array.attrs.get("long_name"), f"{array.name} has no long_name"
    assert result.attrs["neurofit_version"] == neurofit.__version__
    assert json.loads(result.attrs["history"])


@pytest.mark.parametrize("name", RESULTS)
@pytest.mark.parametrize("ending", [".nc", ".zarr"])
def test_every_result_survives_saving(results, name, ending, tmp_path):
    from neurofit import io

    assert io.load(io.save(results[name], tmp_path / f"result{ending}")).identical(results[name])


def test_small_unsigned_counts_are_not_wrapped_around(make_recording, make_activations):
    from neurofit import compare, prep, rsa

    model = make_activations()
    large = (100 + 20 * make_recording(model, {"V1": "first"})).clip(0, 250).astype("uint8")
    angles = np.arange(large.sizes["trial"]) % 6 * 30
    large = large.assign_coords(angle=("trial", angles)).assign_attrs(window="[0.0, 0.5]", bin=0.5)
    in_time = large.expand_dims(time=[0.0, 0.5], axis=-1).copy()
    in_time[..., 1] += 5
    exact, exact_in_time = large.astype(float), in_time.astype(float)
    for function in (
        prep.average,
        prep.rates,
        prep.zscore,
        lambda counts: xr.concat(prep.split_half(counts, rng=0), "half"),
        lambda counts: prep.select_units(counts, least_rate=1, least_reliability=0, rng=0),
        lambda counts: prep.tuning(counts, by="angle", rng=0, permutations=10),
        lambda counts: prep.dprime(counts, by="angle", a=0, b=30),
        rsa.rdm,
        lambda counts: rsa.rdm(counts, measure="crossnobis"),
        rsa.noise_precision,
        lambda counts: rsa.split_half_reliability(counts, rng=0, splits=2),
        lambda counts: rsa.cka(counts, model),
        rsa.dimensionality,
        lambda counts: compare.areas_to_layers(counts, model, draws=5, rng=0, progress=False),
        lambda counts: compare.fit_readout(model, counts),
        lambda counts: compare.unit_tuning(
            counts, kind=compare.tunings["orientation"](by="angle"), draws=9, rng=0, progress=False
        ),
    ):
        xr.testing.assert_equal(function(large), function(exact))
    for function in (
        lambda counts: prep.subtract_baseline(counts, window=(0.5, 1.0)),
        lambda counts: prep.zscore(counts, baseline=(0.5, 1.0)),
        prep.average,
        prep.rates,
    ):
        xr.testing.assert_equal(function(in_time), function(exact_in_time))
