"""Rules told from labelled observables, and where they are not: "cannot tell"."""

import json
import warnings

import numpy as np
import pytest
import xarray as xr
from scipy.stats import beta
from sklearn.neighbors import KNeighborsClassifier

from neurofit import io, schema
from neurofit.errors import RecordingError, SchemaError
from neurofit.plasticity.classifier import RuleClassifier
from neurofit.plasticity.classifier._calibrate import calibration_error, temperature, tempered
from neurofit.plasticity.classifier._held_out import accuracy

RULES = np.array(["bcm", "hebb", "oja"])


def bank(*, networks=16, architectures=("mlp",), apart=False, signal=2.0, own=0.5, seed=0):
    """Three samples of each network, of six statistics at two points.

    The first one tells the rule; if architectures are ``apart``, the second one does in the second of them.
    """
    rng = np.random.default_rng(seed)
    parts = []
    for number, architecture in enumerate(architectures):
        rule = np.repeat(np.arange(3), networks * 3)
        network = np.arange(len(rule)) // 3
        X = 20 + rng.normal(size=(len(rule), 12)) + own * rng.normal(size=(networks * 3, 12))[network]
        X[:, np.array([0, 6]) + number * apart] += signal * rule[:, None]
        coords = {
            "rule": ("sample", RULES[rule]),
            "group": ("sample", [f"{architecture} {at}" for at in network]),
            "architecture": ("sample", np.repeat(architecture, len(rule))),
            "statistic": ("feature", [f"statistic {at}" for at in range(6)] * 2),
            "kind": ("feature", (["weights"] * 2 + ["activations"] * 4) * 2),
            "point": ("feature", np.repeat([0, 1], 6)),
        }
        parts.append(xr.DataArray(X, coords, ("sample", "feature")))
    return xr.concat(parts, "sample")


def fitted(observables, **options):
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "all samples are of one architecture")
        return RuleClassifier(random_state=0, **options).fit(observables)


@pytest.fixture(scope="module")
def alike():
    """Two architectures in which rules do the same."""
    return fitted(bank(architectures=("conv", "mlp")))


@pytest.fixture(scope="module")
def unlike():
    """Two architectures in which rules do different things."""
    return fitted(bank(architectures=("conv", "mlp"), apart=True))


def test_rules_are_told_of_networks_that_were_held_out(alike):
    held = alike.held_out_
    assert held.accuracy > 0.8
    assert held.network_accuracy > held.accuracy
    assert held.chance == pytest.approx(1 / 3)
    np.testing.assert_allclose(held.confusion.sum("alternative"), 1)
    assert np.diag(held.confusion).mean() == pytest.approx(held.accuracy.item())


def test_transfer_is_reported_with_every_fit(alike, unlike):
    assert alike.transfer_.attrs["verdict"] == "transfers"
    assert (alike.transfer_.accuracy > 0.8).all()
    assert unlike.transfer_.attrs["verdict"] == "cannot tell"
    assert (unlike.transfer_.within > 0.8).all()
    assert (unlike.transfer_.interval.sel(bound="lower") < unlike.transfer_.chance).all()
    assert (unlike.transfer_.included > 0.6).all()
    for classifier in (alike, unlike):
        xr.testing.assert_identical(classifier.transfer(holdout="architecture"), classifier.transfer_)


def test_an_architecture_that_was_not_learned_from_gets_no_answer_where_rules_do_not_transfer(alike, unlike):
    new = bank(architectures=("gated",), seed=1)
    told, not_told = alike.predict(new), unlike.predict(new)
    assert (told.answer == new.rule).mean() > 0.8
    assert set(not_told.answer.values) == set(not_told.network_answer.values) == {"cannot tell"}
    assert unlike.score(new) == 0
    # The networks that were learned from are of kinds that are known.
    assert unlike.score(bank(architectures=("conv",), seed=2)) > 0.7


def test_an_architecture_that_is_not_named_is_one_that_was_not_learned_from(unlike):
    unnamed = bank(seed=2).drop_vars("architecture")
    assert set(unlike.predict(unnamed).answer.values) == {"cannot tell"}


def test_one_architecture_says_nothing_of_others():
    with pytest.warns(UserWarning, match=r"of one architecture \(mlp\): nothing can be said of others"):
        classifier = RuleClassifier(random_state=0).fit(bank())
    assert np.isnan(classifier.transfer_.accuracy).all()
    assert classifier.transfer_.attrs["verdict"] == "cannot tell"
    assert set(classifier.predict(bank(architectures=("conv",))).answer.values) == {"cannot tell"}
    with pytest.warns(UserWarning, match="one architecture"):
        nameless = RuleClassifier(random_state=0).fit(bank().drop_vars("architecture"))
    assert set(nameless.predict(bank()).answer.values) == {"cannot tell"}


def test_labels_without_meaning_get_no_answer_even_for_architectures_that_are_known():
    classifier = fitted(bank(signal=0.0, architectures=("conv", "mlp")))
    held = classifier.held_out_
    assert held.interval[0] < held.chance < held.interval[1]
    assert set(classifier.predict(bank()).answer.values) == {"cannot tell"}


def test_a_network_on_both_sides_of_a_split_makes_chance_look_like_knowledge():
    """With nothing to tell rules by, a model that knows each network again seems right all the same."""
    made = bank(signal=0.0, own=5.0)
    model = KNeighborsClassifier(1)
    plain = RuleClassifier(model, random_state=0).fit(made.values, made.rule.values)
    grouped = fitted(made, model=model)
    assert plain.held_out_.accuracy > 0.9
    assert grouped.held_out_.interval[0] < grouped.held_out_.chance


def test_a_rule_of_one_architecture_alone_cannot_be_told_in_it():
    made = bank(architectures=("conv", "mlp"))
    mlp = (made.architecture == "mlp").values
    found = fitted(made.isel(sample=mlp | (made.rule != "oja").values)).transfer_
    assert np.isnan(found.accuracy.sel(architecture="mlp"))
    assert found.accuracy.sel(architecture="conv") > 0.6
    assert found.attrs["verdict"] == "cannot tell"


def test_an_architecture_whose_rules_look_the_same_gets_no_answer_though_others_do():
    made = bank(architectures=("conv", "mlp"))
    flat = bank(architectures=("mlp",), signal=0.0, seed=5)
    classifier = fitted(xr.concat([made[(made.architecture == "conv").values], flat], "sample"))
    assert classifier.score(bank(architectures=("conv",), seed=6)) > 0.5
    assert set(classifier.predict(bank(seed=6)).answer.values) == {"cannot tell"}


def test_what_was_not_recorded_can_be_learned_without():
    made = bank(architectures=("conv", "mlp"))
    recorded = bank(seed=3)[:, (made.kind == "weights").values]
    without = fitted(made[:, np.isin(made.statistic, recorded.statistic)])
    assert without.score(recorded) > 0.8


def test_what_tells_the_rule_matters_and_nothing_else(alike):
    found = alike.importance()
    assert found.statistic[0] == "statistic 0"
    assert found.interval[0, 0] > 0.3
    assert (found.importance[1:] < 0.1).all()
    assert alike.importance(by="kind").kind.values.tolist() == ["weights", "activations"]


def test_tasks_can_be_held_out_too(alike):
    made = bank(architectures=("conv", "mlp"))
    found = fitted(made.assign_coords(task=made.architecture)).transfer(holdout="task")
    np.testing.assert_array_equal(found.accuracy, alike.transfer_.accuracy)
    with pytest.raises(SchemaError, match="no coord 'sort' to hold out"):
        alike.transfer(holdout="sort")


def test_temperature_finds_how_much_too_sure_probabilities_are():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (20_000, 3))
    true = tempered(logits, 1.0)
    codes = (rng.random((20_000, 1)) > true.cumsum(axis=1)).sum(axis=1)
    too_sure = np.log(tempered(logits, 1 / 2.5))
    found = temperature(too_sure, codes)
    assert found == pytest.approx(2.5, rel=0.05)
    # Bins of 2,000 answers are off by chance alone by less than sqrt(.25 / 2,000) = .011.
    assert calibration_error(tempered(too_sure, found), codes) < 0.011
    assert calibration_error(np.exp(too_sure), codes) > 0.1


def test_a_few_that_are_wrong_and_sure_do_not_make_all_others_unsure():
    rng = np.random.default_rng(0)
    logits = rng.normal(0, 2, (2_000, 3))
    codes = (rng.random((2_000, 1)) > tempered(logits, 1.0).cumsum(axis=1)).sum(axis=1)
    logits[:20] = 30 * np.eye(3)[(codes[:20] + 1) % 3]
    # The likelihood is highest at 1.7 here.
    assert temperature(np.log(tempered(logits, 1.0) + 1e-12), codes) == pytest.approx(1.0, abs=0.25)


def test_probabilities_of_samples_that_agree_by_network_are_calibrated():
    """Samples of a network share what is its own: a model that takes them for independent is too sure."""
    held = fitted(bank(networks=60, own=1.5, signal=1.5)).held_out_
    assert held.calibration_error < 0.05


def test_the_interval_counts_networks_not_samples():
    right, groups = np.ones(30), np.repeat(np.arange(10), 3)
    found = accuracy(right, groups)
    np.testing.assert_allclose(found.interval, beta.ppf([0.025, 0.975], 10.5, 0.5))


def test_a_generator_is_drawn_from_once():
    made = bank(architectures=("conv", "mlp"))
    classifier = RuleClassifier(random_state=np.random.default_rng(0)).fit(made)
    xr.testing.assert_identical(classifier.transfer(holdout="architecture"), classifier.transfer_)


def test_answers_are_the_same_each_time_and_in_any_order(alike):
    made = bank(architectures=("conv", "mlp"))
    again = fitted(made)
    xr.testing.assert_identical(again.held_out_, alike.held_out_)
    backwards = made.isel(sample=slice(None, None, -1))
    xr.testing.assert_allclose(
        alike.predict(backwards).probability, alike.predict(made).probability[::-1], atol=1e-10
    )


def test_groups_may_be_given_apart(alike):
    made = bank(architectures=("conv", "mlp"))
    apart = made.drop_vars("group")
    for groups in (made.group.values, "net"):
        given = apart.assign_coords(net=made.group)
        found = RuleClassifier(random_state=0).fit(given, groups=groups)
        xr.testing.assert_equal(found.held_out_, alike.held_out_)


def test_results_say_what_they_are_and_survive_saving(alike, tmp_path):
    made = bank(architectures=("conv", "mlp"))
    results = [alike.held_out_, alike.transfer_, alike.importance(by="kind"), alike.predict(made)]
    for number, result in enumerate(results):
        schema.check(result, "results")
        assert all(array.attrs["units"] and array.attrs["long_name"] for array in result.data_vars.values())
        assert json.loads(result.attrs["history"])
        assert io.load(io.save(result, tmp_path / f"{number}.nc")).identical(result)


def test_plain_arrays_and_labelled_observables_get_the_same_probabilities(alike):
    made = bank(architectures=("conv", "mlp"))
    plain = RuleClassifier(random_state=0).fit(made.values, made.rule.values, groups=made.group.values)
    np.testing.assert_allclose(plain.predict_proba(made.values), alike.predict(made).probability)
    assert plain.held_out_.equals(alike.held_out_)
    with pytest.raises(SchemaError, match="fitted to plain arrays"):
        plain.transfer()


def test_what_cannot_be_learned_from_is_told(alike):
    made = bank()
    with pytest.raises(SchemaError, match="need the coord 'rule'"):
        RuleClassifier().fit(made.drop_vars("rule"))
    with pytest.raises(SchemaError, match="no coord 'group'.*both sides of a split"):
        RuleClassifier().fit(made.drop_vars("group"))
    with pytest.raises(SchemaError, match="groups with more than one rule: all"):
        RuleClassifier().fit(made.assign_coords(group=("sample", ["all"] * made.sizes["sample"])))
    with pytest.raises(SchemaError, match="not finite everywhere"):
        RuleClassifier().fit(made.where(made > made.min()))
    with pytest.raises(SchemaError, match="groups have shape"):
        RuleClassifier().fit(made, groups=[1, 2])
    with pytest.raises(ValueError, match="there is one class, oja"):
        RuleClassifier().fit(made[made.rule == "oja"])
    with pytest.raises(ValueError, match="folds must be 2 or more, not 1"):
        RuleClassifier(folds=1).fit(made)
    with pytest.raises(SchemaError, match="these 6 features are not the 12"):
        alike.predict(made[:, :6])
    few = fitted(bank(networks=1))
    assert few.held_out_ is None
    assert set(few.predict(made).answer.values) == {"cannot tell"}
    with pytest.raises(RecordingError, match="a rule has a single network"):
        few.importance()
