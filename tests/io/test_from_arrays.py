"""Arrays from anywhere make the session that a file would make."""

import json

import numpy as np
import pandas as pd
import pytest

import neurofit as nf
from neurofit.errors import RecordingError, SchemaError

SPIKES = [[0.1, 0.2, 1.5], [], [0.05, 2.5]]
UNITS = {"unit_id": [7, 3, 9], "area": ["CA1", "V1", "V1"], "quality": ["q7", "q3", "q9"]}
TRIALS = {
    "start_time": [0.0, 1.0, 2.0],
    "stop_time": [0.5, 1.5, 2.5],
    "image": ["cat.png", "dog.png", "cat.png"],
}


def test_arrays_give_the_session_that_the_file_gives(write):
    made = nf.io.from_arrays(spikes=SPIKES, trials=TRIALS, units=UNITS)
    opened = nf.io.open_nwb(write())
    opened["spikes"] = opened["spikes"].to_dataset().drop_vars("electrode_id")
    nf.schema.check(made, "session")
    for node in ("spikes", "trials", "intervals/trials"):
        assert made[node].to_dataset().identical(opened[node].to_dataset())


def test_tables_may_be_data_frames():
    plain = nf.io.from_arrays(spikes=SPIKES, trials=TRIALS, units=UNITS)
    framed = nf.io.from_arrays(spikes=SPIKES, trials=pd.DataFrame(TRIALS), units=pd.DataFrame(UNITS))
    assert framed.identical(plain)


def test_units_need_no_table():
    spikes = nf.io.from_arrays(spikes=SPIKES)["spikes"]
    assert spikes["unit_id"].values.tolist() == [0, 1, 2]
    assert spikes["area"].values.tolist() == ["", "", ""]


@pytest.mark.parametrize("kind", ["counts", "rates", "traces"])
@pytest.mark.parametrize("bins", [(), (4,)])
def test_numbers_for_each_trial_and_unit_make_a_session(kind, bins):
    values = np.arange(3 * 2 * (bins or (1,))[0]).reshape(3, 2, *bins)
    time = {"time": [0.0, 0.1, 0.2, 0.3]} if bins else {}
    session = nf.io.from_arrays(**{kind: values}, trials={"image": ["a", "b", "a"]}, **time)
    nf.schema.check(session, "session")
    np.testing.assert_array_equal(session["responses"]["responses"], values)
    assert session["trials"]["valid"].all()


def test_counts_take_the_smallest_type_that_holds_them():
    for largest, dtype in [(255, np.uint8), (256, np.uint16), (70_000, np.uint32)]:
        session = nf.io.from_arrays(counts=[[0.0, largest]])
        assert session["responses"]["responses"].dtype == dtype
        assert session["responses"]["responses"].values[0, 1] == largest


def test_all_problems_are_told_at_once():
    with pytest.raises(SchemaError) as caught:
        nf.io.from_arrays(
            spikes=[[0.1], ["soon"]],
            trials={"start_time": [0.0, 1.0], "image": ["a"]},
            units={"area": ["V1", "V1", "V1"], "a/b": [1, 2]},
        )
    for words in ("spikes of units 1", "column 'image' for 2 rows", "'stop_time'", "column 'area'", "'a/b'"):
        assert words in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({}, "none of them"),
        ({"spikes": [[0.1]], "counts": [[1]]}, "spikes and counts"),
        ({"counts": [[1.5]]}, "whole numbers"),
        ({"counts": [[-1]]}, "whole numbers"),
        ({"counts": [[np.nan]]}, "whole numbers"),
        ({"rates": [1.0, 2.0]}, r"shape \(2,\)"),
        ({"traces": [["high"]]}, "no numbers"),
        ({"rates": np.zeros((2, 1, 3))}, "time must hold 3 numbers"),
        ({"rates": np.zeros((2, 1, 3)), "time": [0.0, 0.2, 0.1]}, "time must increase"),
        ({"rates": np.zeros((2, 1)), "time": [0.0]}, "no axis for time"),
        ({"rates": np.zeros((2, 1)), "trials": {"image": ["a"]}}, "1 values in column 'image' for 2 rows"),
    ],
)
def test_arrays_that_make_no_session(arguments, reason):
    with pytest.raises(SchemaError, match=reason):
        nf.io.from_arrays(**arguments)


def test_defects_are_those_of_a_file():
    spikes = [[0.2, 0.1], [np.nan]]
    report = json.loads(nf.io.from_arrays(spikes=spikes).attrs["ingest_report"])
    assert {entry["issue"]: entry["rows"] for entry in report} == {
        "unsorted spike times": [0],
        "NaN or infinite spike times": [1],
    }
    with pytest.raises(RecordingError, match="unsorted spike times"):
        nf.io.from_arrays(spikes=spikes, on_issue="raise")


def test_arrays_given_are_not_changed():
    spikes = [np.array([0.2, 0.1])]
    trials = pd.DataFrame({"start_time": [0.0], "stop_time": [1.0], "stimulus_id": ["a"]})
    before = trials.copy()
    nf.prep.responses(nf.io.from_arrays(spikes=spikes, trials=trials), bin=0.5)
    assert spikes[0].tolist() == [0.2, 0.1]
    pd.testing.assert_frame_equal(trials, before)
