"""Means of continuous series in bins, against integration of the straight lines between samples."""

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

import neurofit as nf
from neurofit.prep._interpolate import bin_means, interpolate


def session(time, values):
    trials = {"start_time": [0.0, 1.0], "stop_time": [1.0, 2.0], "stimulus_id": ["a", "b"]}
    made = nf.io.from_arrays(spikes=[[0.1]], trials=trials)
    dims = ("sample", "unit")[: np.ndim(values)]
    data = xr.Dataset({"data": (dims, values, {"units": "1"})}, {"time": ("sample", time)})
    if len(dims) == 2:
        data = data.assign_coords(unit_id=("unit", np.arange(np.shape(values)[1])))
    made["continuous/traces"] = xr.DataTree(data)
    return made


def test_the_mean_of_a_straight_line_is_its_middle():
    time = np.linspace(0, 3, 31)
    found = nf.prep.responses(session(time, 2 * time), series="traces", window=(0, 1), bin=0.25)
    np.testing.assert_allclose(found.values, [[0.25, 0.75, 1.25, 1.75], [2.25, 2.75, 3.25, 3.75]])
    assert found.dims == ("trial", "time")
    assert found.time.values.tolist() == [0, 0.25, 0.5, 0.75]


@given(st.integers(0, 2**32 - 1), st.floats(0.003, 0.7))
@settings(max_examples=40, deadline=None)
def test_the_mean_is_the_area_under_the_lines(seed, width):
    rng = np.random.default_rng(seed)
    time = np.cumsum(rng.uniform(0.09, 0.11, 50))
    values = rng.normal(size=(50, 2))
    edges = rng.uniform(0.2, 3) + width * np.arange(4)[np.newaxis]
    fine = (edges[0, 0] + width * (np.arange(3 * 20_000) + 0.5) / 20_000)[np.newaxis]
    expected = interpolate(time, values, fine).reshape(3, 20_000, 2).mean(axis=1)
    np.testing.assert_allclose(bin_means(time, values, edges)[0], expected, atol=1e-5)


def test_wide_bins_are_made_of_narrow_ones():
    rng = np.random.default_rng(0)
    time, values = np.arange(0, 3, 0.07), rng.normal(size=(43, 3))
    narrow, wide = (
        nf.prep.responses(session(time, values), series="traces", bin=bin) for bin in (0.05, 0.25)
    )
    np.testing.assert_allclose(narrow.values.reshape(2, 3, 4, 5).mean(axis=-1), wide)
    assert wide.dims == ("trial", "unit", "time")
    whole = nf.prep.responses(session(time, values), series="traces", bin=None)
    np.testing.assert_allclose(whole, wide.mean("time"))
    nf.schema.check(whole, "responses")


def test_nothing_is_made_up_where_there_are_no_samples():
    time = np.delete(np.linspace(0, 1.5, 16), [5, 6])  # A gap from .4 to .7 s, and an end at 1.5 s.
    found = nf.prep.responses(session(time, np.ones(14)), series="traces", window=(0, 1), bin=0.1)
    expected = np.ones((2, 10))
    expected[0, 4:7] = expected[1, 5:] = np.nan
    np.testing.assert_array_equal(np.isnan(found), np.isnan(expected))
    np.testing.assert_allclose(found.values[~np.isnan(expected)], 1)


def test_a_sample_that_is_nan_hides_the_bins_that_touch_its_lines():
    values = np.ones((31, 2))
    values[5, 0] = np.nan
    found = nf.prep.responses(session(np.linspace(0, 3, 31), values), series="traces", bin=0.1)
    assert np.flatnonzero(np.isnan(found.sel(unit=0)[0])).tolist() == [4, 5]
    assert not np.isnan(found.sel(unit=1)).any()


@pytest.mark.parametrize("samples", [0, 1])
def test_too_few_samples_have_no_mean(samples):
    time, values = np.zeros(samples), np.zeros((samples, 1))
    assert np.isnan(bin_means(time, values, np.array([[0.0, 1.0]]))).all()


def test_without_spikes_the_error_names_the_series():
    made = session(np.linspace(0, 3, 31), np.ones(31))
    del made["spikes"]
    with pytest.raises(nf.errors.RecordingError, match="series=: traces"):
        nf.prep.responses(made)
