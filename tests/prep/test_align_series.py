"""A continuous series read off in each trial: a straight line between samples, nothing beyond them."""

import json

import numpy as np
import pytest
import xarray as xr
from scipy.interpolate import interp1d

import neurofit as nf
from neurofit.errors import RecordingError, SchemaError, UnknownNameError
from neurofit.prep._interpolate import interpolate

TRIALS = {
    "start_time": [0.0, 1.0, 2.0, 3.0],
    "stop_time": [1.0, 2.0, 3.0, 4.0],
    "stimulus_id": ["left", "right", "left", "right"],
}


def session(time, data, *, dims=("sample",), trials=None, **coords):
    made = nf.io.from_arrays(spikes=[[0.1]], trials=TRIALS | (trials or {}))
    series = xr.Dataset(
        {"data": (dims, np.asarray(data), {"units": "cm", "long_name": "wheel"})},
        {"time": ("sample", np.asarray(time, float)), **coords},
    )
    made["continuous/wheel"] = xr.DataTree(series)
    return made


def line(time, **options):
    """A series whose value is its time, so that any reading can be checked by hand."""
    return session(time, time, **options)


def test_the_kernel_agrees_with_numpy_and_scipy():
    rng = np.random.default_rng(0)
    time = np.cumsum(rng.uniform(0.9, 1.1, 200))
    values = rng.normal(size=(200, 3))
    wanted = rng.uniform(time[0] - 5, time[-1] + 5, (10, 40))
    found = interpolate(time, values, wanted)
    np.testing.assert_allclose(found, interp1d(time, values, axis=0, bounds_error=False)(wanted), rtol=1e-9)
    for column in range(3):
        theirs = np.interp(wanted, time, values[:, column], left=np.nan, right=np.nan)
        np.testing.assert_allclose(found[..., column], theirs, rtol=1e-9)


def test_on_a_sample_it_is_that_sample_whatever_its_neighbours_are():
    time = np.array([0.0, 1.0, 2.0, 3.0])
    values = np.array([[1.0], [np.nan], [3.0], [4.0]])
    found = interpolate(time, values, time[np.newaxis])
    np.testing.assert_array_equal(found[0], values)


def test_no_samples_or_one_say_little():
    wanted = np.array([[0.0, 1.0]])
    assert np.isnan(interpolate(np.empty(0), np.empty((0, 2)), wanted)).all()
    np.testing.assert_array_equal(
        interpolate(np.array([1.0]), np.array([[7.0]]), wanted)[0, :, 0], [np.nan, 7.0]
    )


def test_readings_lie_on_the_line_between_samples():
    given = line(np.arange(0, 5, 0.1))
    made = nf.prep.align_series(given, "wheel", window=(-0.05, 0.15), step=0.05)
    assert made.dims == ("trial", "time")
    np.testing.assert_allclose(made["time"], [-0.05, 0.0, 0.05, 0.1])
    np.testing.assert_allclose(made[1:], made["start_time"][1:] + made["time"], atol=1e-12)
    assert np.isnan(made[0]).values.tolist() == [True, False, False, False]
    assert made["stimulus_id"].values.tolist() == TRIALS["stimulus_id"]
    assert made.name == "wheel"
    assert made.attrs["units"] == "cm"
    assert made.attrs["long_name"] == "wheel"
    assert made.attrs["step"] == 0.05
    assert [step["step"] for step in nf.provenance.history(made)] == ["io.from_arrays", "prep.align_series"]


def test_the_window_has_the_times_that_bins_of_counts_have():
    given = line(np.arange(0, 5, 0.1))
    made = nf.prep.align_series(given, "wheel", window=(0.0, 1.0), step=0.1)
    counts = nf.prep.responses(given, window=(0.0, 1.0), bin=0.1)
    np.testing.assert_array_equal(made["time"], counts["time"])
    for coord in ("trial_id", "stimulus_id", "start_time"):
        np.testing.assert_array_equal(made[coord], counts[coord])
    assert made.attrs["left_out"] == counts.attrs["left_out"]


def test_nothing_is_made_up_beyond_the_series_or_in_its_gaps():
    time = np.delete(np.arange(0, 3.05, 0.1), [13, 14])  # None between 1.2 and 1.5 s.
    made = nf.prep.align_series(line(time), "wheel", window=(0.0, 1.0), step=0.05)
    seconds = (made["start_time"] + made["time"]).values
    in_gap = (seconds > 1.2 + 1e-9) & (seconds < 1.5 - 1e-9)
    np.testing.assert_array_equal(np.isnan(made), in_gap | (seconds > 3.0 + 1e-9))
    np.testing.assert_allclose(made.values[~np.isnan(made)], seconds[~np.isnan(made)], atol=1e-9)


def test_rounded_times_do_not_lose_the_last_sample():
    time = np.cumsum(np.full(8, 0.1))
    assert time[-1] < 0.8
    made = nf.prep.align_series(line(time), "wheel", window=(0.1, 0.9), step=0.1)
    np.testing.assert_allclose(made[0], made["time"], atol=1e-12)


def test_times_and_data_are_sorted_together():
    time = np.arange(0, 5, 0.1)
    order = np.random.default_rng(0).permutation(time.size)
    shuffled = nf.prep.align_series(line(time[order]), "wheel", step=0.05)
    np.testing.assert_array_equal(shuffled, nf.prep.align_series(line(time), "wheel", step=0.05))


def test_a_sample_without_a_time_leaves_a_gap():
    time = np.arange(0, 5, 0.1)
    data = time.copy()
    time[12] = np.nan
    made = nf.prep.align_series(session(time, data), "wheel", window=(0.0, 0.5), step=0.05)
    assert np.flatnonzero(np.isnan(made[1])).tolist() == [3, 4, 5]


def test_trials_that_cannot_be_used_are_told_as_for_counts():
    odd = {"stop_time": [1.0, 0.5, 3.0, 4.0], "stimulus_id": ["left", "right", "", "right"]}
    odd["cue_time"] = [0.5, 1.5, 2.5, np.nan]
    given = line(np.arange(0, 5, 0.1), trials=odd)
    made = nf.prep.align_series(given, "wheel", align="cue_time", window=(0.0, 0.2), step=0.1)
    np.testing.assert_allclose(made, [[0.5, 0.6]])
    assert made.attrs["left_out"] == nf.prep.responses(given, align="cue_time").attrs["left_out"]
    assert {entry["issue"] for entry in json.loads(made.attrs["left_out"])} == {
        "reversed",
        "no stimulus",
        "no cue_time",
    }


def test_channels_and_components_stay_beside_one_another():
    time = np.arange(0, 5, 0.1)
    data = np.stack([time, -time], axis=1)
    coords = {"component": ("component", ["x", "y"])}
    made = nf.prep.align_series(session(time, data, dims=("sample", "component"), **coords), "wheel")
    assert made.dims == ("trial", "time", "component")
    np.testing.assert_array_equal(made.sel(component="x"), -made.sel(component="y"))


def calcium(seed=0):
    """Traces of 30 cells at 20 Hz whose geometry is that of a known pattern for each of five stimuli."""
    rng = np.random.default_rng(seed)
    pattern = rng.normal(size=(5, 30))
    shown = np.tile(np.arange(5), 8)
    time = np.arange(0, 40, 0.05)
    traces = pattern[shown[time.astype(int)]] + 0.1 * rng.normal(size=(time.size, 30))
    trials = {
        "start_time": np.arange(40.0),
        "stop_time": np.arange(1.0, 41),
        "stimulus_id": shown.astype(str),
    }
    coords = {"unit_id": ("unit", np.arange(30)), "area": ("unit", np.repeat(["V1", "LM"], 15))}
    made = nf.io.from_arrays(spikes=[[0.1]], trials=trials)
    series = xr.Dataset(
        {"data": (("sample", "unit"), traces, {"units": "1", "long_name": "dF/F"})},
        {"time": ("sample", time), **coords},
    )
    made["continuous/dff"] = xr.DataTree(series)
    return made, pattern


def test_calcium_goes_through_the_same_analyses_as_counts():
    made, pattern = calcium()
    responses = nf.prep.align_series(made, "dff", window=(0.1, 0.9), step=0.1)
    nf.schema.check(responses, "responses")
    assert responses["area"].values.tolist() == ["V1"] * 15 + ["LM"] * 15
    still = responses.mean("time", keep_attrs=True)
    brain = nf.rsa.rdm(nf.prep.average(still), measure="euclidean")
    names = {"stimulus_id": ("stimulus", [str(name) for name in range(5)])}
    truth = xr.DataArray(
        pattern, {**names, "unit_id": ("unit", np.arange(30))}, ("stimulus", "unit"), attrs={"units": "1"}
    )
    known = nf.rsa.rdm(truth, measure="euclidean")
    # Noise of 0.1 over 64 readings moves a mean of 30 squared differences near 2 by 0.01; this allows 0.04.
    np.testing.assert_allclose(brain, known, atol=0.04)
    assert nf.rsa.rdm(responses, measure="crossnobis").sizes["time"] == 8


def test_calcium_is_compared_with_models_area_by_area():
    made, pattern = calcium()
    responses = nf.prep.align_series(made, "dff", window=(0.1, 0.9), step=0.1).mean("time", keep_attrs=True)
    coords = {
        "stimulus_id": ("stimulus", [str(name) for name in range(5)]),
        "unit_id": ("unit", np.arange(30)),
        "area": ("unit", np.repeat(["early", "late"], 15)),
    }
    model = xr.DataArray(pattern, coords, ("stimulus", "unit"), attrs={"units": "1"})
    found = nf.compare.areas_to_layers(responses, {"right": model}, draws=5, rng=0, progress=False)
    best = found["similarity"].squeeze("model").idxmax("layer")
    assert dict(zip(found["area"].values, best.values, strict=True)) == {"V1": "early", "LM": "late"}


@pytest.mark.parametrize("ending", [".nc", ".zarr"])
def test_what_is_read_off_survives_saving(ending, tmp_path):
    made = nf.prep.align_series(calcium()[0], "dff", step=0.1)
    assert nf.io.load(nf.io.save(made, tmp_path / f"made{ending}")).identical(made)


def test_what_is_not_there_is_named():
    given = line(np.arange(0, 5, 0.1))
    with pytest.raises(UnknownNameError, match="Did you mean 'wheel'"):
        nf.prep.align_series(given, "wheels")
    with pytest.raises(UnknownNameError, match="column to align to"):
        nf.prep.align_series(given, "wheel", align="go")
    with pytest.raises(SchemaError, match="whole number"):
        nf.prep.align_series(given, "wheel", step=0.3)
    with pytest.raises(UnknownNameError, match="no continuous series called 'wheel'"):
        nf.prep.align_series(nf.io.from_arrays(spikes=[[0.1]], trials=TRIALS), "wheel")
    with pytest.raises(RecordingError, match="none of the 4 trials"):
        nf.prep.align_series(line([0.0, 1.0], trials={"stimulus_id": [""] * 4}), "wheel")
