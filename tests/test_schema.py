import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from jsonschema import Draft202012Validator

from neurofit import io, prep, schema, value_rules
from neurofit.errors import SchemaError, UnknownNameError


def activations(**changes):
    coords = {
        "stimulus_id": ("stimulus", ["a", "b"]),
        "area": ("unit", ["l1", "l1", "l2"]),
        "unit_id": ("unit", [0, 1, 2]),
    }
    return xr.DataArray(np.ones((2, 3)), dims=("stimulus", "unit"), coords={**coords, **changes})


SCHEMAS = sorted((Path(__file__).parents[1] / "data_schemas").glob("*.json"))


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.stem)
def test_every_schema_is_itself_valid_and_names_only_rules_that_exist(path):
    read = json.loads(path.read_text())
    Draft202012Validator.check_schema(read)
    for wanted in read["x-neurofit"].get("rules", {}).values():
        for rule in wanted:
            known = value_rules.rules if isinstance(rule, str) else value_rules.relations
            assert {rule} if isinstance(rule, str) else set(rule) <= set(known)


def test_what_analyses_need_is_no_kind_of_data():
    assert "rsa" in schema.analyses()
    assert not [kind for kind in schema.kinds() if kind.startswith("requirements")]
    with pytest.raises(UnknownNameError, match="kind of data"):
        schema.check(activations(), "requirements-rsa")
    with pytest.raises(UnknownNameError, match="Did you mean 'compare'"):
        schema.requirements("compares")


def test_activations_are_responses_too():
    schema.check(activations(), "activations")
    schema.check(activations(), "responses")


def test_every_problem_is_told_at_once():
    odd = activations(stimulus_id=("stimulus", ["a", "a"]), unit_id=("unit", [0, 0, 2])).drop_vars("area")
    odd[0, 0] = np.nan
    with pytest.raises(SchemaError) as caught:
        schema.check(odd, "activations")
    message = str(caught.value)
    assert "missing coord 'area'" in message
    assert "'stimulus_id' holds some values more than once: a" in message
    assert "'values' has 1 NaN" in message


def test_the_mend_is_named():
    brainlike = xr.DataArray(np.ones((2, 3)), dims=("presentation", "neuroid"))
    with pytest.raises(SchemaError, match=r"data.rename\(neuroid='unit', presentation='trial'\)"):
        schema.check(brainlike, "responses")


def test_trial_or_stimulus_is_needed():
    with pytest.raises(SchemaError, match="needs one of dims 'trial' or 'stimulus'"):
        schema.check(xr.DataArray(np.ones(3), dims="unit"), "responses")


def test_wrong_type_is_named():
    with pytest.raises(SchemaError, match="is a Dataset, must be a DataArray"):
        schema.check(activations().to_dataset(name="x"), "activations")


def test_wrong_dtype_and_dims_of_a_coord_are_named():
    with pytest.raises(SchemaError, match="coord 'area' has dtype 'number', must have 'text'"):
        schema.check(activations(area=("unit", [1, 2, 3])), "activations")


def test_unknown_kind_names_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'responses'"):
        schema.check(activations(), "response")


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("finite", [0.0, 1.0], [0.0, np.inf]),
        ("non_negative", [0.0, np.nan], [0.0, -1.0]),
        ("unique", ["a", "b"], ["a", "a"]),
        ("increasing", [1, 2], [1, 1]),
    ],
)
def test_each_rule_tells_good_from_bad(rule, good, bad):
    assert value_rules.rules[rule](np.array(good)) is None
    assert value_rules.rules[rule](np.array(bad))


@pytest.mark.parametrize(
    ("relation", "option", "good", "bad"),
    [
        ("range", [0, 1], [0.0, np.nan, 1.0], [0.0, 1.5]),
        ("monotone", "n", [1.0, 1.0, np.nan, 0.0], [1.0, 0.0]),
        ("sums_to", "n", [2, 0], [2, 1]),
    ],
)
def test_each_relation_tells_good_from_bad(relation, option, good, bad):
    for values, expected in ((good, True), (bad, False)):
        array = xr.DataArray(values, dims="n")
        assert (value_rules.relations[relation](array, array, option) is None) is expected


def rdm_of(*pairs):
    a, b = zip(*pairs, strict=True)
    coords = {"stimulus_a": ("pair", list(a)), "stimulus_b": ("pair", list(b))}
    return xr.DataArray(np.ones(len(pairs)), coords, ("pair",))


def test_an_rdm_has_no_diagonal_but_may_lack_pairs():
    schema.check(rdm_of("ab", "ac"), "rdm")
    with pytest.raises(SchemaError, match="'stimulus_a' is the same as 'stimulus_b' in 1 places"):
        schema.check(rdm_of("ab", "aa"), "rdm")


def test_spikes_that_belong_to_nobody_are_told():
    session = io.from_arrays(spikes=[[0.1, 0.2], [0.3]])
    schema.check(session, "session")
    session["spikes"] = session["spikes"].to_dataset().isel(spike=slice(0, 2))
    with pytest.raises(SchemaError, match="'spikes/row_size' sums to 3, but there are 2 along 'spike'"):
        schema.check(session, "session")


def test_an_interval_has_its_lower_end_first(layer_map):
    schema.check(layer_map, "layer_map")
    turned = layer_map.assign(interval=layer_map["interval"][..., ::-1].drop_vars("bound"))
    with pytest.raises(SchemaError, match="'interval' decreases along 'bound'"):
        schema.check(turned, "layer_map")


def test_a_result_says_what_it_is_in_itself_and_in_its_variables():
    result = io.from_arrays(counts=np.ones((2, 3)), trials={"stimulus_id": ["a", "b"]})
    counts = prep.responses(result)
    schema.check(counts, "results")
    schema.check(counts.to_dataset().assign_attrs(counts.attrs), "results")
    bare = counts.drop_attrs()
    with pytest.raises(SchemaError, match="missing attribute 'units'"):
        schema.check(bare, "results")
    with pytest.raises(SchemaError, match="missing attribute 'long_name' of variables/responses"):
        schema.check(bare.to_dataset().assign_attrs(counts.attrs), "results")
    with pytest.raises(SchemaError, match=r"attrs window: \[0, 1\] is not of type"):
        schema.check(counts.assign_attrs(window=[0, 1]), "results")


def test_units_that_share_an_id_are_responses_all_the_same():
    schema.check(activations(unit_id=("unit", [0, 0, 2])), "responses")


@pytest.mark.slow
def test_an_installed_wheel_finds_its_schemas(tmp_path):
    root = Path(__file__).parents[1]
    build = [sys.executable, "-m", "pip", "wheel", "--no-deps", "--quiet", "-w", tmp_path, root]
    subprocess.run(build, check=True)
    (wheel,) = tmp_path.glob("*.whl")
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    ask = "import neurofit.schema as s; print(s.__file__, *s.kinds())"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site")}
    told = subprocess.run(
        [sys.executable, "-c", ask], check=True, capture_output=True, text=True, cwd=tmp_path, env=environment
    ).stdout.split()
    assert told[0].startswith(str(tmp_path))
    assert told[1:] == schema.kinds()
