"""What moves the answer: a table of alternatives; hidden synapses; power."""

import numpy as np
import pytest
import xarray as xr

from neurofit.errors import SchemaError
from neurofit.fields import (
    WeightField,
    closed_field,
    effective_jacobian,
    perturbed,
    power,
    sensitivity,
    walked,
)


def test_alternatives_of_a_trajectory_are_told_apart():
    field = closed_field("potential_and_rotation", synapses=4, decay=0.3, rotation=1.0)
    made = walked(field, sessions=800, interval=0.2, noise=0.7, measurement_noise=0.3, rng=0)
    found = sensitivity(
        WeightField.from_trajectory(made.weights, made.times), rng=0, workers=1, progress=False
    )
    assert {"as given", "metric", "interval", "instrument", "noise"} <= set(found.kind.values)
    share = found.gradient_share
    assert share.sel(alternative="instrument none") > share.sel(alternative="as given") + 0.1
    assert "one sign" in found.reason.sel(alternative="metric log").item()


def test_alternatives_of_trials_keep_reciprocity_over_subsets():
    field = closed_field("linear", synapses=40, gradient_share=0.8, rng=0)
    made = perturbed(field, trials=400, snr=10.0, rng=1)
    found = sensitivity(
        WeightField.from_trials(made.w0, made.delta, made.dw),
        shares=(0.25,),
        rng=0,
        workers=1,
        progress=False,
    )
    few = found.isel(alternative=(found.kind == "synapses").values)
    assert few.sizes["alternative"] == 3
    given = found.sel(alternative="as given")
    assert (few.gradient_share > given.gradient_share).all()
    np.testing.assert_allclose(few.reciprocity, given.reciprocity, atol=0.25)


def test_sensitivity_takes_one_field():
    made = perturbed(closed_field("rotation", synapses=4), trials=50, rng=1)
    many = xr.concat([made, made], "session_id")
    with pytest.raises(SchemaError, match="takes one field"):
        sensitivity(WeightField.from_trials(many.w0, many.delta, many.dw))


def test_regression_on_a_part_of_the_synapses_shows_the_effective_jacobian():
    field = closed_field("linear", synapses=6, gradient_share=0.6, rng=0)
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(6, 6))
    w = rng.normal(size=(200_000, 6)) @ mixing.T
    seen = np.arange(6) < 3
    both = ("synapse", "synapse_b")
    shown = effective_jacobian(
        xr.DataArray(field.matrix, dims=both),
        xr.DataArray(mixing @ mixing.T, dims=both),
        recorded=xr.DataArray(seen, dims="synapse"),
    )
    fitted = np.linalg.lstsq(w[:, seen], field(w)[:, seen], rcond=None)[0].T
    np.testing.assert_allclose(shown, fitted, atol=0.05)
    assert np.abs(shown.values - field.matrix[:3, :3]).max() > 0.3


def test_power_rises_with_trials_and_false_positives_do_not():
    found = power(synapses=30, trials=(10, 40, 160), draws=40, rng=0, workers=1, progress=False)
    assert found.power.values[0] < 0.6
    assert found.power.values[-1] > 0.95
    assert (found.false_positives < 0.2).all()
    assert (np.diff(found.error) < 0).all()
    assert found.needed == 40


def test_wrong_power_is_told():
    with pytest.raises(SchemaError, match="gradient_share"):
        power(synapses=30, gradient_share=1.5)
