"""Layers of networks whose rule is known: TaylorRule names its terms, or says that none will do."""

import numpy as np
import pytest
import xarray as xr

from neurofit import nets
from neurofit.names import POST, PRE, STEP, TRAJECTORY
from neurofit.nets.material import Task, tasks
from neurofit.plasticity.taylor import TaylorRule

INPUTS, STEPS, RATE = 6, 20, 0.05


@pytest.fixture
def trained(monkeypatch):
    """Inputs (trajectory, step, pre) and weights (trajectory, step, synapse) of some networks."""
    shown = []

    def draw(n, rng):
        values = rng.normal(size=(n, INPUTS)).astype(np.float32)
        return values[:, None, None], (values[:, 0] * values[:, 1] > 0).astype(np.int64)

    def sample(n, rng):
        images, labels = draw(n, rng)
        shown.append(images.ravel())
        return images, labels

    def stimuli():
        values = draw(4, np.random.default_rng(0))[0]
        coords = {"stimulus_id": ("stimulus", list("abcd"))}
        return xr.DataArray(values, coords, ("stimulus", "channel", "y", "x"))

    def blobs():
        return Task("blobs", (1, 1, INPUTS), 2, sample, draw, stimuli)

    monkeypatch.setitem(tasks._entries, "blobs", blobs)

    def train(rule, units, nonlinearity="identity", networks=6, rate=RATE):
        lots, inputs = [], []
        for seed in range(networks):
            shown.clear()
            network = nets.train(
                "blobs",
                architecture={"name": "mlp", "hidden": (units,), "nonlinearity": nonlinearity},
                rule=rule,
                optimizer="sgd",
                batch_size=1,
                steps=STEPS,
                learning_rate=rate,
                rng=seed,
                progress=False,
            )
            weights = network.trajectory.weights
            # Those after the last step come with no input.
            lots.append(weights.isel(synapse=weights.layer == "hidden1", step=slice(STEPS)))
            inputs.append(np.array(shown))
        return xr.DataArray(np.array(inputs), dims=(TRAJECTORY, STEP, PRE)), xr.concat(lots, TRAJECTORY)

    return train


def fitted(inputs, weights, *, rate=RATE, **options):
    """A rule from all trajectories but two, and its scores on those."""
    rule = TaylorRule(learning_rate=rate, initial="known", **options)
    parts = []
    for ends in (slice(2, None), slice(2)):
        some = weights.isel(trajectory=ends)
        square = some.isel(step=0).set_index(synapse=[POST, PRE]).unstack("synapse")
        parts.append((inputs.isel(trajectory=ends), {"weights": some, "initial_weights": square}))
    rule.fit(parts[0][0], **parts[0][1])
    return rule, rule.score(parts[1][0], **parts[1][1])


@pytest.mark.parametrize(
    ("rule", "units", "terms", "activation", "rate"),
    [
        ("hebb", 3, {(1, 1, 0): 1}, "linear", RATE),
        ("oja", 1, {(1, 1, 0): 1, (0, 2, 1): -1}, "linear", RATE),
        ({"name": "bcm", "memory": 1e-9}, 3, {(1, 1, 0): -1, (1, 2, 0): 1}, "rectified", RATE / 5),
    ],
)
def test_names_the_rule_that_trained_a_layer(trained, rule, units, terms, activation, rate):
    found, held = fitted(*trained(rule, units, rate=rate), activation=activation, rate=rate)
    assert dict(zip(found.terms_, found.coef_.values.round(2), strict=True)) == terms
    assert held.r2_weight_changes > 0.999


def test_a_layer_trained_by_backprop_follows_no_local_rule(trained):
    with pytest.warns(UserWarning, match="or no rule of this order does"):
        _, held = fitted(*trained("backprop", 3))
    assert held.r2_weight_changes < 0.1
    assert held.deviance_explained < 10
