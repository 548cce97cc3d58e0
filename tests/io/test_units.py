"""What a table of units tells beside spike times comes in as it is, and what does not fit is told."""

import json

import numpy as np
import pytest

import neurofit as nf
from neurofit.errors import RecordingError
from neurofit.io.nwb import _units

# Of every index that is given for one of its own columns pynwb says that it ought to be indexed.
pytestmark = pytest.mark.filterwarnings("ignore:Column '.*' is predefined in Units")

OBSERVED = [[[0.0, 0.5], [1.0, 2.0]], [[0.0, 3.0]], [[0.05, 2.5]]]
INTERVALS = "units/obs_intervals"


def issues(session, where=""):
    report = json.loads(session.attrs["ingest_report"])
    return {entry["issue"]: entry for entry in report if where in entry["where"]}


def column(name, values, **given):
    return lambda nwb: nwb.units.add_column(name, "", data=values, **given)


def observed(intervals):
    """The units of the recording (spikes at 0.1, 0.2, 1.5; none; 0.05, 2.5) with these intervals each."""
    flat = np.array([interval for own in intervals for interval in own], float).reshape(-1, 2)
    return column("obs_intervals", flat, index=np.cumsum([len(own) for own in intervals]).tolist())


def test_when_each_unit_was_observed_comes_in_unit_after_unit(write):
    session = nf.io.open_nwb(write(observed(OBSERVED)), on_issue="raise")
    nf.schema.check(session, "session")
    spikes = session["spikes"]
    assert spikes["observed_start"].dims == spikes["observed_stop"].dims == ("observation",)
    assert spikes["observed_start"].values.tolist() == [0.0, 1.0, 0.0, 0.05]
    assert spikes["observed_stop"].values.tolist() == [0.5, 2.0, 3.0, 2.5]
    assert spikes["observations"].dims == ("unit",)
    assert spikes["observations"].values.tolist() == [2, 1, 1]
    assert spikes["observed_start"].attrs["units"] == "s"
    assert issues(session, "units") == {}


def test_without_intervals_nothing_is_said_of_them(write):
    spikes = nf.io.open_nwb(write())["spikes"].to_dataset()
    assert set(spikes.data_vars) == {"spike_time", "row_size"}
    assert "observation" not in spikes.dims


def test_spikes_outside_the_time_observed_are_counted_and_kept(write):
    short = [[[0.15, 0.5], [1.0, 1.4]], [[0.0, 3.0]], [[0.1, 2.4]]]
    path = write(observed(short))
    session = nf.io.open_nwb(path)
    assert session["spikes"]["row_size"].values.tolist() == [3, 0, 2]
    assert issues(session, "units")["spikes outside the time observed (4)"]["rows"] == [0, 2]
    with pytest.raises(RecordingError, match="outside the time observed"):
        nf.io.open_nwb(path, on_issue="raise")


@pytest.mark.parametrize(
    ("intervals", "told"),
    [
        ([[0.0, np.nan]], "NaN or infinite intervals of observation"),
        ([[2.0, 0.0]], "reversed intervals of observation"),
        ([[0.0, 1.0], [0.5, 2.0]], "overlapping or unsorted intervals of observation"),
        ([[1.0, 2.0], [0.0, 0.5]], "overlapping or unsorted intervals of observation"),
    ],
)
def test_odd_intervals_are_told_and_kept(write, intervals, told):
    session = nf.io.open_nwb(write(observed([intervals, *OBSERVED[1:]])))
    (entry,) = issues(session, "units").values()
    assert (entry["issue"], entry["where"], entry["rows"]) == (told, INTERVALS, [0])
    assert session["spikes"]["observations"].values.tolist() == [len(intervals), 1, 1]


def test_a_unit_without_an_interval_was_never_observed(write):
    session = nf.io.open_nwb(write(observed([[], OBSERVED[1], OBSERVED[2]])))
    assert session["spikes"]["observations"].values.tolist() == [0, 1, 1]
    assert issues(session, INTERVALS)["no interval of observation"]["rows"] == [0]
    assert issues(session, "units")["spikes outside the time observed (3)"]["rows"] == [0]


@pytest.mark.parametrize("index", [[2, 1, 4], [2, 3, 5], [2, 4]])
def test_intervals_that_fit_no_unit_are_left_out(write, index):
    def damage(file):
        attrs = dict(file[f"{INTERVALS}_index"].attrs)
        del file[f"{INTERVALS}_index"]
        file[f"{INTERVALS}_index"] = np.array(index, np.uint8)
        file[f"{INTERVALS}_index"].attrs.update(attrs)

    session = nf.io.open_nwb(write(observed(OBSERVED), damage))
    assert "observations" not in session["spikes"].to_dataset()
    told = issues(session, INTERVALS)["not a start and a stop for each interval of each unit"]
    assert told["action"] == "left out"


def test_counting_spikes_outside_agrees_with_looking_at_each():
    rng = np.random.default_rng(0)
    for _ in range(50):
        start = rng.integers(0, 20, 4).astype(float)
        stop = start + rng.integers(0, 5, 4)
        train = np.append(rng.integers(0, 25, 30).astype(float), [np.nan, np.inf])
        inside = [any(a <= spike <= b for a, b in zip(start, stop, strict=True)) for spike in train[:30]]
        assert _units._outside(train, start, stop) == 30 - sum(inside)


@pytest.mark.parametrize("shape", [(3, 5), (3, 5, 2)])
def test_mean_waveforms_keep_their_values_type_and_rate(write, shape):
    mean = np.random.default_rng(0).normal(size=shape).astype(np.float32)

    def add(nwb):
        nwb.units.waveform_rate = 30000.0
        column("waveform_mean", mean)(nwb)
        column("waveform_sd", np.full((3, 5), np.nan, np.float32))(nwb)

    def damage(file):
        file["units/waveform_mean"].attrs["unit"] = "microvolts"

    session = nf.io.open_nwb(write(add, damage), on_issue="raise")
    spikes = session["spikes"]
    assert spikes["waveform_mean"].dims == ("unit", "waveform_sample", "waveform_channel")[: len(shape)]
    assert spikes["waveform_mean"].dtype == np.float32
    np.testing.assert_array_equal(spikes["waveform_mean"], mean)
    assert np.isnan(spikes["waveform_sd"]).all()
    assert spikes["waveform_mean"].attrs["units"] == "microvolts"
    assert spikes["waveform_mean"].attrs["sampling_rate"] == 30000.0
    assert issues(session, "units") == {}


def test_large_waveforms_are_left_out(write, monkeypatch):
    monkeypatch.setattr(_units, "MOST_VALUES", 14)
    session = nf.io.open_nwb(write(column("waveform_mean", np.zeros((3, 5), np.float32))))
    assert "waveform_mean" not in session["spikes"].to_dataset()
    assert issues(session, "waveform_mean")["15 values"]["action"] == "left out"


def test_waveforms_of_single_spikes_are_never_read(write):
    def add(nwb):
        for spikes in (3, 1, 2):  # each seen on two electrodes
            waves = [[[0.0, 1.0, 0.5, 0.0]] * 2] * spikes
            nwb.add_unit(spike_times=np.arange(float(spikes)), waveforms=waves)

    session = nf.io.open_nwb(write(add, units=False), on_issue="raise")
    assert issues(session, "units/waveforms")["waveforms of single spikes, 12 x 4"]["action"] == "left out"


def test_quality_metrics_keep_their_type_and_their_gaps(write):
    def add(nwb):
        column("snr", np.array([1.5, np.nan, 3.0], np.float32))(nwb)
        column("peak_channel", np.array([3, 1, 2], np.int16))(nwb)
        column("is_good", np.array([True, False, True]))(nwb)

    spikes = nf.io.open_nwb(write(add), on_issue="raise")["spikes"]
    np.testing.assert_array_equal(spikes["snr"], np.array([1.5, np.nan, 3.0], np.float32))
    assert spikes["snr"].dtype == np.float32
    assert spikes["peak_channel"].values.tolist() == [3, 1, 2]
    assert spikes["peak_channel"].dtype == np.int16
    assert spikes["is_good"].values.tolist() == [True, False, True]


def placed(electrodes):
    """Units on these electrodes (numbers 40, 50), of which there are two at these places."""

    def add(nwb):
        device = nwb.create_device("probe")
        group = nwb.create_electrode_group("shank", description="", location="", device=device)
        for number, y in ((40, 100.0), (50, np.nan)):
            nwb.add_electrode(id=number, x=1.0, y=y, z=-y, location="CA1", group=group)
        for own in electrodes:
            nwb.add_unit(spike_times=[0.1], electrodes=own)

    return add


def test_units_on_one_electrode_each_know_its_id_and_place(write):
    path = write(placed([[1], [0], [1]]), units=False, located=False)
    session = nf.io.open_nwb(path, on_issue="raise")
    spikes = session["spikes"]
    assert spikes["electrode_id"].values.tolist() == [50, 40, 50]
    assert spikes["electrode_x"].values.tolist() == [1.0, 1.0, 1.0]
    np.testing.assert_array_equal(spikes["electrode_y"], [np.nan, 100.0, np.nan])
    assert issues(session, "units") == {}


def test_units_on_several_electrodes_have_no_single_one(write):
    session = nf.io.open_nwb(write(placed([[1, 0], [0]]), units=False, located=False), on_issue="raise")
    assert "electrode_id" not in session["spikes"].coords
    told = issues(session, "units/electrodes")["not one electrode for each unit"]
    assert told["action"] == "ids left out"


def test_a_column_of_the_labs_own_is_not_replaced(write):
    def add(nwb):
        placed([[1], [0]])(nwb)
        column("electrode_id", ["top", "tip"])(nwb)

    spikes = nf.io.open_nwb(write(add, units=False, located=False))["spikes"]
    assert spikes["electrode_id"].values.tolist() == ["top", "tip"]


@pytest.mark.parametrize("ending", [".nc", ".zarr"])
def test_all_of_it_survives_saving(write, tmp_path, ending):
    def add(nwb):
        observed(OBSERVED)(nwb)
        column("waveform_mean", np.zeros((3, 5), np.float32))(nwb)

    session = nf.io.open_nwb(write(add))
    assert nf.io.load(nf.io.save(session, tmp_path / f"session{ending}")).identical(session)
