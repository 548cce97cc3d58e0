"""From a session to counts: every spike in its bin, every trial kept or told."""

import json

import numpy as np
import pytest

import neurofit as nf
from neurofit.errors import RecordingError, SchemaError, UnknownNameError


def session(spikes=((0.1, 0.5, 1.2), (0.95,)), **columns):
    trials = {"start_time": [0.0, 1.0], "stop_time": [1.0, 2.0], "stimulus_id": ["left", "right"]} | columns
    units = {"unit_id": [f"u{unit}" for unit in range(len(spikes))], "area": ["V1"] * len(spikes)}
    return nf.io.from_arrays(spikes=spikes, trials=trials, units=units)


def left_out(responses):
    return {entry["issue"]: entry["rows"] for entry in json.loads(responses.attrs["left_out"])}


def test_counts_with_their_names():
    made = nf.prep.responses(session(), bin=0.5)
    nf.schema.check(made, "responses")
    assert made.dims == ("trial", "unit", "time")
    assert made.values.tolist() == [[[1, 1], [0, 1]], [[1, 0], [0, 0]]]
    assert made["time"].values.tolist() == [0.0, 0.5]
    assert made["stimulus_id"].values.tolist() == ["left", "right"]
    assert made["unit_id"].values.tolist() == ["u0", "u1"]
    assert made["area"].values.tolist() == ["V1", "V1"]
    assert made["start_time"].values.tolist() == [0.0, 1.0]
    assert made.attrs["units"] == "spikes"
    assert made.attrs["bin"] == 0.5
    assert json.loads(made.attrs["window"]) == [0.0, 1.0]
    assert [step["step"] for step in nf.provenance.history(made)] == ["io.from_arrays", "prep.responses"]


def test_bins_add_up_to_the_window():
    given = session(spikes=[np.random.default_rng(0).uniform(-1, 3, 1000)])
    whole = nf.prep.responses(given, window=(-0.5, 1.0), bin=None)
    assert whole.dims == ("trial", "unit")
    assert whole.attrs["bin"] == 1.5
    for width in (0.01, 0.1, 0.25):
        fine = nf.prep.responses(given, window=(-0.5, 1.0), bin=width)
        np.testing.assert_array_equal(fine.astype(int).sum("time"), whole)


def test_edges_are_the_decimal_numbers_that_a_reader_expects():
    made = nf.prep.responses(session(spikes=[[0.3, 0.6, 0.7]]), window=(0.0, 1.0), bin=0.1)
    assert made["time"].values.tolist() == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]
    assert np.flatnonzero(made[0, 0]).tolist() == [3, 6, 7]


def test_any_column_of_times_can_be_time_zero():
    given = session(choice_time=[0.4, 0.9], image=["a", "b"])
    made = nf.prep.responses(given, align="choice_time", window=(-0.1, 0.2), bin=None)
    assert made.values.tolist() == [[1, 0], [0, 1]]
    with pytest.raises(UnknownNameError, match="Did you mean 'choice_time'"):
        nf.prep.responses(given, align="choise_time")
    with pytest.raises(RecordingError, match="no seconds"):
        nf.prep.responses(given, align="image")


def test_any_column_can_tell_the_stimuli():
    given = session(orientation=[45.0, 90.0], image=["a", "b"], contrast=[0.5, 1.0])
    assert nf.prep.responses(given, stimulus="orientation")["stimulus_id"].values.tolist() == ["45", "90"]
    assert nf.prep.responses(given, stimulus="contrast")["stimulus_id"].values.tolist() == ["0.5", "1.0"]
    by_image = nf.prep.responses(given, stimulus="image")
    assert by_image["stimulus_id"].values.tolist() == ["a", "b"]
    assert by_image["trial_stimulus_id"].values.tolist() == ["left", "right"]
    with pytest.raises(UnknownNameError, match="Did you mean 'image'"):
        nf.prep.responses(given, stimulus="imag")


def test_without_a_column_for_the_stimuli_one_has_to_be_chosen():
    trials = {"start_time": [0.0], "stop_time": [1.0], "image": ["a"]}
    with pytest.raises(UnknownNameError, match=r"stimulus=: start_time, stop_time, image"):
        nf.prep.responses(nf.io.from_arrays(spikes=[[0.5]], trials=trials))


def test_trials_that_cannot_be_used_are_left_out_and_told():
    given = session(
        start_time=[0.0, 1.0, 5.0, np.nan, 4.0, 5.0],
        stop_time=[1.0, 2.0, 4.0, 4.0, 5.0, 5.0],
        stimulus_id=["left", "", "left", "left", "left", "right"],
        cue=[0.0, 1.0, 2.0, 3.0, np.nan, 5.0],
    )
    made = nf.prep.responses(given, align="cue")
    assert left_out(made) == {
        "no stimulus": [1],
        "reversed": [2],
        "NaN or infinite time": [3],
        "no cue": [4],
    }
    assert made["trial_id"].values.tolist() == [0, 5]
    assert made["issue"].values.tolist() == ["", "zero length"]


def test_no_usable_trial_is_an_error():
    with pytest.raises(RecordingError, match="none of the 2 trials can be used: no stimulus in 2"):
        nf.prep.responses(session(stimulus_id=["", ""]))


def test_the_window_is_a_whole_number_of_bins():
    with pytest.raises(SchemaError, match=r"3\.33333; with 3 bins it would end at 0\.9 s"):
        nf.prep.responses(session(), bin=0.3)
    for window, width in [((1.0, 0.0), 0.1), ((0.0, 1.0), 0.0), ((0.0, np.nan), 0.1), ((0.0, 1.0), -0.1)]:
        with pytest.raises(SchemaError, match="must end after it starts"):
            nf.prep.responses(session(), window=window, bin=width)


def test_the_order_of_spikes_does_not_matter():
    times = np.random.default_rng(0).uniform(0, 2, 50)
    disordered = [*times, np.nan, np.inf]
    made = nf.prep.responses(session(spikes=[disordered, [0.95]]))
    np.testing.assert_array_equal(made, nf.prep.responses(session(spikes=[np.sort(times), [0.95]])))


def test_columns_of_trials_do_not_hide_those_of_units():
    made = nf.prep.responses(session(area=["left field", "right field"], time=[7.0, 8.0]))
    assert made["area"].dims == ("unit",)
    assert made["trial_area"].values.tolist() == ["left field", "right field"]
    assert made["trial_time"].values.tolist() == [7.0, 8.0]


@pytest.mark.parametrize("kind", ["counts", "rates", "traces"])
def test_arrays_are_taken_as_they_are(kind):
    values = np.arange(12).reshape(3, 2, 2)
    tables = {"trials": {"stimulus_id": ["a", "", "b"]}, "units": {"area": ["V1", "LM"]}}
    given = nf.io.from_arrays(**{kind: values}, time=[0.0, 0.5], **tables)
    made = nf.prep.responses(given)
    nf.schema.check(made, "responses")
    np.testing.assert_array_equal(made, values[[0, 2]])
    assert made["area"].values.tolist() == ["V1", "LM"]
    assert left_out(made) == {"no stimulus": [1]}
    assert made.attrs["units"] == {"counts": "spikes", "rates": "spikes/s", "traces": "1"}[kind]


def test_counts_of_a_real_recording_are_those_of_a_plain_count(real_data):
    given = nf.io.open_nwb(real_data / "human_mtl_boundaries.nwb")
    made = nf.prep.responses(
        given, trials="recognition_table", stimulus="frameName", window=(-0.5, 1.5), bin=0.05
    )
    assert made.shape == (180, 35, 40)
    assert left_out(made) == {}
    spikes, table = given["spikes"], given["intervals/recognition_table"]
    trains = np.split(spikes["spike_time"].values, np.cumsum(spikes["row_size"].values)[:-1])
    start = table["start_time"].values
    for unit, train in enumerate(trains):
        inside = (train >= start[:, np.newaxis] - 0.5) & (train < start[:, np.newaxis] + 1.5)
        np.testing.assert_array_equal(made[:, unit].astype(int).sum("time"), inside.sum(axis=1))


def test_a_session_that_does_not_know_its_trials_asks(real_data):
    given = nf.io.open_nwb(real_data / "human_mtl_boundaries.nwb")
    with pytest.raises(RecordingError, match=r"trials=.*encoding_table"):
        nf.prep.responses(given)
    with pytest.raises(UnknownNameError, match="Did you mean 'recognition_table'"):
        nf.prep.responses(given, trials="recognition")


def test_what_is_no_session_is_refused():
    given = session()
    with pytest.raises(SchemaError, match="'spikes' or 'responses'"):
        nf.prep.responses(given.filter(lambda node: node.name != "spikes"))


def test_the_session_stays_as_it_was():
    given = session(spikes=[[0.5, 0.1], [np.nan]])
    before = given.copy(deep=True)
    nf.prep.responses(given)
    assert given.identical(before)
