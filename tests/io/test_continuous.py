"""Continuous series come in whole, in their units, under their own names; what does not fit is told."""

import json

import numpy as np
import pytest
from pynwb import TimeSeries
from pynwb.behavior import BehavioralTimeSeries, CompassDirection, Position, PupilTracking, SpatialSeries
from pynwb.ecephys import LFP, ElectricalSeries
from pynwb.image import ImageSeries
from pynwb.ogen import OptogeneticSeries
from pynwb.ophys import DfOverF, Fluorescence, ImageSegmentation, OpticalChannel, RoiResponseSeries

import neurofit as nf
from neurofit.errors import RecordingError, UnknownNameError
from neurofit.io.nwb import _parts, _series, _source

# What pynwb says while a series is put together: its table is not in the file yet.
pytestmark = pytest.mark.filterwarnings("ignore:The linked table for DynamicTableRegion")

TRACES = np.random.default_rng(0).normal(size=(20, 2))


def issues(session, where=""):
    report = json.loads(session.attrs["ingest_report"])
    return {entry["issue"]: entry for entry in report if where in entry["where"]}


def plain(name="wheel", **given):
    return TimeSeries(**{"name": name, "data": np.arange(5.0), "unit": "cm", "rate": 10.0} | given)


def acquired(*series):
    return lambda nwb: [nwb.add_acquisition(one) for one in series]


def one_series(write, **given):
    session = nf.io.open_nwb(write(acquired(plain(**given))))
    return session["continuous/wheel"].to_dataset()


def add_plane(nwb, *, cells=(30, 10, 20), location="VISp"):
    """A segmented plane whose cells have these ids."""
    light = OpticalChannel(name="green", description="", emission_lambda=500.0)
    plane = nwb.create_imaging_plane(
        name="plane",
        optical_channel=light,
        description="",
        device=nwb.create_device("microscope"),
        excitation_lambda=600.0,
        indicator="GCaMP6f",
        location=location,
    )
    segmentation = ImageSegmentation()
    table = segmentation.create_plane_segmentation(name="cells", description="", imaging_plane=plane)
    for cell in cells:
        table.add_roi(id=cell, image_mask=np.zeros((2, 2)))
    ophys = nwb.create_processing_module("ophys", "calcium")
    ophys.add(segmentation)
    return ophys, table


def calcium(*, rows=(2, 0), containers=(DfOverF,), **given):
    def add(nwb):
        ophys, table = add_plane(nwb)
        for container in containers:
            rois = table.create_roi_table_region(region=list(rows), description="")
            settings = {"data": TRACES, "unit": "1", "rate": 4.0} | given
            ophys.add(container(roi_response_series=RoiResponseSeries(name="traces", rois=rois, **settings)))

    return add


def test_calcium_traces_are_responses_of_the_cells_that_the_segmentation_names(write):
    session = nf.io.open_nwb(write(calcium(starting_time=1.5)))
    nf.schema.check(session, "session")
    traces = session["continuous/traces"]
    assert traces["data"].dims == ("sample", "unit")
    assert traces["unit_id"].values.tolist() == [20, 30]
    assert traces["area"].values.tolist() == ["VISp", "VISp"]
    np.testing.assert_array_equal(traces["data"], TRACES)
    np.testing.assert_array_equal(traces["time"], 1.5 + np.arange(20) / 4)
    assert traces["time"].attrs["units"] == "s"
    assert traces.attrs["neurodata_type"] == "RoiResponseSeries"
    assert traces.attrs["path"] == "/processing/ophys/DfOverF/traces"
    (masks,) = issues(session).values()
    assert (masks["where"], masks["action"]) == ("cells/image_mask", "left out")


def test_one_cell_without_an_axis_of_its_own_is_one_unit(write):
    traces = nf.io.open_nwb(write(calcium(rows=[1], data=TRACES[:, 0])))["continuous/traces"]
    assert traces["data"].shape == (20, 1)
    assert traces["unit_id"].values.tolist() == [10]


def test_field_potentials_sit_where_their_electrodes_are(write):
    volts = np.array([[1, 2], [3, 4], [5, 6]], np.int16)

    def add(nwb):
        region = nwb.create_electrode_table_region(region=[1, 0], description="")
        series = ElectricalSeries(
            name="lfp",
            data=volts,
            electrodes=region,
            rate=1000.0,
            conversion=0.5,
            offset=7.0,
            channel_conversion=[1.0, 10.0],
        )
        nwb.create_processing_module("ecephys", "").add(LFP(electrical_series=series))

    potential = nf.io.open_nwb(write(add))["continuous/lfp"]
    assert potential["data"].dims == ("sample", "channel")
    assert potential["data"].dtype == np.float64
    assert potential["data"].values.tolist() == [[7.5, 17.0], [8.5, 27.0], [9.5, 37.0]]
    assert potential["data"].attrs["units"] == "volts"
    assert potential["channel_id"].values.tolist() == [1, 0]
    assert potential["area"].values.tolist() == ["V1", "CA1"]


def test_behaviour_and_light_come_in_with_their_axes(write):
    stamps = [0.0, 0.1, 0.3, 0.4]

    def add(nwb):
        behaviour = nwb.create_processing_module("behavior", "")
        place = SpatialSeries(name="place", data=np.ones((4, 2)), reference_frame="", timestamps=stamps)
        heading = SpatialSeries(name="heading", data=np.ones(4), reference_frame="", timestamps=place)
        behaviour.add(Position(spatial_series=place))
        behaviour.add(CompassDirection(spatial_series=heading))
        behaviour.add(BehavioralTimeSeries(time_series=plain("speed", data=np.ones((5, 4)))))
        behaviour.add(PupilTracking(time_series=plain("pupil", unit="mm")))
        site = nwb.create_ogen_site(
            "site", device=nwb.create_device("laser"), description="", excitation_lambda=473.0, location="CA1"
        )
        nwb.add_stimulus(OptogeneticSeries(name="light", data=np.ones(6), site=site, rate=10.0))

    series = nf.io.open_nwb(write(add))["continuous"].children
    assert set(series) == {"place", "heading", "speed", "pupil", "light"}
    assert series["place"]["component"].values.tolist() == ["x", "y"]
    assert series["place"]["time"].values.tolist() == series["heading"]["time"].values.tolist() == stamps
    assert series["heading"]["data"].dims == ("sample",)
    assert series["speed"]["data"].dims == ("sample", "component")
    assert "component" not in series["speed"].coords
    assert series["pupil"]["data"].attrs["units"] == "mm"
    assert series["light"]["data"].attrs["units"] == "watts"


def test_what_the_tables_tell_of_cells_and_electrodes_comes_with_their_series(write):
    def add(nwb):
        calcium()(nwb)
        table = nwb.processing["ophys"]["ImageSegmentation"]["cells"]
        table.add_column("roi_kind", "", data=["soma", "apical", "basal"])
        table.add_column("snr", "", data=[1.0, np.nan, 3.0])
        nwb.add_electrode_column("depth", "", data=[10.0, 20.0])
        region = nwb.create_electrode_table_region(region=[1, 0], description="")
        volts = ElectricalSeries(
            name="lfp", data=np.ones((3, 2)), electrodes=region, rate=1.0, filtering="1-300 Hz"
        )
        nwb.add_acquisition(volts)

    session = nf.io.open_nwb(write(add), rename={"roi_kind": "compartment", "depth": "mm"})
    traces, volts = session["continuous/traces"], session["continuous/lfp"]
    assert traces["compartment"].dims == ("unit",)
    assert traces["compartment"].values.tolist() == ["basal", "soma"]
    np.testing.assert_array_equal(traces["snr"], [3.0, 1.0])
    assert volts["mm"].values.tolist() == [20.0, 10.0]
    assert volts["group_name"].values.tolist() == ["shank", "shank"]
    assert volts.attrs["filtering"] == "1-300 Hz"
    with pytest.raises(UnknownNameError, match="Did you mean 'roi_kind'"):
        nf.io.open_nwb(write(add), rename={"roi_kinds": "compartment"})


def test_the_area_of_a_cell_is_its_own_where_the_user_names_the_column(write):
    def add(nwb):
        calcium()(nwb)
        cells = nwb.processing["ophys"]["ImageSegmentation"]["cells"]
        cells.add_column("region", "", data=["VISp", "VISl", "VISal"])

    path = write(add)
    assert nf.io.open_nwb(path)["continuous/traces"]["area"].values.tolist() == ["VISp", "VISp"]
    renamed = nf.io.open_nwb(path, rename={"region": "area"})["continuous/traces"]
    assert renamed["area"].values.tolist() == ["VISal", "VISp"]


def test_a_table_of_cells_is_read_and_reported_once_for_all_its_series(write, monkeypatch):
    path = write(calcium(containers=(DfOverF, Fluorescence)))
    read, columns_of = [], _source.columns_of
    monkeypatch.setattr(
        _source, "columns_of", lambda *given: read.append(given[1].name) or columns_of(*given)
    )
    assert nf.io.open_nwb(path).attrs["ingest_report"].count("cells/image_mask") == 1
    assert read == ["cells"]


def test_light_says_where_it_fell(write):
    def add(nwb):
        laser = nwb.create_device("laser")
        where = {"device": laser, "description": "", "excitation_lambda": 473.0, "location": "CA1"}
        site = nwb.create_ogen_site("fibre", **where)
        nwb.add_stimulus(
            OptogeneticSeries(name="light", data=np.arange(3.0), site=site, rate=10.0, conversion=0.5)
        )

    light = nf.io.open_nwb(write(add))["continuous/light"]
    assert light["data"].values.tolist() == [0.0, 0.5, 1.0]
    told = ("site", "site_location", "device", "excitation_wavelength")
    assert [light.attrs[name] for name in told] == ["fibre", "CA1", "laser", "473 nm"]


def test_series_of_one_name_are_both_kept(write):
    def add(nwb):
        calcium(containers=(DfOverF, Fluorescence))(nwb)
        nwb.add_acquisition(plain("wheel"))
        nwb.create_processing_module("behavior", "").add(plain("wheel", data=np.zeros(5)))

    session = nf.io.open_nwb(write(add))
    assert set(session["continuous"].children) == {
        "acquisition_wheel",
        "behavior_wheel",
        "ophys_DfOverF_traces",
        "ophys_Fluorescence_traces",
    }
    assert not session["continuous/behavior_wheel"]["data"].any()
    told = issues(session, "acquisition/wheel")["several series have this name"]
    assert told["action"] == "kept as acquisition_wheel"


def test_images_and_text_are_told_and_not_read(write):
    film = ImageSeries(name="film", data=np.zeros((3, 2, 2)), unit="1", rate=1.0)
    words = plain("words", data=["left", "right"])
    cube = plain("cube", data=np.zeros((5, 2, 2)))
    session = nf.io.open_nwb(write(acquired(film, words, cube)))
    assert "continuous" not in session.children
    assert issues(session, "acquisition/film")["images"]["action"] == "left out"
    assert "no numbers" in issues(session, "continuous/words")
    assert "more than two axes" in issues(session, "continuous/cube")
    nf.io.open_nwb(write(acquired(plain()), name="fine.nwb"), on_issue="raise")


def test_large_series_wait_until_they_are_asked_for(write, monkeypatch):
    monkeypatch.setattr(_parts, "MOST_VALUES", 10)
    path = write(acquired(plain("small", data=np.zeros(10)), plain("large", data=np.zeros((6, 2)))))
    session = nf.io.open_nwb(path)
    assert set(session["continuous"].children) == {"small"}
    assert "continuous=['large']" in issues(session, "large")["12 values"]["action"]
    for wanted in (["large"], "large"):
        assert set(nf.io.open_nwb(path, continuous=wanted)["continuous"].children) == {"large"}
    assert "continuous" not in nf.io.open_nwb(path, continuous=False).children
    with pytest.raises(UnknownNameError, match="Did you mean 'large'"):
        nf.io.open_nwb(path, continuous=["larg"])


def resize(name, values):
    def damage(file):
        attrs = dict(file[name].attrs)
        del file[name]
        file[name] = values
        file[name].attrs.update(attrs)

    return damage


@pytest.mark.parametrize(
    ("stamps", "told"),
    [
        (np.arange(4.0), "5 samples but 4 timestamps"),
        (np.arange(6.0), "5 samples but 6 timestamps"),
        (np.zeros((2, 5)), "5 samples but 2 x 5 timestamps"),
    ],
)
def test_times_that_do_not_fit_the_samples_are_never_cut_to_fit(write, stamps, told):
    series = plain(rate=None, timestamps=np.arange(5.0))
    path = write(acquired(series), resize("acquisition/wheel/timestamps", stamps))
    session = nf.io.open_nwb(path)
    assert "continuous" not in session.children
    assert issues(session, "continuous/wheel")[told]["action"] == "left out"
    with pytest.raises(RecordingError, match="timestamps"):
        nf.io.open_nwb(path, on_issue="raise")


@pytest.mark.parametrize(
    ("stamps", "told", "rows"),
    [
        ([0.0, np.nan, 2.0, 3.0, np.inf], "NaN or infinite timestamps", [1, 4]),
        ([0.0, 2.0, 1.0, 3.0, 2.5], "unsorted timestamps", [2, 4]),
    ],
)
def test_odd_times_are_flagged_and_kept_as_they_are(write, stamps, told, rows):
    session = nf.io.open_nwb(write(acquired(plain(rate=None, timestamps=stamps))))
    wheel = session["continuous/wheel"]
    np.testing.assert_array_equal(wheel["time"], stamps)
    np.testing.assert_array_equal(wheel["data"], np.arange(5.0))
    assert wheel.attrs["issue"] == told
    assert issues(session)[told]["rows"] == rows
    nf.schema.check(session, "session")


def test_of_many_odd_times_the_report_lists_the_first(write, monkeypatch):
    monkeypatch.setattr(_series, "MOST_ROWS", 2)
    session = nf.io.open_nwb(write(acquired(plain(rate=None, timestamps=[4.0, 3.0, 2.0, 1.0, 0.0]))))
    told = issues(session, "wheel")["unsorted timestamps (4; the first 2 are listed)"]
    assert told["rows"] == [1, 2]


@pytest.mark.parametrize("rows", [[5, 0], [0, 1, 2]])
def test_cells_that_do_not_exist_are_told(write, rows):
    name = "processing/ophys/DfOverF/traces/rois"
    session = nf.io.open_nwb(write(calcium(), resize(name, rows)))
    traces = session["continuous/traces"]
    assert traces["unit_id"].values.tolist() == [0, 1]
    assert traces["area"].values.tolist() == ["", ""]
    assert [entry["action"] for entry in issues(session, "rois").values()] == ["counted from 0"]


def test_a_rate_of_nothing_is_no_time(write):
    def damage(file):
        file["acquisition/wheel/starting_time"].attrs["rate"] = 0.0

    session = nf.io.open_nwb(write(acquired(plain()), damage))
    assert "a rate of 0.0 Hz" in issues(session, "wheel")


def test_a_series_that_is_damaged_does_not_take_the_spikes_with_it(write):
    chunks = []

    def damage(file):
        attrs = dict(file["acquisition/wheel/data"].attrs)
        del file["acquisition/wheel/data"]
        data = file["acquisition/wheel"].create_dataset("data", data=np.arange(5.0), compression="gzip")
        data.attrs.update(attrs)
        file.flush()
        chunks.append(data.id.get_chunk_info(0))

    path = write(acquired(plain()), damage)
    with path.open("r+b") as raw:
        raw.seek(chunks[0].byte_offset)
        raw.write(b"\xff" * chunks[0].size)
    session = nf.io.open_nwb(path)
    assert session["spikes"].sizes["unit"] == 3
    assert "continuous" not in session.children
    (told,) = issues(session, "continuous/wheel").values()
    assert told["issue"].startswith("cannot be read")


def test_a_series_without_times_is_no_part_of_a_session(write):
    session = nf.io.open_nwb(write(acquired(plain())))
    session["continuous/wheel"] = session["continuous/wheel"].to_dataset().drop_vars("time")
    assert nf.schema.problems(session, "session") == ["missing coord 'time' of continuous/wheel"]


def test_calcium_is_converted_too(write):
    traces = nf.io.open_nwb(write(calcium(conversion=2.0, offset=1.0, unit="dF/F")))["continuous/traces"]
    np.testing.assert_array_equal(traces["data"], 2 * TRACES + 1)
    assert traces["data"].attrs["units"] == "dF/F"


def test_conversion_gives_units(write):
    wheel = one_series(write, data=np.array([0, 100, 200], np.uint8), conversion=2.0, offset=-1.0)
    assert wheel["data"].values.tolist() == [-1.0, 199.0, 399.0]
    assert wheel["data"].attrs["units"] == "cm"


def test_a_recording_of_calcium_alone_is_a_session(write):
    path = write(calcium(), units=False)
    session = nf.io.open_nwb(path, on_issue="raise")
    nf.schema.check(session, "session")
    assert set(session.children) == {"intervals", "trials", "continuous"}
    assert issues(session)["no table of units"]["action"] == "no /spikes"
    assert [entry.action for entry in nf.io.inspect(path).issues] == ["no /spikes"]
    with pytest.raises(RecordingError, match="choose one of its continuous series with series=: traces"):
        nf.prep.responses(session, stimulus="image")
    with pytest.raises(RecordingError, match="no table of units"):
        nf.io.open_nwb(path, continuous=False)


def test_without_units_the_error_tells_which_series_were_not_read(write, monkeypatch):
    monkeypatch.setattr(_parts, "MOST_VALUES", 3)
    path = write(acquired(plain()), units=False)
    with pytest.raises(
        RecordingError, match=r"no series was read: continuous/wheel: 5 values .*=\['wheel'\]"
    ):
        nf.io.open_nwb(path)
    assert set(nf.io.open_nwb(path, continuous=["wheel"])["continuous"].children) == {"wheel"}


@pytest.mark.parametrize("ending", [".nc", ".zarr"])
def test_continuous_data_survive_saving(write, tmp_path, ending):
    session = nf.io.open_nwb(write(calcium()))
    assert nf.io.load(nf.io.save(session, tmp_path / f"session{ending}")).identical(session)


def test_the_series_of_the_human_recording_come_in(real_data):
    session = nf.io.open_nwb(real_data / "human_mtl_boundaries.nwb", trials="recognition_table")
    assert session["spikes"].sizes["unit"] == 35
    assert set(session["continuous"].children) == {"events", "experiment_ids"}
    for series in session["continuous"].children.values():
        assert series["data"].sizes["sample"] == series["time"].sizes["sample"] > 0
