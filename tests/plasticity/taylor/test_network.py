import numpy as np
import pytest
import xarray as xr

from neurofit.errors import SchemaError
from neurofit.plasticity.taylor import NetworkRule, TaylorRule, choice_trajectories, plastic_trajectories

OJA = {(1, 1, 0): 1.0, (0, 2, 1): -1.0}


def halves(data):
    return data.isel(trajectory=slice(6)), data.isel(trajectory=slice(6, None))


def arrays(data):
    return {"activity": data.activity, "weights": data.weights, "initial_weights": data.first_weights}


def network(**options):
    return NetworkRule(learning_rate=0.04, iterations=50, rng=0, **options)


def test_learns_a_rule_without_its_form():
    train, held = halves(plastic_trajectories(OJA, units=(6, 4), trajectories=8, noise=0.1, rng=0))
    rule = network().fit(train.inputs, **arrays(train))
    scores = rule.score(held.inputs, **arrays(held))
    assert scores.r2_weights > 0.9
    assert scores.deviance_explained > 50
    assert rule.change(pre=1.0, post=1.0, weight=0.0) > 0.5
    assert rule.change(pre=0.0, post=1.5, weight=0.8) < -0.5


def test_an_exact_polynomial_beats_it_where_the_rule_is_one():
    train, held = halves(plastic_trajectories(OJA, units=(6, 4), trajectories=8, noise=0.1, rng=0))
    taylor = TaylorRule(learning_rate=0.04, order=(1, 2, 1), initial="known").fit(
        train.inputs, **arrays(train)
    )
    small = network().fit(train.inputs, **arrays(train))
    scores = [rule.score(held.inputs, **arrays(held)).deviance_explained for rule in (taylor, small)]
    assert scores[0] > scores[1]


def test_reward_reaches_it():
    data = choice_trajectories({(1, 0, 0, 1): 1.0}, steps=120, rng=0)
    first = xr.DataArray(np.zeros((1, 2)), dims=("post", "pre"))
    given = {"choices": data.choices, "reward": data.reward, "initial_weights": first}
    rule = NetworkRule(hidden=4, learning_rate=0.2, activation="sigmoid", iterations=20, rng=0)
    rule = rule.fit(data.inputs, **given)
    told = rule.score(data.inputs, **given).deviance_explained
    assert told > 5
    assert rule.score(data.inputs, **given | {"reward": -data.reward}).deviance_explained < told


def test_first_weights_with_nan_are_refused():
    data = plastic_trajectories(OJA, units=(3, 2), rng=0)
    with pytest.raises(SchemaError, match="without NaN"):
        network().fit(data.inputs, activity=data.activity, initial_weights=data.first_weights * np.nan)
