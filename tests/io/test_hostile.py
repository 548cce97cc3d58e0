"""Every odd or broken file is refused with the reason, or comes in with an entry in the report."""

import json
from functools import cache

import h5py
import numpy as np
import pytest
import xarray as xr

import neurofit as nf
from neurofit.errors import RecordingError

# What the error says of files that are refused as a whole.
REFUSED = {
    "truncated": "cut short",
    "not_hdf5": "not an HDF5 file",
    "empty_file": "is empty",
    "nwb_1": r"version NWB-1\.0\.6",
    "no_version": "no nwb_version",
    "unknown_version": r"version 3\.0\.0",
    "external_link": "lie in other files.*allow_external=True",
    "external_storage": "lie in other files.*allow_external=True",
    "virtual_dataset": "lie in other files.*allow_external=True",
    "claims_terabytes": "claims .* but stores 0 bytes",
    "no_spike_times": "no spike times",
    "decreasing_index": "spike_times_index decreases",
    "index_past_end": "spike_times_index ends at",
}

# Where the report speaks of it, and what it says.
REPORTED = {
    "unknown_extension": ("file", "pynwb cannot read it"),
    "broken_reference": ("units/electrodes", "leads nowhere"),
    "dangling_electrodes": ("units", "electrodes that do not exist"),
    "huge_attributes": ("", "MB of attributes"),
    "path_traversal": ("", "path out of the folder"),
    "no_time_zone": ("session_start_time", "no time zone"),
    "series_claims_terabytes": ("continuous/lfp", "claims"),
    "no_units": ("units", "no table of units"),
    "nan_spikes": ("units", "NaN or infinite spike times"),
    "infinite_spikes": ("units", "NaN or infinite spike times"),
    "negative_spikes": ("units", "spikes before time zero"),
    "unsorted_spikes": ("units", "unsorted spike times"),
    "millisecond_spikes": ("units", "in milliseconds"),
    "spikes_outside_session": ("units", "outside the time observed"),
    "duplicate_unit_ids": ("units", "ids that occur more than once"),
    "byte_locations": ("electrodes/location", "bytes written as text"),
    "no_trials": ("intervals", "several tables and none called trials"),
    "trial_ids": ("trials", "ids are not 0, 1, 2"),
    "overlapping_trials": ("trials", "overlaps an earlier row"),
    "zero_length_trials": ("trials", "zero length"),
    "reversed_trials": ("trials", "reversed"),
    "nan_trials": ("trials", "NaN or infinite time"),
    "unlisted_column": ("trials/choice", "not listed"),
    "uneven_column": ("trials/choice", "values for 12 rows"),
    "length_mismatch": ("continuous/running_speed", "465 samples but 464 timestamps"),
    "two_row_timestamps": ("continuous/running_speed", "2 x 465 timestamps"),
    "nan_timestamps": ("continuous/running_speed", "NaN or infinite timestamps"),
    "unsorted_timestamps": ("continuous/running_speed", "unsorted timestamps"),
}

# Nothing is wrong with these files: it is the analysis that lacks something, and says so.
SILENT = ("no_stimulus", "unobserved")

# What of the session a quirk may change; everything else is as in the file without it.
TRIALS = {"/trials", "/intervals/trials"}
SPEED = {"/continuous/running_speed"}
TOUCHED = {
    "unobserved": {"/spikes"},
    "no_units": {"/spikes"},
    "path_traversal": {"/stimuli/film"},
    "series_claims_terabytes": {"/continuous/lfp"},
    **dict.fromkeys((quirk for quirk in REPORTED if "spikes" in quirk or "unit_ids" in quirk), {"/spikes"}),
    **dict.fromkeys(("broken_reference", "dangling_electrodes"), {"/spikes"}),
    **dict.fromkeys((quirk for quirk in REPORTED if "timestamps" in quirk or "length_" in quirk), SPEED),
    **dict.fromkeys((quirk for quirk in REPORTED if "trial" in quirk or "column" in quirk), TRIALS),
    "no_stimulus": TRIALS,
    "unlisted_column": set(),
}


@pytest.fixture(scope="module")
def make(tmp_path_factory):
    @cache
    def write(*quirks):
        path = tmp_path_factory.mktemp("odd") / f"{'_'.join(quirks) or 'whole'}.nwb"
        return nf.simulate.nwb(path, units=6, trials=12, quirks=quirks, rng=0)

    return write


@pytest.fixture(scope="module")
def opened(make):
    return cache(lambda quirk: nf.io.open_nwb(make(quirk)))


@pytest.fixture(scope="module")
def whole(make):
    return nf.io.open_nwb(make())


def entries(session):
    return json.loads(session.attrs["ingest_report"])


def test_the_catalogue_is_whole():
    assert {*REFUSED, *REPORTED, *SILENT} == {*nf.simulate.quirks}


def test_a_whole_file_has_no_defects(make):
    session = nf.io.open_nwb(make(), on_issue="raise")
    for group in ("spikes", "trials", "intervals", "continuous", "events", "stimuli"):
        assert group in session.children


@pytest.mark.parametrize("quirk", REFUSED)
def test_refused_with_the_reason(make, quirk):
    with pytest.raises(RecordingError, match=REFUSED[quirk]):
        nf.io.open_nwb(make(quirk))


@pytest.mark.parametrize("quirk", REPORTED)
def test_told_in_the_report(opened, whole, quirk):
    where, told = REPORTED[quirk]
    session = opened(quirk)
    found = [entry for entry in entries(session) if where in entry["where"] and told in entry["issue"]]
    assert found, entries(session)
    assert not [entry for entry in entries(whole) if where == entry["where"] and told in entry["issue"]]


@pytest.mark.parametrize("quirk", [*REPORTED, *SILENT])
def test_nothing_else_changes(opened, whole, quirk):
    session = opened(quirk)
    for node in whole.subtree:
        if node.path not in {"/", *TOUCHED.get(quirk, set())}:
            xr.testing.assert_identical(session[node.path].to_dataset(), node.to_dataset())


@pytest.mark.parametrize("quirk", [*REFUSED, *REPORTED, *SILENT])
def test_a_look_at_the_file_tells_the_same_and_reads_no_spikes(make, quirk):
    path = make(quirk)
    if quirk in REFUSED and "spike" not in REFUSED[quirk] and "claims" not in REFUSED[quirk]:
        with pytest.raises(RecordingError, match=REFUSED[quirk]):
            nf.io.inspect(path)
        return
    found = nf.io.inspect(path, deep=True)
    if quirk in REPORTED:
        where, told = REPORTED[quirk]
        assert (
            any(where in entry.where and told in entry.issue for entry in found.issues)
            or quirk == "no_trials"
        )
    assert str(found)


def test_no_stimulus_column_is_told_when_it_is_asked_for(make):
    session = nf.io.open_nwb(make("no_stimulus"))
    with pytest.raises(nf.errors.UnknownNameError, match=r"which column tells the stimuli.*choice"):
        nf.prep.responses(session)


def test_an_unsorted_series_is_sorted_with_its_data_or_not_at_all(make, whole):
    path = make("unsorted_timestamps")
    with h5py.File(path) as file:
        stored = file["acquisition/running_speed"]
        times, data = stored["timestamps"][()], stored["data"][()] * stored["data"].attrs["conversion"]
    flagged = nf.io.open_nwb(path)["continuous/running_speed"]
    np.testing.assert_array_equal(flagged["time"], times)
    np.testing.assert_array_equal(flagged["data"], data)
    mended = nf.io.open_nwb(path, on_issue="repair")["continuous/running_speed"]
    order = np.argsort(times, kind="stable")
    np.testing.assert_array_equal(mended["time"], times[order])
    np.testing.assert_array_equal(mended["data"], data[order])


def test_samples_without_a_time_are_dropped_by_repair_only(make):
    path = make("nan_timestamps")
    flagged = nf.io.open_nwb(path)["continuous/running_speed"]
    mended = nf.io.open_nwb(path, on_issue="repair")["continuous/running_speed"]
    known = np.isfinite(flagged["time"].values)
    assert not known.all()
    np.testing.assert_array_equal(mended["data"], flagged["data"].values[known])


def test_trials_that_overlap_stay_two_valid_rows_and_are_flagged(opened, whole):
    trials = opened("overlapping_trials")["trials"]
    assert trials["issue"].values.tolist() == ["", "overlaps an earlier row"] + [""] * 10
    assert trials["valid"].all()
    assert trials.sizes["trial"] == whole["trials"].sizes["trial"]


def test_spikes_long_after_all_else_are_told_without_observations_too(make, tmp_path):
    path = tmp_path / "late.nwb"
    path.write_bytes(make("spikes_outside_session").read_bytes())
    with h5py.File(path, "r+") as file:
        for name in ("obs_intervals", "obs_intervals_index"):
            del file["units"][name]
        names = [name for name in file["units"].attrs["colnames"] if name != "obs_intervals"]
        file["units"].attrs["colnames"] = names
    (told,) = [entry for entry in entries(nf.io.open_nwb(path)) if "long after" in entry["issue"]]
    assert told["rows"] == [0]


def test_quirks_come_together(make):
    session = nf.io.open_nwb(make("nan_spikes", "reversed_trials", "unsorted_timestamps"))
    told = " ".join(entry["issue"] for entry in entries(session))
    for quirk in ("nan_spikes", "reversed_trials", "unsorted_timestamps"):
        assert REPORTED[quirk][1] in told


@pytest.mark.parametrize("quirk", ["external_link", "external_storage", "virtual_dataset"])
def test_parts_in_files_that_are_lost_are_not_filled_in(make, quirk):
    with pytest.raises(RecordingError, match="files that are not there: .* -> elsewhere"):
        nf.io.open_nwb(make(quirk), allow_external=True)


def test_an_index_that_has_lost_its_type_is_an_index_still(make, whole, tmp_path):
    path = tmp_path / "untyped.nwb"
    path.write_bytes(make().read_bytes())
    with h5py.File(path, "r+") as file:
        for index in ("intervals/trials/tap_times_index", "units/spike_times_index"):
            del file[index].attrs["neurodata_type"]
    session = nf.io.open_nwb(path)
    for node in ("trials", "spikes"):
        xr.testing.assert_identical(session[node].to_dataset(), whole[node].to_dataset())
