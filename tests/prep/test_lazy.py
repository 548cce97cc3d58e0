"""Lazy responses are the responses, read when and where they are asked for."""

import os
import pickle
import shutil
import zlib
from functools import cache

import h5py
import numpy as np
import pytest
import xarray as xr

import neurofit as nf
from neurofit.errors import RecordingError, UnknownNameError
from neurofit.prep import _average, _counting, _lazy
from neurofit.prep._counting import Counting

OPTIONS = {"align": "start_time", "window": (-0.1, 0.4), "bin": 0.05}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return nf.simulate.nwb(tmp_path_factory.mktemp("whole") / "whole.nwb", units=9, trials=40, rng=0)


@pytest.fixture(scope="module")
def gaps(tmp_path_factory):
    """Units that were not always observed."""
    path = tmp_path_factory.mktemp("gaps") / "gaps.nwb"
    return nf.simulate.nwb(path, units=9, trials=40, quirks=["unobserved"], rng=0)


@pytest.fixture(params=["whole", "gaps"])
def path(request):
    return request.getfixturevalue(request.param)


def lazily(path, **options):
    return xr.open_dataset(path, engine="nwb", **OPTIONS, **options)["responses"]


@cache
def eagerly(path, **options):
    session = nf.io.open_nwb(path, continuous=False)
    return nf.prep.responses(session, **(OPTIONS | options))


@pytest.fixture
def reads(monkeypatch):
    """Which units were counted, each time."""
    seen = []
    counted = Counting._blocks

    def noting(self, units, function):
        seen.append((units.tolist(), len(self.onset)))
        return counted(self, units, function)

    monkeypatch.setattr(Counting, "_blocks", noting)
    return seen


def same(a, b):
    xr.testing.assert_identical(a.drop_attrs(), b.drop_attrs())
    told = {"ingest_report"}  # What is wrong with values is told where they are read.
    assert {**a.attrs, **dict.fromkeys(told)} == {**b.attrs, **dict.fromkeys(told)}


def test_the_masked_file_is_masked(gaps, whole):
    assert eagerly(gaps).isnull().any()
    assert eagerly(whole).dtype == np.uint8


def test_lazy_and_eager_are_identical(path, reads):
    made = lazily(path)
    assert reads == []
    assert made.dtype == {"whole": np.uint16, "gaps": np.float32}[path.stem]
    same(made.load(), eagerly(path))
    if path.stem == "whole":
        xr.testing.assert_identical(made, eagerly(path))


def test_without_bins(path):
    made = xr.open_dataset(path, engine="nwb", window=(0.0, 0.5), bin=None)["responses"]
    assert made.dims == ("trial", "unit")
    np.testing.assert_array_equal(made, eagerly(path, window=(0.0, 0.5), bin=None))


PARTS = {
    "units": {"unit": [7, 2, 2, 3]},
    "one unit": {"unit": 4},
    "trials": {"trial": slice(5, 30, 3)},
    "backwards": {"trial": slice(None, None, -1), "unit": slice(6, 1, -2)},
    "bins": {"time": [4, 1]},
    "one bin": {"time": -1},
    "all": {"trial": [3, 1, 20], "unit": slice(2, 8), "time": slice(2, 9, 2)},
    "nothing": {"unit": []},
}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_parts_are_those_of_the_whole(path, part):
    made, whole = lazily(path), eagerly(path)
    same(made.isel(part).load(), whole.isel(part))
    twice = made.isel(unit=slice(1, None)).isel({"trial": [0, 3]} | part)
    same(twice.load(), whole.isel(unit=slice(1, None)).isel({"trial": [0, 3]} | part))


def test_only_units_and_trials_that_are_asked_for_are_counted(whole, reads):
    made = lazily(whole)
    made.isel(unit=[1, 5], trial=slice(4)).load()
    assert reads == [([1, 5], 4)]


@pytest.mark.parametrize(
    "part", [part for name, part in PARTS.items() if name not in ("backwards",)], ids=str
)
def test_the_fused_average_is_that_of_the_loaded(path, part, monkeypatch):
    lazy, loaded = lazily(path).isel(part), eagerly(path).isel(part)
    monkeypatch.setattr(Counting, "counts", None)  # Never a tensor of trials.
    fused = nf.prep.average(lazy, by="stimulus_id")
    monkeypatch.undo()
    same(fused, nf.prep.average(loaded, by="stimulus_id"))


def test_an_average_of_something_in_between_is_right_too(path):
    expected = nf.prep.average(eagerly(path))
    np.testing.assert_array_equal(
        nf.prep.average(lazily(path).transpose()).transpose(*expected.dims), expected
    )
    doubled = nf.prep.average(lazily(path) * 2)
    np.testing.assert_allclose(doubled, expected * 2, rtol=1e-15)


def test_a_session_may_be_lazy_too(path, reads):
    session = xr.open_datatree(path, engine="nwb")
    made = nf.prep.responses(session, **OPTIONS)
    assert reads == []
    assert nf.prep._lazy.behind(made.variable, _lazy.LazyCounts)
    expected = eagerly(path)
    reads.clear()
    np.testing.assert_array_equal(made.values, made.values)
    assert len(reads) == 1  # What was read is kept.
    same(made, expected)
    whole = nf.io.open_nwb(path, continuous=False)
    assert session["spikes"].identical(whole["spikes"])
    assert set(session.children) == set(whole.children)
    np.testing.assert_array_equal(
        xr.open_datatree(path, engine="nwb")["spikes"]["spike_time"][10:30:7],
        whole["spikes"]["spike_time"][10:30:7],
    )


def test_a_session_whose_spikes_were_read_or_cut_is_counted_from_memory(whole):
    session = xr.open_datatree(whole, engine="nwb")
    session["spikes"].load()
    same(nf.prep.responses(session, **OPTIONS), eagerly(whole))


def test_outlives_pickling_and_the_folder(path, tmp_path, monkeypatch):
    monkeypatch.chdir(path.parent)
    made = pickle.loads(pickle.dumps(xr.open_dataset(path.name, engine="nwb", **OPTIONS)))
    monkeypatch.chdir(tmp_path)
    same(made["responses"].load(), eagerly(path))
    with h5py.File(path, "r+"):  # Nothing holds the file open.
        pass


def test_chunks(path, reads, monkeypatch):
    chunked = lazily(path, chunks={"unit": 4})
    assert chunked.chunksizes["unit"] == (4, 4, 1)
    expected = nf.prep.average(eagerly(path))
    reads.clear()
    held = []
    means = _average.observed_means
    monkeypatch.setattr(
        _average, "observed_means", lambda *given: held.append(given[0].shape[1]) or means(*given)
    )
    same(nf.prep.average(chunked), expected)
    assert held == [4, 4, 1]
    assert sorted(units for units, _ in reads) == [[0, 1, 2, 3], [4, 5, 6, 7], [8]]
    same(chunked.compute(), eagerly(path))


def test_works_in_other_processes(gaps):
    from distributed import Client, LocalCluster

    with LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster, Client(cluster):
        same(lazily(gaps, chunks={"unit": 3}).compute(), eagerly(gaps))


def test_a_file_that_changed_is_not_read(tmp_path):
    path = nf.simulate.nwb(tmp_path / "made.nwb", units=3, trials=4, rng=0)
    made, session = lazily(path), xr.open_datatree(path, engine="nwb")
    os.utime(path, ns=(0, 0))
    for read in (made.load, lambda: nf.prep.average(made), session["spikes"]["spike_time"].load):
        with pytest.raises(RecordingError, match="has changed since it was opened; open it again"):
            read()


STORED = {
    "gzip": {"chunks": (64,), "compression": "gzip"},
    "gzip in one chunk": {"chunks": (10**6,), "maxshape": (None,), "compression": "gzip"},
    "shuffled": {"chunks": (64,), "compression": "gzip", "shuffle": True},
    "chunks": {"chunks": (100,)},
    "single precision": {"dtype": np.float32, "chunks": (100,), "compression": "gzip"},
}


def stored_anew(path, **how):
    """The file, with its spike times kept in another way."""
    with h5py.File(path, "r+") as file:
        values, attrs = file["units/spike_times"][()], dict(file["units/spike_times"].attrs)
        del file["units/spike_times"]
        times = file["units"].create_dataset("spike_times", data=values, **how)
        times.attrs.update(attrs)
        file["units/spike_times_index"].attrs["target"] = times.ref
    return path


@pytest.mark.parametrize("how", STORED.values(), ids=STORED)
def test_however_the_times_are_stored(tmp_path, whole, how):
    path = stored_anew(shutil.copy(whole, tmp_path / "stored.nwb"), **how)
    same(lazily(path).load(), eagerly(path))
    same(lazily(path).isel(unit=[8, 0, 5]).load(), eagerly(path).isel(unit=[8, 0, 5]))
    np.testing.assert_array_equal(
        xr.open_datatree(path, engine="nwb")["spikes"]["spike_time"][[5, 900, 77]],
        nf.io.open_nwb(path)["spikes"]["spike_time"][[5, 900, 77]],
    )


def test_a_damaged_chunk_is_an_error_and_no_number(tmp_path, whole):
    path = stored_anew(shutil.copy(whole, tmp_path / "stored.nwb"), **STORED["gzip"])
    with h5py.File(path, "r+") as file:
        file["units/spike_times"].id.write_direct_chunk((64,), zlib.compress(bytes(100)))
    with pytest.raises(RecordingError, match="has 100 bytes, not 512"):
        lazily(path).load()
    with h5py.File(path, "r+") as file:
        file["units/spike_times"].id.write_direct_chunk((64,), b"nonsense")
    with pytest.raises(RecordingError, match="cannot be read: Error"):
        lazily(path).load()
    whole_chunk = zlib.compress(bytes(512))
    for damaged in (whole_chunk[:-1] + b"\x00", whole_chunk[:-6]):
        with h5py.File(path, "r+") as file:
            file["units/spike_times"].id.write_direct_chunk((64,), damaged)
        with pytest.raises(RecordingError, match=r"cannot be read: .*(checksum|bytes)"):
            lazily(path).load()


def test_a_block_holds_few_spikes_and_few_counts(whole, monkeypatch, reads):
    expected = eagerly(whole)
    monkeypatch.setattr(_counting, "MOST_SPIKES", 1000)
    same(lazily(whole).load(), expected)
    monkeypatch.setattr(_counting, "MOST_CELLS", 1)
    same(nf.prep.average(lazily(whole)), nf.prep.average(expected))


@pytest.mark.parametrize(
    ("quirk", "told"),
    [
        ("nan_spikes", "NaN or infinite spike times in units"),
        ("unsorted_spikes", "unsorted spike times in units"),
    ],
)
def test_defects_of_values_are_told_when_they_are_read(tmp_path, quirk, told):
    path = nf.simulate.nwb(tmp_path / "odd.nwb", units=4, trials=6, quirks=[quirk], rng=0)
    made = lazily(path)
    with pytest.warns(UserWarning, match=told) as warned:
        made.load()
    assert len(warned) == 1
    same(made, eagerly(path))
    with pytest.raises(RecordingError, match=told):
        lazily(path, on_issue="raise").load()
    with pytest.raises(UnknownNameError, match="flag, raise"):
        lazily(path, on_issue="repair")


def test_counts_are_never_clipped(tmp_path):
    path = nf.simulate.nwb(tmp_path / "crowd.nwb", units=3, trials=4, rng=0)
    with h5py.File(path, "r+") as file:
        start = file["intervals/trials/start_time"][0]
        times = file["units/spike_times"]
        stop = file["units/spike_times_index"][0]
        assert stop > 300
        times[:300] = start + 0.001
        times[300:stop] = start + 0.5
    made = xr.open_dataset(path, engine="nwb", window=(0.0, 0.01), bin=0.01)["responses"]
    assert made.dtype == np.uint8
    with pytest.raises(RecordingError, match="a bin has 300 spikes"):
        made.load()
    eager = nf.prep.responses(nf.io.open_nwb(path), window=(0.0, 0.01), bin=0.01)
    assert eager[0, 0, 0] == 300


def test_variables_can_be_dropped_and_options_are_those_of_the_parts(whole):
    opened = xr.open_dataset(whole, engine="nwb", drop_variables="area", rename={"orientation": "angle"})
    assert "area" not in opened.variables
    assert opened.attrs["session_id"] == "simulated"
    with pytest.raises(RecordingError, match="there is no file"):
        xr.open_dataset("no_such_file.nwb", engine="nwb")


def test_the_name_tells_the_engine(whole):
    assert nf.prep._engine.NWBBackend().guess_can_open(whole)
    assert not nf.prep._engine.NWBBackend().guess_can_open("other.nc")
