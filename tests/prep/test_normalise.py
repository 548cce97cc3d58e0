"""Rates count per second; z-scores ignore gain and offset; a baseline is what it is subtracted from."""

import json

import numpy as np
import pytest
import scipy.stats
import xarray as xr

import neurofit as nf
from neurofit.errors import SchemaError

TIMES = np.arange(-3, 5) / 10


def counts(dtype=np.uint8):
    values = np.random.default_rng(0).integers(0, 256, (12, 3, len(TIMES))).astype(dtype)
    coords = {
        "stimulus_id": ("trial", list("abcd") * 3),
        "unit_id": ("unit", [7, 8, 9]),
        "time": ("time", TIMES),
    }
    attrs = {"units": "spikes", "long_name": "spike count", "bin": 0.1, "left_out": "[]"}
    return xr.DataArray(values, coords, ("trial", "unit", "time"), name="responses", attrs=attrs)


FUNCTIONS = [
    pytest.param(nf.prep.rates, id="rates"),
    pytest.param(nf.prep.zscore, id="zscore"),
    pytest.param(lambda given: nf.prep.zscore(given, baseline=(-0.3, 0.0)), id="zscore of a baseline"),
    pytest.param(lambda given: nf.prep.subtract_baseline(given, window=(-0.3, 0.0)), id="baseline"),
]


@pytest.mark.parametrize("function", FUNCTIONS)
def test_small_integers_do_not_wrap_around_and_inputs_stay_as_they_are(function):
    given = counts()
    before = given.copy(deep=True)
    made = function(given)
    assert made.dtype == np.float64
    xr.testing.assert_equal(made, function(counts(float)))
    assert given.identical(before)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_the_order_of_dims_does_not_matter(function):
    turned = counts().transpose("time", "unit", "trial")
    made = function(turned)
    assert made.dims == turned.dims
    xr.testing.assert_allclose(made.transpose("trial", "unit", "time"), function(counts()))


@pytest.mark.parametrize("function", FUNCTIONS)
@pytest.mark.parametrize("ending", [".nc", ".zarr"])
def test_says_what_it_is_and_survives_saving(function, ending, tmp_path):
    made = function(counts())
    assert made.attrs["units"]
    assert made.attrs["long_name"]
    assert made.attrs["left_out"] == "[]"
    assert json.loads(made.attrs["history"])[-1]["step"].startswith("prep.")
    nf.schema.check(made, "responses")
    assert nf.io.load(nf.io.save(made, tmp_path / f"made{ending}")).identical(made)


def test_a_rate_does_not_depend_on_the_bin():
    spikes = [np.sort(np.random.default_rng(1).uniform(0, 10, 500))]
    trials = {"start_time": range(10), "stop_time": range(1, 11), "stimulus_id": list("ab") * 5}
    session = nf.io.from_arrays(spikes=spikes, trials=trials)
    means = [nf.prep.rates(nf.prep.responses(session, bin=width)).mean() for width in (0.01, 0.1, None)]
    np.testing.assert_allclose(means, 50.0)


def test_the_rate_of_an_average_is_the_average_of_rates():
    averaged_first = nf.prep.rates(nf.prep.average(counts()))
    xr.testing.assert_allclose(averaged_first, nf.prep.average(nf.prep.rates(counts())))
    assert averaged_first.attrs["units"] == "Hz"


@pytest.mark.parametrize(
    ("attrs", "told"),
    [
        ({"units": "Hz", "bin": 0.1}, "units are 'Hz'"),
        ({"units": "spikes"}, "'bin' is missing"),
        ({"units": "spikes", "bin": 0.0}, "'bin' is 0.0"),
        ({}, "units are None.*'bin' is missing"),
    ],
)
def test_only_counts_have_rates(attrs, told):
    given = counts()
    given.attrs = attrs
    with pytest.raises(SchemaError, match=told):
        nf.prep.rates(given)


def test_z_scores_agree_with_scipy():
    flat = counts().isel(time=0, drop=True)
    np.testing.assert_allclose(nf.prep.zscore(flat), scipy.stats.zscore(flat.values.astype(float)))
    np.testing.assert_allclose(
        nf.prep.zscore(counts(), dim="time"), scipy.stats.zscore(counts().values.astype(float), axis=2)
    )


def test_z_scores_have_mean_0_and_sd_1_over_trials_and_time():
    made = nf.prep.zscore(counts())
    np.testing.assert_allclose(made.mean(["trial", "time"]), 0, atol=1e-12)
    np.testing.assert_allclose(made.std(["trial", "time"]), 1)


@pytest.mark.parametrize("baseline", [None, (-0.3, 0.0)])
def test_z_scores_ignore_gain_and_offset(baseline):
    rng = np.random.default_rng(2)
    gain, offset = (xr.DataArray(rng.uniform(1, 9, 3), dims="unit") for _ in range(2))
    given = counts(float)
    made = nf.prep.zscore(given, baseline=baseline)
    xr.testing.assert_allclose(nf.prep.zscore(given * gain + offset, baseline=baseline), made)


def test_a_baseline_alone_sets_mean_and_sd():
    made = nf.prep.zscore(counts(), baseline=(-0.3, 0.0))
    before = made.isel(time=slice(0, 3))
    np.testing.assert_allclose(before.mean(["trial", "time"]), 0, atol=1e-12)
    np.testing.assert_allclose(before.std(["trial", "time"]), 1)
    changed = counts(float)
    changed[..., 3:] += 1000
    xr.testing.assert_allclose(nf.prep.zscore(changed, baseline=(-0.3, 0.0)).isel(time=slice(0, 3)), before)


def test_a_unit_that_does_not_vary_is_nan_and_named():
    given = counts(float)
    given[:, 1] = 0.1  # The mean of many 0.1 is not 0.1, so their sd is not zero.
    with pytest.warns(UserWarning, match="in 1 units: 8") as told:
        made = nf.prep.zscore(given)
    assert told[0].filename == __file__
    assert np.isnan(made[:, 1]).all()
    assert np.isfinite(made[:, [0, 2]]).all()


def test_what_is_nan_stays_so_and_does_not_touch_the_rest():
    given = counts(float)
    given[3] = np.nan
    made = nf.prep.zscore(given)
    assert np.isnan(made[3]).all()
    others = [row for row in range(12) if row != 3]
    xr.testing.assert_allclose(made[others], nf.prep.zscore(given[others]))


def test_averages_are_z_scored_over_stimuli():
    made = nf.prep.zscore(nf.prep.average(counts()), dim="stimulus")
    np.testing.assert_allclose(made.mean(["stimulus", "time"]), 0, atol=1e-12)


def test_units_are_not_z_scored_over_units():
    with pytest.raises(SchemaError, match="each unit"):
        nf.prep.zscore(counts(), dim="unit")
    with pytest.raises(SchemaError, match="missing dim 'stimulus'"):
        nf.prep.zscore(counts(), dim="stimulus")


def test_a_baseline_is_that_of_each_trial_and_unit():
    drift = xr.DataArray(np.arange(12.0) * 100, dims="trial")
    made = nf.prep.subtract_baseline(counts(float), window=(-0.3, 0.0))
    np.testing.assert_allclose(made.isel(time=slice(0, 3)).mean("time"), 0, atol=1e-12)
    xr.testing.assert_allclose(nf.prep.subtract_baseline(counts() + drift, window=(-0.3, 0.0)), made)
    assert made.attrs["units"] == "spikes"


def test_a_baseline_is_half_open_whatever_rounding_makes_of_zero():
    given = counts(float).assign_coords(time=np.arange(-0.7, 0.05, 0.1))
    assert -1e-15 < given["time"].values[7] < 0
    given[..., 7] = 1e6
    made = nf.prep.subtract_baseline(given, window=(-0.7, 0.0))
    np.testing.assert_allclose(made.isel(time=slice(0, 7)).mean("time"), 0, atol=1e-12)


@pytest.mark.parametrize("window", [(5.0, 6.0), (0.0, 0.0), (0.2, 0.1), (np.nan, 1.0)])
def test_a_baseline_without_bins_is_refused(window):
    with pytest.raises(SchemaError, match="no bin begins"):
        nf.prep.subtract_baseline(counts(), window=window)


def test_a_baseline_needs_time():
    with pytest.raises(SchemaError, match="missing dim 'time'"):
        nf.prep.subtract_baseline(counts().isel(time=0, drop=True), window=(-0.3, 0.0))
    with pytest.raises(SchemaError, match="no coord"):
        nf.prep.zscore(counts().drop_vars("time"), baseline=(-0.3, 0.0))
