import builtins
import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from neurofit import io
from neurofit.errors import MissingExtraError, SchemaError

nap = pytest.importorskip("pynapple")

SPIKES = [[0.1, 0.25, 2.5], [], [1.2, 2.6]]
UNITS = {"unit_id": [3, 7, 9], "area": ["V1", "LM", "V1"], "good": [True, False, True]}


def session(start=(0.0, 1.0, 2.0), stop=(0.5, 1.5, 3.0), *, spikes=SPIKES, units=UNITS, **columns):
    trials = {"start_time": list(start), "stop_time": list(stop), "stimulus_id": list("aba")[: len(start)]}
    return io.from_arrays(spikes=spikes, units=units, trials=trials | columns)


def with_series(values, coords, dims, time=(0.0, 0.5, 1.0)):
    series = xr.Dataset({"data": (dims, values)}, {"time": ("sample", list(time)), **coords})
    return xr.DataTree.from_dict({"/continuous/lfp": series})


def test_there_and_back_is_the_same_session():
    made = session(trial_id=[4, 5, 9])
    parts = io.to_pynapple(made)
    back = io.from_pynapple(parts["spikes"], trials=parts["trials"])
    assert back["spikes"].identical(made["spikes"])
    assert back["trials"].to_dataset().identical(made["trials"].to_dataset())


def test_counts_in_trials_are_those_of_pynapple():
    from neurofit import prep

    made = session(stop=(1.0, 2.0, 3.0))
    parts = io.to_pynapple(made)
    counts = prep.responses(made, bin=None)
    np.testing.assert_array_equal(parts["spikes"].count(ep=parts["trials"]).values, counts.values)


def test_units_keep_their_ids_and_what_is_known_of_them():
    units = io.to_pynapple(session(units=UNITS | {"unit_id": [7, 3, 9]}))["spikes"]
    assert list(units.index) == [3, 7, 9]  # pynapple sorts its keys.
    assert units.metadata["area"].to_dict() == {7: "V1", 3: "LM", 9: "V1"}
    np.testing.assert_array_equal(units[7].t, SPIKES[0])
    assert len(units[3]) == 0


def test_ids_that_come_twice_are_numbered_and_kept_beside():
    units = io.to_pynapple(session(units={"unit_id": [7, 7, 9]}))["spikes"]
    assert list(units.index) == [0, 1, 2]
    assert units.metadata["unit_id"].tolist() == [7, 7, 9]


def test_no_spike_is_lost_but_those_without_a_time_which_are_told():
    with pytest.warns(UserWarning, match="2 spikes without a time are left out, of units: 0, 2"):
        units = io.to_pynapple(session(spikes=[[np.nan, 2.0, 0.1], [], [np.inf]]))["spikes"]
    np.testing.assert_array_equal(units[3].t, [0.1, 2.0])
    silent = io.to_pynapple(session(spikes=[[], [], []]))["spikes"]
    assert [len(silent[key]) for key in silent.index] == [0, 0, 0]


@pytest.mark.parametrize(
    ("start", "stop", "rows"),
    [
        ((0.0, 1.0, 1.5), (0.5, 2.0, 3.0), "2"),
        ((0.0, 1.0, 2.0), (9.0, 1.5, 3.0), "1, 2"),
        ((2.0, 1.0, 3.0), (2.5, 1.5, 4.0), "1"),
        ((0.0, 1.0, 2.0), (0.5, 1.0, 3.0), "1"),
        ((0.0, np.nan, 2.0), (0.5, 1.5, 3.0), "1"),
        ((0.0, 1.0, 2.0), (0.5, np.nan, 1.5), "1, 2"),
    ],
)
def test_rows_that_pynapple_would_lose_are_all_kept_and_told(start, stop, rows):
    made = session(start, stop)
    with pytest.warns(UserWarning, match=f"^intervals/trials would lose rows {rows} as an IntervalSet"):
        table = io.to_pynapple(made)["trials"]
    assert isinstance(table, pd.DataFrame)
    pd.testing.assert_series_equal(table["start_time"], pd.Series(start, name="start_time"))
    back = io.from_pynapple(io.to_pynapple(session())["spikes"], trials=table)
    assert back["trials"].to_dataset().identical(made["trials"].to_dataset())


def test_no_warning_and_no_loss_for_any_table_that_is_given_as_intervals():
    rng = np.random.default_rng(0)
    for _ in range(50):
        edges = np.sort(np.round(rng.uniform(0, 10, 8), rng.integers(1, 4)))
        start, stop = edges[::2], edges[1::2]
        trials = {"start_time": start, "stop_time": stop}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            table = io.to_pynapple(io.from_arrays(spikes=[[0.1]], trials=trials))["trials"]
        if isinstance(table, pd.DataFrame):
            assert (np.diff(np.stack([start, stop], 1).ravel()[:], prepend=-1)[1::2] <= 2e-6).any()
            continue
        np.testing.assert_allclose(table.start, start, atol=2e-6)
        np.testing.assert_allclose(table.end, stop, atol=2e-6)
        np.testing.assert_array_equal(table.metadata["stop_time"], stop)


def test_touching_trials_keep_their_exact_times():
    made = session((0.0, 1.0, 2.0), (1.0, 2.0, 3.0))
    trials = io.to_pynapple(made)["trials"]
    assert isinstance(trials, nap.IntervalSet)
    back = io.from_pynapple(io.to_pynapple(made)["spikes"], trials=trials)
    assert back["trials"]["stop_time"].values.tolist() == [1.0, 2.0, 3.0]


def test_every_table_of_a_file_comes(write):
    def add(nwb):
        nwb.add_epoch(0.0, 5.0, tags=["all"])

    parts = io.to_pynapple(io.open_nwb(write(add)))
    assert {"spikes", "trials", "intervals/trials", "intervals/epochs"} <= set(parts)
    assert parts["trials"].metadata["image"].tolist() == ["cat.png", "dog.png", "cat.png"]


@pytest.mark.parametrize(
    ("values", "coords", "dims", "kind"),
    [
        (np.arange(3.0), {}, ("sample",), "Tsd"),
        (np.arange(6.0).reshape(3, 2), {"unit_id": ("unit", [5, 4])}, ("sample", "unit"), "TsdFrame"),
        (np.arange(6.0).reshape(2, 3).T, {"channel_id": ("c", ["a", "b"])}, ("sample", "c"), "TsdFrame"),
        (np.ones((3, 2, 2)), {}, ("sample", "y", "x"), "TsdTensor"),
    ],
)
def test_continuous_series_by_their_dims(values, coords, dims, kind):
    made = io.to_pynapple(with_series(values, coords, dims))["continuous/lfp"]
    assert type(made) is getattr(nap, kind)
    np.testing.assert_array_equal(made.values, values)
    np.testing.assert_array_equal(made.t, [0.0, 0.5, 1.0])
    if "unit_id" in coords:
        assert made.columns.tolist() == [5, 4]


def test_times_and_data_are_sorted_together():
    made = with_series(np.array([2.0, 0.0, 9.0, 1.0]), {}, ("sample",), time=(0.2, 0.0, np.nan, 0.1))
    with pytest.warns(UserWarning, match="continuous/lfp: samples without a time are left out: 2"):
        series = io.to_pynapple(made)["continuous/lfp"]
    np.testing.assert_array_equal(series.values, [0.0, 1.0, 2.0])
    np.testing.assert_array_equal(series.t, [0.0, 0.1, 0.2])


def test_an_interval_set_of_ones_own_becomes_trials():
    units = nap.TsGroup({2: nap.Ts([0.1, 0.5]), 5: nap.Ts([0.2, 0.3])}, metadata={"location": ["CA1", "V1"]})
    own = nap.IntervalSet([0.0, 1.0], [0.5, 1.5], metadata={"stimulus_id": ["x", "y"]})
    made = io.from_pynapple(units, trials=own, about={"session_id": "S1"})
    assert made["spikes"]["unit_id"].values.tolist() == [2, 5]
    assert made["spikes"]["area"].values.tolist() == ["CA1", "V1"]
    assert made["trials"]["stimulus_id"].values.tolist() == ["x", "y"]
    assert made["trials"]["stop_time"].values.tolist() == [0.5, 1.5]
    assert made.attrs["session_id"] == "S1"
    with pytest.raises(SchemaError, match="must be a pynapple.TsGroup, not a dict"):
        io.from_pynapple({})


def test_without_pynapple_the_extra_is_named(monkeypatch):
    find = builtins.__import__

    def lost(name, *args, **kwargs):
        if name == "pynapple":
            raise ImportError
        return find(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", lost)
    with pytest.raises(MissingExtraError, match=r"neurofit\[pynapple\]"):
        io.to_pynapple(session())
