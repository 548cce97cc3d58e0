"""Which rule made the choices: the true one where it can be told, none where there is none."""

import json

import numpy as np
import pytest
import xarray as xr
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from neurofit import schema
from neurofit.errors import SchemaError
from neurofit.plasticity.policy import _held_out, compare_policy_rules, policy_rules, simulate_choices
from neurofit.plasticity.policy._evidence import Evidence
from neurofit.plasticity.policy._inputs import behaviour_of

QUIET = {"workers": 1, "progress": False}


def compared(made, **options):
    return compare_policy_rules(made.choice, stimuli=made.stimuli, rewards=made.reward, **QUIET, **options)


@pytest.fixture(scope="module")
def learner():
    return simulate_choices("delta", rates=0.2, trials=800, reversal=100, rng=3)


@pytest.fixture(scope="module")
def found(learner):
    return compared(learner, kinds=["random_walk", "reinforce", "delta"], folds=2, rng=0)


def test_the_true_rule_is_chosen_and_predicts_the_choices_to_come_best(found):
    assert found.chosen == found.verdict == "delta"
    assert 400 * (found.ahead[2] - found.ahead[:2]).min() > 3
    assert np.all(found.held_out > np.log(0.5))


def test_probabilities_are_those_of_the_evidence(found):
    np.testing.assert_array_equal(found.parameters, [2, 4, 4])
    odds = found.probability / found.probability[0]
    np.testing.assert_allclose(np.log(odds), found.log_marginal - found.log_marginal[0], atol=1e-6)
    assert found.probability.sum() == pytest.approx(1)
    assert json.loads(found.left) == ["delta"]


def test_results_say_what_they_are(found):
    schema.check(found, "results")
    assert all(array.attrs["units"] and array.attrs["long_name"] for array in found.data_vars.values())


def test_a_rule_that_cannot_be_told_is_not_named():
    few = simulate_choices("reinforce", rates=0.02, trials=300, rng=0)
    told = compared(few, kinds=["reinforce", "delta"], folds=0)
    assert told.verdict == "inconclusive"
    assert sorted(json.loads(told.left)) == ["delta", "reinforce"]


def test_folds_hold_each_block_out_once():
    parts = _held_out.folds_of(103, 4, 10, np.random.default_rng(0))
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), np.arange(103))
    for held in parts:
        starts = held[np.diff(held, prepend=-2) > 1]
        assert not np.any(starts % 10)


def test_held_out_choices_enter_only_through_their_stimuli(learner):
    """The other choice on every held-out trial has the other probability: the fit has not seen them."""
    held = np.arange(100, 140)
    chosen, paid = learner.choice.copy(), learner.reward.copy()
    chosen[held], paid[held] = 1 - chosen[held], 1 - paid[held]
    first, second = (
        _held_out.predicted(
            _held_out.HeldOut("delta", behaviour_of(*each, learner.stimuli, learns=True), held, 4.0)
        )
        for each in ((learner.choice, learner.reward), (chosen, paid))
    )
    np.testing.assert_allclose(np.exp(first) + np.exp(second), 1, atol=1e-9)


def test_held_out_probabilities_are_as_often_right_as_they_say():
    made = simulate_choices("random_walk", walk_sd=0.1, trials=2000, rng=5)
    behaviour = behaviour_of(made.choice, made.reward, made.stimuli, learns=False)
    parts = _held_out.folds_of(2000, 4, 10, np.random.default_rng(0))
    told = np.zeros(2000)
    for held in parts:
        told[held] = _held_out.predicted(_held_out.HeldOut("random_walk", behaviour, held, 4.0))
    true = expit((2 * made.choice - 1) * (made.weight * made.stimuli).sum("regressor"))
    # Knowing the weights is worth more than any prediction; knowing nothing, log(1/2), less.
    assert np.log(0.5) + 0.02 < told.mean() < np.log(true).mean()
    right = np.where(made.choice == 1, np.exp(told), 1 - np.exp(told))  # predicted probability of choice 1
    low = right < 0.5
    for part in (low, ~low):
        assert abs((made.choice - right)[part].mean()) < 3 * 0.5 / np.sqrt(part.sum())


def test_predicting_ahead_is_logistic_regression_on_all_earlier_trials_where_weights_hardly_move():
    """The evidence that a choice adds to that of the earlier ones is its predicted probability."""
    made = simulate_choices("random_walk", walk_sd=1e-4, trials=1500, rng=4)
    made["choice"][:] = np.random.default_rng(1).random(1500) < expit(1 + made.contrast)
    behaviour = behaviour_of(made.choice, made.reward, made.stimuli, learns=False)
    seen = np.ones(1500)
    shown = []
    for stop in (1480, 1500):
        evidence = Evidence(policy_rules["random_walk"], behaviour, 2.0, seen * (np.arange(1500) < stop))
        shown.append(evidence.at(np.log([1e-4, 1e-4])).log_evidence)
    x, y, each = behaviour.inputs, behaviour.choices, []
    for trial in range(1480, 1500):
        peer = LogisticRegression(C=4.0, fit_intercept=False).fit(x[:trial], y[:trial])
        each.append(peer.predict_log_proba(x[trial : trial + 1])[0, int(y[trial])])
    assert np.diff(shown)[0] == pytest.approx(np.sum(each), abs=0.02)


def test_folds_that_cannot_be_are_refused(learner):
    with pytest.raises(SchemaError, match=r"80 blocks of 10 trials: folds are 0 or 2 to 80, not 1"):
        compared(learner, folds=1)
    with pytest.raises(SchemaError, match="rewards have dims"):
        compare_policy_rules(
            learner.choice, stimuli=learner.stimuli, rewards=xr.DataArray(0.0), folds=0, **QUIET
        )


FURTHER = {"reinforce_baseline": 0.5, "eligibility": 0.7}


@pytest.mark.slow
@pytest.mark.parametrize("rule", list(policy_rules))
def test_the_generating_rule_is_among_those_left(rule):
    """The rewarded side swaps every 200 trials. How often it is named: docs/tables/policy_rule.csv."""
    for seed in (200, 201):
        made = simulate_choices(
            rule, rates=0.2, walk_sd=0.02, further=FURTHER.get(rule, 0.0), trials=2000, reversal=200, rng=seed
        )
        told = compared(made, folds=0)
        assert rule in json.loads(told.left)
        assert told.verdict in {rule, "inconclusive"}


@pytest.mark.slow
@pytest.mark.parametrize("sd", [0.02, 0.1])
def test_a_random_walk_is_not_called_a_learning_rule(sd):
    for seed in (200, 201):
        made = simulate_choices("random_walk", walk_sd=sd, trials=2000, reversal=200, rng=seed)
        assert compared(made, folds=0).verdict in {"random_walk", "inconclusive"}
