"""A mean over repeats is a mean over repeats."""

import numpy as np
import pytest
import xarray as xr

import neurofit as nf
from neurofit.errors import SchemaError, UnknownNameError

IDS = ["b", "a", "b", "c", "b", "a"]


def responses(dtype=np.uint8, bins=4):
    values = np.random.default_rng(0).integers(0, 256, (len(IDS), 3, bins)).astype(dtype)
    coords = {
        "stimulus_id": ("trial", IDS),
        "category": ("trial", [{"a": "face", "b": "house", "c": "face"}[name] for name in IDS]),
        "contrast": ("trial", [1.0, np.nan, 1.0, 0.5, 1.0, np.nan]),
        "trial_id": ("trial", np.arange(6)),
        "area": ("unit", ["V1", "V1", "LM"]),
        "time": np.arange(bins) / 10,
    }
    attrs = {"units": "spikes", "long_name": "spike count"}
    return xr.DataArray(values, coords, ("trial", "unit", "time"), attrs=attrs)


def test_agrees_with_xarray():
    given = responses()
    made = nf.prep.average(given)
    by_xarray = given.astype(float).groupby("stimulus_id").mean().transpose("stimulus_id", ...)
    np.testing.assert_allclose(made.values, by_xarray.values, rtol=1e-14)
    assert made.dims == ("stimulus", "unit", "time")
    assert made["stimulus_id"].values.tolist() == ["a", "b", "c"]
    assert made["repeats"].values.tolist() == [2, 3, 1]
    nf.schema.check(made, "activations")


def test_small_integers_do_not_overflow():
    full = responses()
    full[:] = 255
    made = nf.prep.average(full)
    assert made.dtype == np.float64
    assert (made == 255).all()


def test_coords_are_kept_where_repeats_agree():
    made = nf.prep.average(responses())
    assert made["category"].values.tolist() == ["face", "house", "face"]
    np.testing.assert_array_equal(made["contrast"], [np.nan, 1.0, 0.5])
    assert "trial_id" not in made.coords
    assert made["area"].dims == ("unit",)
    assert made["time"].dims == ("time",)


def test_the_order_of_dims_and_trials_does_not_matter():
    given = responses()
    shuffled = given.isel(trial=[5, 0, 3, 1, 4, 2]).transpose("unit", "time", "trial")
    np.testing.assert_allclose(nf.prep.average(shuffled), nf.prep.average(given))


def test_repeats_may_be_told_by_another_coord():
    made = nf.prep.average(responses().isel(time=0, drop=True), by="category")
    assert made["category"].values.tolist() == ["face", "house"]
    assert made.dims == ("stimulus", "unit")
    assert "stimulus_id" not in made.coords


def test_says_what_it_is():
    made = nf.prep.average(responses())
    assert made.attrs["units"] == "spikes"
    assert made.attrs["long_name"] == "mean spike count over repeats"
    assert nf.provenance.history(made)[-1] == {"step": "prep.average", "by": "stimulus_id"}


def test_what_cannot_be_averaged():
    given = responses()
    with pytest.raises(UnknownNameError, match="Did you mean 'stimulus_id'"):
        nf.prep.average(given, by="stimulus")
    with pytest.raises(SchemaError, match="dim 'trial'"):
        nf.prep.average(nf.prep.average(given))
    with pytest.raises(SchemaError, match="1 trials have no stimulus_id"):
        nf.prep.average(given.assign_coords(stimulus_id=("trial", ["", *IDS[1:]])))
    with pytest.raises(SchemaError, match="no trials"):
        nf.prep.average(given.isel(trial=[]))
