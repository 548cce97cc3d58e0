"""Events come in at their times with what they were; images that were shown come in by their names."""

import json

import h5py
import numpy as np
import pytest
from pynwb import TimeSeries
from pynwb.base import ImageReferences, Images
from pynwb.behavior import BehavioralEpochs, BehavioralEvents
from pynwb.event import EventsTable
from pynwb.image import GrayscaleImage, ImageSeries, IndexSeries
from pynwb.misc import AnnotationSeries, IntervalSeries

import neurofit as nf
from neurofit.io.nwb import _parts

# Labs' files hold what new ones should not, which is why pynwb warns of it.
pytestmark = pytest.mark.filterwarnings("ignore:(AnnotationSeries|BehavioralEvents) is deprecated")

STAMPS = [0.5, 1.25, 4.0]


def issues(session, where=""):
    report = json.loads(session.attrs["ingest_report"])
    return {entry["issue"]: entry for entry in report if where in entry["where"]}


def acquired(*series):
    return lambda nwb: [nwb.add_acquisition(one) for one in series]


def behaviour(*series, container=BehavioralEvents):
    def add(nwb):
        held = container()
        for one in series:
            held.add_timeseries(one) if container is BehavioralEvents else held.add_interval_series(one)
        nwb.create_processing_module("behavior", "").add(held)

    return add


def licks(**given):
    return TimeSeries(**{"name": "licks", "data": [3, 1, 2], "unit": "port", "timestamps": STAMPS} | given)


def test_behavioural_events_are_no_continuous_series(write):
    session = nf.io.open_nwb(write(behaviour(licks())), on_issue="raise")
    nf.schema.check(session, "session")
    assert "continuous" not in session.children
    events = session["events/licks"]
    assert events["data"].dims == events["time"].dims == ("event",)
    assert events["data"].values.tolist() == [3, 1, 2]
    assert events["data"].dtype.kind == "i"
    assert events["data"].attrs["units"] == "port"
    assert events["time"].values.tolist() == STAMPS
    assert events["time"].attrs["units"] == "s"
    assert events.attrs["path"] == "/processing/behavior/BehavioralEvents/licks"


def test_events_have_units_and_may_have_several_numbers_each(write):
    given = {"data": np.arange(6).reshape(3, 2), "conversion": 0.5, "offset": 1.0, "unit": "ml"}
    drops = nf.io.open_nwb(write(behaviour(licks(**given))))["events/licks"]
    assert drops["data"].dims == ("event", "component")
    assert drops["data"].values.tolist() == [[1.0, 1.5], [2.0, 2.5], [3.0, 3.5]]


def test_a_regular_series_among_the_events_stays_continuous(write):
    session = nf.io.open_nwb(write(behaviour(licks(timestamps=None, rate=2.0))))
    assert set(session["continuous"].children) == {"licks"}
    assert "events" not in session.children


def test_notes_and_irregular_text_are_events(write):
    notes = AnnotationSeries(name="notes", data=["water", "", "naïve"], timestamps=STAMPS)
    words = licks(name="words", data=["left", "right", "left"])
    events = nf.io.open_nwb(write(acquired(notes, words)), on_issue="raise")["events"]
    assert events["notes"]["data"].values.tolist() == ["water", "", "naïve"]
    assert events["words"]["data"].values.tolist() == ["left", "right", "left"]


def test_starts_and_stops_are_events(write):
    series = IntervalSeries(name="runs", data=np.array([1, -1, 2], np.int8), timestamps=STAMPS)
    runs = nf.io.open_nwb(write(behaviour(series, container=BehavioralEpochs)))["events/runs"]
    assert runs["data"].values.tolist() == [1, -1, 2]
    assert runs["data"].dtype == np.int8
    assert runs.attrs["neurodata_type"] == "IntervalSeries"


def table_of_drops(nwb):
    table = EventsTable(name="drops", description="of water")
    table.add_column("amount", "in ml")
    table.add_column("time", "of day")
    for at, amount, day in zip(STAMPS, (0.1, np.nan, 0.3), ("am", "pm", "am"), strict=True):
        table.add_event(timestamp=at, duration=0.2, annotation="ok", amount=amount, time=day)
    nwb.add_events_table(table)


def test_a_table_of_events_keeps_its_columns(write):
    session = nf.io.open_nwb(write(table_of_drops), rename={"amount": "volume"}, on_issue="raise")
    nf.schema.check(session, "session")
    drops = session["events/drops"].to_dataset()
    assert drops.attrs["description"] == "of water"
    assert drops["time"].values.tolist() == STAMPS
    assert drops["event_id"].values.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(drops["volume"], [0.1, np.nan, 0.3])
    assert drops["duration"].values.tolist() == [0.2] * 3
    assert drops["duration"].attrs["units"] == "s"
    assert drops["annotation"].values.tolist() == ["ok"] * 3
    assert drops["time_"].values.tolist() == ["am", "pm", "am"]
    assert issues(session, "drops/time")["name has another meaning here"]["action"] == "renamed to time_"


def series_of_drops(nwb):
    behaviour(licks(name="drops"))(nwb)


@pytest.mark.parametrize("add", [series_of_drops, table_of_drops])
@pytest.mark.parametrize(
    ("stamps", "told", "rows"),
    [
        ([0.0, np.nan, 2.0], "NaN or infinite timestamps", [1]),
        ([1.0, 3.0, 2.0], "unsorted timestamps", [2]),
    ],
)
def test_odd_times_are_flagged_and_kept_as_they_are(write, add, stamps, told, rows):
    def damage(file):
        series, table = "processing/behavior/BehavioralEvents/drops/timestamps", "events/drops/timestamp"
        file[series if series in file else table][...] = stamps

    session = nf.io.open_nwb(write(add, damage))
    np.testing.assert_array_equal(session["events/drops"]["time"], stamps)
    assert session["events/drops"].attrs["issue"] == told
    assert issues(session, "events/drops")[told]["rows"] == rows


def test_events_are_read_whichever_series_are_asked_for(write, monkeypatch):
    wheel = TimeSeries(name="wheel", data=np.zeros(4), unit="cm", rate=1.0)
    path = write(lambda nwb: [behaviour(licks())(nwb), nwb.add_acquisition(wheel)])
    assert "licks" in nf.io.open_nwb(path, continuous=False)["events"].children
    assert "licks" in nf.io.open_nwb(path, continuous=["wheel"])["events"].children
    monkeypatch.setattr(_parts, "MOST_VALUES", 2)
    session = nf.io.open_nwb(path)
    assert "events" not in session.children
    assert "continuous=['licks']" in issues(session, "events/licks")["3 values"]["action"]
    assert set(nf.io.open_nwb(path, continuous="licks").children) >= {"events"}


def test_a_recording_of_events_alone_is_a_session(write):
    session = nf.io.open_nwb(write(behaviour(licks()), units=False), on_issue="raise")
    nf.schema.check(session, "session")
    assert "spikes" not in session.children


def images(names, size=4):
    return [GrayscaleImage(name=name, data=np.full((size, size), 7, np.uint8)) for name in names]


def scenes(nwb, *, order=("b", "a"), shown=(0, 1, 0)):
    held = images(["a", "b"])
    refs = [image for name in order for image in held if image.name == name]
    order = {"order_of_images": ImageReferences(name="order_of_images", data=refs)} if order else {}
    template = Images(name="scenes", images=held, description="", **order)
    nwb.add_stimulus_template(template)
    nwb.add_stimulus(
        IndexSeries(name="shown", data=list(shown), unit="N/A", timestamps=STAMPS, indexed_images=template)
    )


def test_presentations_name_the_image_that_was_shown(write):
    session = nf.io.open_nwb(write(scenes), on_issue="raise")
    nf.schema.check(session, "session")
    shown = session["events/shown"]
    assert shown["stimulus_id"].values.tolist() == ["b", "a", "b"]
    assert shown["data"].values.tolist() == [0, 1, 0]
    assert shown["time"].values.tolist() == STAMPS
    assert shown.attrs["stimuli"] == "scenes"
    assert set(shown["stimulus_id"].values) == set(session["stimuli/scenes"]["stimulus_id"].values)


@pytest.mark.parametrize(
    ("given", "told", "rows"),
    [
        ({"shown": (0, 2, 1)}, "images that do not exist", [1]),
        ({"order": ()}, "numbers of images that have no order", []),
    ],
)
def test_numbers_that_refer_to_nothing_are_told(write, given, told, rows):
    session = nf.io.open_nwb(write(lambda nwb: scenes(nwb, **given)))
    assert "stimulus_id" not in session["events/shown"].coords
    assert session["events/shown"]["data"].values.tolist() == list(given.get("shown", (0, 1, 0)))
    assert issues(session, "events/shown")[told]["rows"] == rows
    assert issues(session, "events/shown")[told]["action"] == "no stimulus_id"


@pytest.mark.parametrize("numbers", [[0, 1, -1], [0.0, 1.0, 0.5], [0.0, 1.0, np.nan]])
def test_what_is_no_number_of_an_image_names_none(write, numbers):
    def damage(file):
        del file["stimulus/presentation/shown/data"]
        file["stimulus/presentation/shown/data"] = numbers
        file["stimulus/presentation/shown/data"].attrs["unit"] = "N/A"

    session = nf.io.open_nwb(write(scenes, damage))
    np.testing.assert_array_equal(session["events/shown"]["data"], numbers)
    assert "stimulus_id" not in session["events/shown"].coords
    assert issues(session, "events/shown")["images that do not exist"]["rows"] == [2]


@pytest.mark.parametrize(("external", "numbers"), [(False, [2, 0, 1]), (True, [9, 0, 1])])
def test_frames_that_were_shown_are_named_by_their_number(write, external, numbers):
    frames = {"external_file": ["film.mp4"], "num_samples": 10} if external else {"data": np.zeros((3, 4, 4))}

    def add(nwb):
        scenes(nwb)
        nwb.add_stimulus_template(ImageSeries(name="film", unit="1", rate=1.0, **frames))

    def damage(file):
        shown = file["stimulus/presentation/shown"]
        shown["data"][...] = numbers
        del shown["indexed_images"]
        shown["indexed_timeseries"] = h5py.SoftLink("/stimulus/templates/film")

    shown = nf.io.open_nwb(write(add, damage), on_issue="raise")["events/shown"]
    assert shown["stimulus_id"].values.tolist() == numbers
    assert shown.attrs["stimuli"] == "film"


@pytest.mark.parametrize("ending", [".nc", ".zarr"])
def test_events_survive_saving(write, tmp_path, ending):
    def add(nwb):
        table_of_drops(nwb)
        scenes(nwb)
        nwb.add_acquisition(AnnotationSeries(name="notes", data=["a", "b"], timestamps=[0.0, 1.0]))

    session = nf.io.open_nwb(write(add))
    assert nf.io.load(nf.io.save(session, tmp_path / f"session{ending}")).identical(session)
