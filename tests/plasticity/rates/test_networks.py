"""Layers whose rule is known: BCM theory gives its own curve back, and error backpropagation another one."""

import numpy as np
import pytest
import torch
import xarray as xr

from neurofit import nets, plasticity
from neurofit.plasticity.rates._kernels import GRID, WEIGHT

UNITS, STIMULI, INPUTS = 8, 400, 4000
HZ = 10.0  # of a unit of activity
LEARNED = 0.5  # dh = LEARNED y (y - theta)


def patterns(seed):
    """Normal patterns of length 1, nearly orthogonal: what one of them writes the others do not read."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(STIMULI, INPUTS, generator=generator) / INPUTS**0.5


def layer():
    """Inputs of variance 1 and mean 0, a bias of 1, and labels that say nothing of the patterns."""
    stages = nets.architectures["mlp"]((1, 1, INPUTS), 2, hidden=(UNITS,))
    generator = torch.Generator().manual_seed(0)
    hidden = {"weight": torch.randn(UNITS, INPUTS, generator=generator), "bias": torch.ones(UNITS)}
    sign = torch.tensor([1.0, -1.0]).repeat(UNITS // 2)
    readout = {"weight": torch.stack([sign, -sign]) / UNITS, "bias": torch.zeros(2)}
    return stages, {"hidden1": hidden, "readout": readout}


def learned(rule, familiar):
    """The layer, its hidden weights after one step on the familiar patterns, and the thresholds of BCM."""
    stages, params = layer()
    labels = torch.arange(STIMULI) % 2
    batch = nets.Batch(familiar[:, None, None], labels)
    objective, generator = nets.objectives["cross_entropy"](), torch.Generator()
    if rule == "bcm":
        rule = nets.rules["bcm"](memory=1.0)
        state = rule.init(stages, params, generator)
        state = rule.evolve(stages, params, batch, objective, {}, state, generator)
        step = rule.update(stages, params, batch, objective, state, generator)["hidden1"]["weight"]
        return params, params["hidden1"]["weight"] - LEARNED * STIMULI * step, state["hidden1"]
    step = nets.targets["backprop"](stages, params, batch, objective, None)["hidden1"]["weight"]
    # As large as the changes of BCM.
    return params, params["hidden1"]["weight"] - 0.7 * step / (step @ familiar.T).std(), None


def counts_of(params, weight, familiar, *, trials=20, window=0.12):
    """Poisson counts of the layer for novel and for familiar patterns, both after learning."""
    stimuli = torch.cat([patterns(9), familiar])
    rates = HZ * (weight @ stimuli.T + params["hidden1"]["bias"][:, None]).relu().double().numpy()
    rng = np.random.default_rng(0)
    return xr.DataArray(
        rng.poisson(window * rates[..., None], size=(*rates.shape, trials)).astype(float),
        {"familiar": ("stimulus", np.repeat([False, True], STIMULI))},
        ("unit", "stimulus", "trial"),
        attrs={"window": window, "units": "spikes", "long_name": "spike count"},
    )


@pytest.fixture(scope="module")
def found():
    """Rules and known thresholds of both layers."""
    familiar, fits = patterns(8), {}
    for rule in ("bcm", "backprop"):
        params, weight, theta = learned(rule, familiar)
        options = {"family": "spline", "draws": 100, "folds": 0, "random_state": 0}
        fits[rule] = plasticity.RateRule(**options).fit(counts_of(params, weight, familiar)), theta
    return fits


def known(theta):
    activity = np.maximum(GRID + 1, 0)
    return LEARNED * activity * (activity - theta.numpy()[:, None])


@pytest.mark.slow
def test_a_layer_that_learned_by_bcm_gives_its_rule_back(found):
    rule, theta = found["bcm"]
    truth, threshold = HZ * theta.numpy(), rule.threshold_
    assert abs(np.nanmedian(threshold.hz - truth)) < 2
    low, high = threshold.hz_interval.values.T
    assert ((low <= truth) & (truth <= high)).mean() >= 0.75
    # Below -.5 sd units are nearly silent, above 1.5 sd there are few stimuli.
    inside = (GRID >= -0.5) & (GRID <= 1.5)
    off = (rule.curve_.change.values - known(theta)).mean(axis=0)[inside]
    assert np.sqrt((off**2 * WEIGHT[inside]).sum() / WEIGHT[inside].sum()) < 0.2


@pytest.mark.slow
def test_a_layer_that_learned_by_backprop_gives_another_curve(found):
    """What it changes goes with the label, not with the unit's own rate: nothing turns at BCM's threshold."""
    (bcm, theta), (backprop, _) = found["bcm"], found["backprop"]
    assert (backprop.threshold_.hz.values < 0.75 * HZ * theta.numpy()).all()
    curves = [rule.curve_.change.mean("unit").values for rule in (bcm, backprop)]
    inside = (GRID >= -0.5) & (GRID <= 1.5)
    assert np.sqrt(((curves[0] - curves[1]) ** 2 * WEIGHT)[inside].sum() / WEIGHT[inside].sum()) > 0.4
    # In the middle of the rates one weakens inputs, and the other does not.
    middle = np.abs(GRID - 0.2) < 0.3
    assert curves[0][middle].max() < -0.2
    assert curves[1][middle].min() > 0
