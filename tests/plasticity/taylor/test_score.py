import numpy as np
import pytest
import xarray as xr

from neurofit.plasticity.taylor import TaylorRule, choice_trajectories, plastic_trajectories

OJA = {(1, 1, 0): 1.0, (0, 2, 1): -1.0}


def fitted(data, **options):
    rule = TaylorRule(learning_rate=0.04, order=(1, 2, 1), initial="known", **options)
    return rule.fit(data.inputs, activity=data.activity, initial_weights=data.first_weights)


def scored(rule, data, **given):
    given = given or {"activity": data.activity, "weights": data.weights}
    return rule.score(data.inputs, initial_weights=data.first_weights, **given)


def test_held_out_trajectories_are_predicted_as_well_as_noise_allows():
    data = plastic_trajectories(OJA, units=(8, 6), noise=0.5, trajectories=8, rng=0)
    rule = fitted(data.isel(trajectory=slice(6)))
    held = scored(rule, data.isel(trajectory=slice(6, None)))
    for share in (held.r2_activity, held.r2_weights):
        assert float(share) == pytest.approx(1 / (1 + 0.5**2), abs=0.05)
    assert 0 < held.deviance_explained < 100
    assert held.r2_activity.units == "1"


def test_a_true_rule_predicts_exactly_and_no_rule_explains_nothing():
    data = plastic_trajectories(OJA, units=(8, 6), rng=0)
    rule = fitted(data)
    assert float(scored(rule, data).r2_weight_changes) == pytest.approx(1, abs=1e-6)
    assert float(scored(rule, data).deviance_explained) == pytest.approx(100, abs=1e-4)
    rule.terms_, rule.coef_ = [], rule.coef_[:0]
    still = scored(rule, data)
    assert float(still.deviance_explained) == pytest.approx(0)
    assert float(still.r2_weight_changes) == pytest.approx(0)


def test_weights_that_hardly_change_are_predicted_by_any_rule():
    data = plastic_trajectories(OJA, units=(8, 6), learning_rate=0.001, rng=0)
    rule = fitted(plastic_trajectories({(1, 1, 0): 1.0}, units=(8, 6), steps=10, noise=0.1, rng=1))
    rule.learning_rate = 0.001
    assert rule.terms_ == [(1, 1, 0)]
    held = scored(rule, data)
    assert held.r2_weights > 0.99 > held.r2_weight_changes + 0.2


def test_scores_of_what_was_not_observed_are_nan():
    data = plastic_trajectories(OJA, units=(8, 6), noise=0.5, rng=0)
    held = scored(fitted(data), data, weights=data.weights)
    assert np.isnan(held.r2_activity)
    assert not np.isnan(held.r2_weights)


@pytest.mark.filterwarnings("ignore:the data cannot tell")
def test_choices_held_out_are_explained():
    data = choice_trajectories({(1, 0, 0, 1): 1.0}, trajectories=6, rng=0)
    first = xr.DataArray(np.zeros((1, 2)), dims=("post", "pre"))
    rule = TaylorRule(order=(1, 0, 0, 1), learning_rate=0.2, activation="sigmoid", initial="known")
    parts = [data.isel(trajectory=slice(*ends)) for ends in ((0, 3), (3, 6))]
    given = [{"choices": part.choices, "reward": part.reward, "initial_weights": first} for part in parts]
    held = rule.fit(parts[0].inputs, **given[0]).score(parts[1].inputs, **given[1])
    assert 5 < held.deviance_explained < 100
    chance = held.deviance_explained
    backwards = rule.score(parts[1].inputs, **given[1] | {"reward": -parts[1].reward})
    assert backwards.deviance_explained < chance
