import numpy as np
import pytest

from neurofit.errors import SchemaError
from neurofit.plasticity.taylor import plastic_trajectories

OJA = {(1, 1, 0): 1.0, (0, 2, 1): -1.0}


def test_oja_follows_its_own_equation():
    data = plastic_trajectories(OJA, units=(4, 3), steps=10, trajectories=2, learning_rate=0.1, rng=0)
    for inputs, first, activity, weights in zip(
        data.inputs.values, data.first_weights.values, data.activity.values, data.weights.values, strict=True
    ):
        w = first.copy()
        for step, x in enumerate(inputs):
            y = w @ x
            np.testing.assert_allclose(activity[step], y)
            np.testing.assert_allclose(weights[step], w)
            w = w + 0.1 * (np.outer(y, x) - y[:, None] ** 2 * w)


def test_oja_brings_weights_to_length_one():
    data = plastic_trajectories(OJA, units=(5, 3), steps=3000, trajectories=1, learning_rate=0.01, rng=0)
    length = np.sqrt((data.weights**2).sum("pre")).isel(step=slice(-500, None)).mean("step")
    np.testing.assert_allclose(length, 1, atol=0.05)


def test_noise_is_in_sd_of_what_is_observed():
    clean, noisy = (plastic_trajectories(OJA, noise=noise, rng=0) for noise in (0.0, 2.0))
    for name in ("activity", "weights"):
        assert float((noisy[name] - clean[name]).std() / clean[name].std()) == pytest.approx(2, rel=0.03)


def test_unrecorded_units_are_nan_everywhere():
    data = plastic_trajectories(OJA, recorded=0.25, rng=0)
    assert int(data.recorded.sum()) == 5
    for name in ("activity", "weights"):
        assert (data[name].notnull() == data.recorded).all()


@pytest.mark.parametrize("term", [(1, 1), (1, -1, 0), (1, 1, 0, 0, 0)])
def test_what_is_no_term_is_refused(term):
    with pytest.raises(SchemaError, match="its powers"):
        plastic_trajectories({term: 1.0})
