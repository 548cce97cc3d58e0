"""What a file holds comes in whole, and what is odd about it is told."""

import json
from pathlib import Path

import h5py
import numpy as np
import psutil
import pytest
from pynwb.behavior import BehavioralEpochs
from pynwb.epoch import TimeIntervals

import neurofit as nf
from neurofit.errors import RecordingError, UnknownNameError


def issues(session, where=""):
    report = json.loads(session.attrs["ingest_report"])
    return {entry["issue"]: entry for entry in report if where in entry["where"]}


def replace(file, name, values):
    attrs = dict(file[name].attrs)
    del file[name]
    file[name] = values
    file[name].attrs.update(attrs)


def test_a_session_is_what_was_written(write):
    session = nf.io.open_nwb(write())
    nf.schema.check(session, "session")
    spikes = session["spikes"]
    assert spikes["spike_time"].values.tolist() == [0.1, 0.2, 1.5, 0.05, 2.5]
    assert spikes["row_size"].values.tolist() == [3, 0, 2]
    assert spikes["row_size"].dtype == np.int64
    assert spikes["unit_id"].values.tolist() == [7, 3, 9]
    assert spikes["area"].values.tolist() == ["CA1", "V1", "V1"]
    assert spikes["quality"].values.tolist() == ["q7", "q3", "q9"]
    assert session["trials"]["image"].values.tolist() == ["cat.png", "dog.png", "cat.png"]
    assert session["trials"].to_dataset().identical(session["intervals/trials"].to_dataset())
    assert session.attrs["session_id"] == "S1"
    assert session.attrs["subject"] == "M7"
    assert session.attrs["session_start_time"] == "2024-05-01T12:00:00+00:00"
    assert session.attrs["source"] == "made.nwb"
    assert issues(session) == {}


def test_the_human_recording_comes_in_whole(real_data):
    session = nf.io.open_nwb(real_data / "human_mtl_boundaries.nwb", trials="recognition_table")
    spikes = session["spikes"]
    assert spikes.sizes["unit"] == 35
    assert spikes.sizes["spike"] == spikes["row_size"].sum() == 214_278
    areas, counts = np.unique(spikes["area"].values, return_counts=True)
    assert dict(zip(areas, counts, strict=True)) == {"amygdala_right": 10, "hippocampus_right": 25}
    rows = {name: table.sizes["trial"] for name, table in session["intervals"].children.items()}
    assert rows == {"encoding_table": 90, "recognition_table": 180, "timediscrimination_table": 180}
    assert session["trials"]["frameName"].dtype.kind == "U"
    assert session["trials"]["frameName"].values[0] == "SB_5_frameB_foil.png"
    assert session.attrs["session_start_time"] == "1900-01-01T00:00:00-08:00"


def test_every_column_that_the_file_stores_comes_in(real_data):
    path = real_data / "human_mtl_boundaries.nwb"
    session = nf.io.open_nwb(path)
    with h5py.File(path) as file:
        for name, table in session["intervals"].children.items():
            stored = {column for column in file["intervals"][name] if column != "id"}
            assert stored == set(table.data_vars)
            for column in stored - {"frameName", "Clip_name"}:
                np.testing.assert_array_equal(table[column], file["intervals"][name][column][()])
    assert "response_time" in issues(session)["column not listed in the table's colnames"]["where"]


def test_overlapping_rows_are_told_and_kept(real_data):
    session = nf.io.open_nwb(real_data / "human_mtl_boundaries.nwb", trials="recognition_table")
    table = session["trials"]
    assert issues(session, "recognition")["overlaps an earlier row"]["rows"] == [5, 50, 74]
    np.testing.assert_array_equal(table["start_time"][[5, 50, 74]] < table["stop_time"][[4, 49, 73]], True)
    assert table["valid"].all()


def test_the_mouse_recording_needs_no_trials(real_data):
    session = nf.io.open_nwb(real_data / "mouse_three_units.nwb")
    assert session["spikes"].sizes == {"spike": 21_354, "unit": 3}
    assert session["spikes"]["unit_id"].values.tolist() == [6, 191, 206]
    assert session.attrs["session_id"] == ""
    assert (
        session["intervals/epochs"]["tags_row_size"].values.sum() == session["intervals/epochs"]["tags"].size
    )
    nf.schema.check(session, "session")


@pytest.mark.parametrize("located", [["b'CA1'", "V1"], ["CA1", 'b"V1"'], np.array([b"CA1", b"V1"])])
def test_areas_stored_as_bytes_are_decoded(write, located):
    name = "general/extracellular_ephys/electrodes/location"
    stored = np.asarray(located, "S" if isinstance(located, np.ndarray) else h5py.string_dtype())
    path = write(damage=lambda file: replace(file, name, stored))
    assert nf.io.open_nwb(path)["spikes"]["area"].values.tolist() == ["CA1", "V1", "V1"]


@pytest.mark.parametrize("column", ["area", "location", "brain_area"])
def test_without_electrodes_the_units_own_column_tells_the_area(write, column):
    def add(nwb):
        nwb.add_unit_column(column, "region", data=["CA1", "V1", ""])

    session = nf.io.open_nwb(write(add, located=False))
    assert session["spikes"]["area"].values.tolist() == ["CA1", "V1", ""]


def test_without_any_place_the_area_is_empty(write):
    session = nf.io.open_nwb(write(located=False))
    assert session["spikes"]["area"].values.tolist() == ["", "", ""]
    nf.schema.check(session, "session")


def test_a_column_with_a_name_of_ours_is_kept_under_another(write):
    def add(nwb):
        nwb.add_unit_column("area", "square micrometres", data=[1.0, 2.0, 3.0])
        nwb.add_trial_column("valid", "by eye", data=[True, False, True])

    session = nf.io.open_nwb(write(add))
    assert session["spikes"]["area_"].values.tolist() == [1.0, 2.0, 3.0]
    assert session["trials"]["valid_"].values.tolist() == [True, False, True]
    assert issues(session, "units")["name has another meaning here"]["action"] == "renamed to area_"


def test_renaming_gives_columns_the_names_that_analyses_want(write):
    path = write()
    session = nf.io.open_nwb(path, rename={"image": "stimulus_id", "quality": "area"})
    assert session["trials"]["stimulus_id"].values.tolist() == ["cat.png", "dog.png", "cat.png"]
    assert session["spikes"]["area"].values.tolist() == ["q7", "q3", "q9"]
    with pytest.raises(UnknownNameError, match="Did you mean 'image'"):
        nf.io.open_nwb(path, rename={"imge": "stimulus_id"})
    with pytest.raises(UnknownNameError, match="two columns one name: start_time"):
        nf.io.open_nwb(path, rename={"image": "start_time"})


def test_every_table_of_intervals_is_found_wherever_it_lies(write):
    def add(nwb):
        inside = TimeIntervals(name="licking", description="")
        inside.add_interval(start_time=0.0, stop_time=9.0)
        nwb.create_processing_module("behavior", "").add(BehavioralEpochs(name="epochs"))
        nwb.processing["behavior"].add(inside)
        nwb.add_epoch(0.0, 3.0, ["awake"])

    session = nf.io.open_nwb(write(add))
    assert set(session["intervals"].children) == {"trials", "epochs", "licking"}
    assert session["trials"].sizes["trial"] == 3


def test_of_several_tables_one_has_to_be_chosen(write):
    def add(nwb):
        for name in ("gratings", "movies"):
            table = TimeIntervals(name=name, description="")
            table.add_interval(start_time=0.0, stop_time=1.0)
            nwb.add_time_intervals(table)

    path = write(add, trials=False)
    session = nf.io.open_nwb(path)
    assert "trials" not in session.children
    assert "choose one with trials=" in issues(session, "intervals").popitem()[1]["action"]
    assert "trials" in nf.io.open_nwb(path, trials="movies").children
    with pytest.raises(UnknownNameError, match="Did you mean 'gratings'"):
        nf.io.open_nwb(path, trials="grating")


def test_rows_with_impossible_times_are_flagged_and_kept(write):
    def add(nwb):
        for start, stop in [(5.0, 4.0), (np.nan, 6.0), (7.0, 7.0), (8.0, np.inf)]:
            nwb.add_trial(start_time=start, stop_time=stop, image="cat.png")

    path = write(add)
    trials = nf.io.open_nwb(path)["trials"]
    nan = "NaN or infinite time"
    assert trials["issue"].values.tolist() == ["", "", "", "reversed", nan, "zero length", nan]
    assert trials["valid"].values.tolist() == [True, True, True, False, False, True, False]
    with pytest.raises(RecordingError, match=r"reversed[\s\S]*zero length|zero length[\s\S]*reversed"):
        nf.io.open_nwb(path, on_issue="raise")


def test_defects_of_spikes_are_told_unit_by_unit(write):
    def damage(file):
        file["units/spike_times"][:] = [0.2, 0.1, 1.5, np.nan, -2.5]
        file["units/id"][:] = [7, 9, 9]

    session = nf.io.open_nwb(write(damage=damage))
    found = {issue: entry["rows"] for issue, entry in issues(session, "units").items()}
    assert found == {
        "ids that occur more than once": [1, 2],
        "unsorted spike times": [0],
        "NaN or infinite spike times": [2],
        "spikes before time zero": [2],
    }
    assert session["spikes"]["unit_id"].values.tolist() == [7, 9, 9]


@pytest.mark.parametrize("ends", [[3, 2, 5], [3, 3, 6], [3, 3, 4]])
def test_an_index_that_does_not_fit_the_spikes_is_refused(write, ends):
    path = write(damage=lambda file: file["units/spike_times_index"].write_direct(np.array(ends, "u1")))
    with pytest.raises(RecordingError, match="spike_times_index"):
        nf.io.open_nwb(path)


def test_ragged_columns_keep_their_values_and_their_rows(write):
    def add(nwb):
        nwb.add_trial_column("licks", "seconds", data=[1.0, 2.0, 3.0], index=[1, 1, 3])
        nwb.add_trial_column("words", "said", data=["a", "b"], index=[0, 2, 2])

    session = nf.io.open_nwb(write(add), rename={"words": "said"})
    trials = session["trials"].to_dataset()
    assert trials["licks"].values.tolist() == [1.0, 2.0, 3.0]
    assert trials["licks_row_size"].values.tolist() == [1, 0, 2]
    assert (trials["said"].values.tolist(), trials["said_row_size"].values.tolist()) == (
        ["a", "b"],
        [0, 2, 0],
    )
    assert not issues(session, "trials")
    responses = nf.prep.responses(session, stimulus="image")
    assert "licks_row_size" in responses.coords
    assert "licks" not in responses.coords


@pytest.mark.parametrize(("ends", "told"), [([2, 1, 3], "decreases"), ([1, 1, 2], "ends at 2")])
def test_a_ragged_column_whose_index_does_not_fit_is_left_out_and_told(write, ends, told):
    def add(nwb):
        nwb.add_trial_column("licks", "seconds", data=[1.0, 2.0, 3.0], index=[1, 1, 3])

    def damage(file):
        file["intervals/trials/licks_index"].write_direct(np.array(ends, "u1"))

    session = nf.io.open_nwb(write(add, damage))
    assert "licks" not in session["trials"]
    assert told in next(iter(issues(session, "trials/licks")))


def test_repair_sorts_spikes_and_drops_what_is_no_time(write):
    odd = np.array([0.2, 0.1, np.nan, 2.5, 0.05])
    session = nf.io.open_nwb(write(damage=lambda file: file["units/spike_times"].write_direct(odd)))
    assert session["spikes"]["row_size"].values.tolist() == [3, 0, 2]
    path = write(damage=lambda file: file["units/spike_times"].write_direct(odd))
    mended = nf.io.open_nwb(path, on_issue="repair")
    assert mended["spikes"]["spike_time"].values.tolist() == [0.1, 0.2, 0.05, 2.5]
    assert mended["spikes"]["row_size"].values.tolist() == [2, 0, 2]
    told = issues(mended, "units")
    assert told["unsorted spike times"]["action"] == "sorted"
    assert told["NaN or infinite spike times"]["action"] == "dropped"


def test_electrodes_that_do_not_exist_give_no_area(write):
    path = write(damage=lambda file: file["units/electrodes"].write_direct(np.array([0, 1, 99])))
    session = nf.io.open_nwb(path)
    assert session["spikes"]["area"].values.tolist() == ["CA1", "V1", ""]
    assert issues(session, "units")["electrodes that do not exist"]["rows"] == [2]


def test_a_missing_time_zone_is_not_made_up(write):
    path = write(damage=lambda file: replace(file, "session_start_time", "2024-05-01T12:00:00"))
    session = nf.io.open_nwb(path)
    assert session.attrs["session_start_time"] == "2024-05-01T12:00:00"
    assert "no time zone" in issues(session)


def test_no_file_stays_open(write, real_data):
    paths = [write(), real_data / "human_mtl_boundaries.nwb"]
    for path in paths:
        nf.io.open_nwb(path)
        nf.io.inspect(path)
    with pytest.raises(UnknownNameError):
        nf.io.open_nwb(paths[0], trials="none")
    still_open = {Path(file.path) for file in psutil.Process().open_files()}
    assert not still_open & {path.resolve() for path in paths}


def test_an_unknown_way_with_issues_is_refused(write):
    with pytest.raises(UnknownNameError, match="Did you mean 'flag'"):
        nf.io.open_nwb(write(), on_issue="flags")
