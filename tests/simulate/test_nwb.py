"""The valid file holds one of everything; each quirk is there, and nothing else has changed."""

import re
import shutil

import h5py
import numpy as np
import pynwb
import pytest
from nwbinspector import Importance, inspect_nwbfile
from scipy.stats import f_oneway

from neurofit import io, prep, schema, simulate
from neurofit.errors import ResultsExistError, SchemaError, UnknownNameError

SMALL = {"units": 6, "trials": 12}
SPEED, LFP = "acquisition/running_speed", "processing/ecephys/LFP/lfp"
UNITS, TRIALS = "units", "intervals/trials"
FILM = "stimulus/templates/film"
TIMES, ENDS = "units/spike_times", "units/spike_times_index"
START, STOP = "intervals/trials/start_time", "intervals/trials/stop_time"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return simulate.nwb(tmp_path_factory.mktemp("recording") / "valid.nwb", rng=0, **SMALL)


@pytest.fixture
def odd(path, tmp_path):
    """A copy of the valid file with one quirk."""

    def make(name):
        copy = shutil.copy(path, tmp_path / f"{name}.nwb")
        simulate.quirks[name](copy)
        return copy

    return make


def kept(file, values):
    """``values`` as something to compare: references by the names of what they refer to."""
    if isinstance(values, h5py.Reference):
        try:
            return file[values].name
        except (KeyError, ValueError):
            return "nowhere"
    values = np.asarray(values)
    if values.dtype.names:
        return [kept(file, values[field]) for field in values.dtype.names]
    if values.dtype.kind == "O":
        return [kept(file, v) if isinstance(v, h5py.Reference) else v for v in values.ravel()]
    return values.dtype.str, values.shape, values.tobytes()


def content(path):
    """The values of everything in the file by its path, and of every attribute by path@name."""
    found = {}

    def look(name, link):
        if not isinstance(link, h5py.HardLink):
            found[name] = vars(link)
            return
        item = file[name]
        found.update(
            (f"{name}@{key}", kept(file, value)) for key, value in item.attrs.items() if key != "object_id"
        )
        if isinstance(item, h5py.Group):
            found[name] = "group"
        elif item.is_virtual or item.external or item.size > 10**7:
            found[name] = (item.shape, item.dtype)
        else:
            found[name] = kept(file, item[()])

    with h5py.File(path) as file:
        look("/", h5py.HardLink())
        file.visititems_links(look)
    return found


def differences(one, other):
    one, other = content(one), content(other)
    return {name for name in one.keys() | other.keys() if one.get(name) != other.get(name)}


def listed(file, table):
    return set(file[table].attrs["colnames"])


def spikes(file, unit=0):
    ends = [0, *file[ENDS][()]]
    return file[TIMES][ends[unit] : ends[unit + 1]]


def decreasing(values):
    return bool((np.diff(values) < 0).any())


def all_of(root):
    """Everything of the valid file that lies at or under ``root``."""
    return lambda names: {name for name in names if re.match(rf"{root}(?=$|[/@])", name)}


# What each quirk changes, and what is then true of the file.
IN_HDF5 = {
    "nwb_1": ({"/@nwb_version", "nwb_version"}, lambda f: f["nwb_version"].asstr()[()] == "NWB-1.0.6"),
    "no_version": ({"/@nwb_version"}, lambda f: "nwb_version" not in f.attrs),
    "unknown_version": ({"/@nwb_version"}, lambda f: f.attrs["nwb_version"] == "3.0.0"),
    "unknown_extension": (
        {"units@namespace", "units@neurodata_type"},
        lambda f: f[UNITS].attrs["namespace"] == "ndx-nowhere" not in f["specifications"],
    ),
    "broken_reference": (
        {"units/electrodes@table"},
        lambda f: kept(f, f["units/electrodes"].attrs["table"]) == "nowhere",
    ),
    "no_time_zone": ({"session_start_time"}, lambda f: f["session_start_time"][()] == b"2026-01-01T12:00:00"),
    "external_link": (
        all_of(f"{SPEED}/data"),
        lambda f: f.get(f"{SPEED}/data", getlink=True).filename == "elsewhere.nwb",
    ),
    "external_storage": ({f"{SPEED}/data"}, lambda f: f[f"{SPEED}/data"].external[0][0] == "elsewhere.bin"),
    "virtual_dataset": (
        {f"{SPEED}/data"},
        lambda f: (
            f[SPEED]["data"].is_virtual and f[SPEED]["data"].virtual_sources()[0].file_name == "elsewhere.nwb"
        ),
    ),
    "huge_attributes": (
        {"analysis/notes"} | {f"analysis/notes@note_{number}" for number in range(40)},
        lambda f: sum(value.nbytes for value in f["analysis/notes"].attrs.values()) == 40 * 2**20,
    ),
    "path_traversal": (
        {f"{FILM}/{name}" for name in ("data", "format", "external_file", "external_file@starting_frame")},
        lambda f: {b"../../../../etc/passwd", b"/etc/passwd"} == set(f[FILM]["external_file"]),
    ),
    "no_units": (all_of(UNITS), lambda f: UNITS not in f),
    "no_spike_times": (
        lambda names: {"units@colnames"} | all_of("units/spike_times(_index)?")(names),
        lambda f: "spike_times" not in {*f[UNITS], *listed(f, UNITS)},
    ),
    "decreasing_index": ({ENDS}, lambda f: decreasing(f[ENDS][()].astype(int))),
    "index_past_end": ({ENDS}, lambda f: f[ENDS][-1] == len(f[TIMES]) + 100),
    "nan_spikes": ({TIMES}, lambda f: np.isnan(spikes(f)).sum() == np.isnan(f[TIMES]).sum() == 1),
    "infinite_spikes": ({TIMES}, lambda f: np.isposinf(spikes(f)[-1]) and np.isfinite(f[TIMES]).sum() > 9),
    "negative_spikes": ({TIMES}, lambda f: (f[TIMES][()] < 0).sum() == 1 and not decreasing(spikes(f))),
    "unsorted_spikes": ({TIMES}, lambda f: decreasing(spikes(f)) and not decreasing(spikes(f, 1))),
    "millisecond_spikes": (
        {TIMES},
        lambda f: 900 < f[TIMES][()].max() / f["units/obs_intervals"][()].max() < 1000,
    ),
    "spikes_outside_session": (
        {TIMES},
        lambda f: spikes(f)[-1] == f["units/obs_intervals"][()].max() + 3600 > f[STOP][-1] + 3600,
    ),
    "duplicate_unit_ids": ({"units/id"}, lambda f: f["units/id"][()].tolist() == [0, 0, 2, 3, 4, 5]),
    "unobserved": (
        {TIMES, ENDS, "units/obs_intervals", "units/obs_intervals_index"},
        lambda f: f["units/obs_intervals_index"][()].tolist() == [2, 3, 5, 6, 8, 9],
    ),
    "dangling_electrodes": ({"units/electrodes"}, lambda f: f["units/electrodes"][0] == 9999),
    "byte_locations": (
        {"general/extracellular_ephys/electrodes/location"},
        lambda f: f["general/extracellular_ephys/electrodes/location"][0] == b"b'V1'",
    ),
    "claims_terabytes": ({TIMES, ENDS}, lambda f: f[TIMES].size == f[ENDS][-1] > 1e12),
    "no_trials": (all_of(TRIALS), lambda f: "trials" not in f["intervals"]),
    "trial_ids": ({f"{TRIALS}/id"}, lambda f: f[f"{TRIALS}/id"][()].tolist() == [*range(133, 99, -3)]),
    "overlapping_trials": ({STOP}, lambda f: f[START][0] < f[START][1] < f[STOP][0] < f[STOP][1]),
    "zero_length_trials": ({STOP}, lambda f: np.flatnonzero(f[START][()] == f[STOP][()]).tolist() == [1]),
    "reversed_trials": ({START, STOP}, lambda f: np.flatnonzero(f[START][()] > f[STOP][()]).tolist() == [2]),
    "nan_trials": (
        {START, STOP},
        lambda f: [np.flatnonzero(np.isnan(f[name])).tolist() for name in (START, STOP)] == [[0], [11]],
    ),
    "no_stimulus": (
        lambda names: {f"{TRIALS}@colnames"} | all_of(f"{TRIALS}/stimulus_id")(names),
        lambda f: "stimulus_id" not in {*f[TRIALS], *listed(f, TRIALS)},
    ),
    "unlisted_column": ({f"{TRIALS}@colnames"}, lambda f: set(f[TRIALS]) - listed(f, TRIALS) >= {"choice"}),
    "uneven_column": ({f"{TRIALS}/choice"}, lambda f: len(f[f"{TRIALS}/choice"]) == 11),
    "length_mismatch": (
        {f"{SPEED}/timestamps"},
        lambda f: len(f[SPEED]["timestamps"]) == len(f[SPEED]["data"]) - 1,
    ),
    "two_row_timestamps": (
        {f"{SPEED}/timestamps"},
        lambda f: f[SPEED]["timestamps"].shape == (2, len(f[SPEED]["data"])),
    ),
    "nan_timestamps": ({f"{SPEED}/timestamps"}, lambda f: np.isnan(f[SPEED]["timestamps"]).sum() == 1),
    "unsorted_timestamps": ({f"{SPEED}/timestamps"}, lambda f: decreasing(f[SPEED]["timestamps"])),
    "series_claims_terabytes": ({f"{LFP}/data"}, lambda f: f[LFP]["data"].size > 1e12),
}
OF_BYTES = {"truncated", "not_hdf5", "empty_file"}


def test_every_quirk_is_tested_here():
    assert set(IN_HDF5) | OF_BYTES == set(simulate.quirks)
    assert all(name in repr(simulate.quirks) for name in IN_HDF5)
    assert all(quirk.__doc__ for quirk in simulate.quirks.values())


def holds(fact, path):
    with h5py.File(path) as file:
        try:
            return bool(fact(file))
        except (KeyError, AttributeError, TypeError):
            return False


@pytest.mark.parametrize("name", IN_HDF5)
def test_a_quirk_is_there_and_nothing_else_changed(path, odd, name):
    changed, fact = IN_HDF5[name]
    broken = odd(name)
    assert holds(fact, broken)
    assert not holds(fact, path)
    assert differences(path, broken) == (changed(content(path)) if callable(changed) else changed)


def read(path, *names):
    with h5py.File(path) as file:
        return [file[name][()] for name in names]


@pytest.mark.parametrize(
    ("name", "dataset", "values"),
    [
        ("nan_spikes", TIMES, 1),
        ("infinite_spikes", TIMES, 1),
        ("negative_spikes", TIMES, 1),
        ("unsorted_spikes", TIMES, 2),
        ("spikes_outside_session", TIMES, 1),
        ("decreasing_index", ENDS, 2),
        ("index_past_end", ENDS, 1),
        ("dangling_electrodes", "units/electrodes", 1),
        ("duplicate_unit_ids", "units/id", 1),
        ("overlapping_trials", STOP, 1),
        ("zero_length_trials", STOP, 1),
        ("reversed_trials", STOP, 1),
        ("nan_trials", START, 1),
        ("nan_timestamps", f"{SPEED}/timestamps", 1),
        ("unsorted_timestamps", f"{SPEED}/timestamps", 2),
    ],
)
def test_a_quirk_touches_as_few_values_as_can_be(path, odd, name, dataset, values):
    (before,), (after,) = read(path, dataset), read(odd(name), dataset)
    assert np.count_nonzero(before != after) == values


@pytest.mark.parametrize(
    ("name", "dataset"),
    [("uneven_column", f"{TRIALS}/choice"), ("length_mismatch", f"{SPEED}/timestamps")],
)
def test_what_is_too_short_lacks_its_last_value(path, odd, name, dataset):
    (before,), (after,) = read(path, dataset), read(odd(name), dataset)
    assert before[:-1].tolist() == after.tolist()


def test_units_that_were_not_observed_have_no_spikes_then_and_keep_the_others(path, odd):
    gone = odd("unobserved")
    (observed,) = read(gone, "units/obs_intervals")
    end = observed.max()
    np.testing.assert_allclose(observed[:3], [[0, end / 3], [2 * end / 3, end], [0, end]])
    with h5py.File(path) as valid, h5py.File(gone) as file:
        for unit in range(SMALL["units"]):
            times = spikes(valid, unit)
            seen = (times < end / 3) | (times >= 2 * end / 3) | (unit % 2 == 1)
            assert spikes(file, unit).tolist() == times[seen].tolist()
        for name in ("spike_times", "obs_intervals"):
            assert file[file[f"units/{name}_index"].attrs["target"]] == file[f"units/{name}"]


def test_claims_of_terabytes_take_no_room(path, odd):
    for name in ("claims_terabytes", "series_claims_terabytes"):
        assert odd(name).stat().st_size < path.stat().st_size + 10_000


def test_text_that_shows_bytes_says_what_it_said(path, odd):
    name = "general/extracellular_ephys/electrodes/location"
    (before,), (after,) = read(path, name), read(odd("byte_locations"), name)
    assert after.tolist() == [str(value).encode() for value in before]


def test_quirks_of_bytes(path, odd):
    whole = path.read_bytes()
    assert odd("empty_file").read_bytes() == b""
    assert odd("truncated").read_bytes() == whole[: 2 * len(whole) // 3]
    other = odd("not_hdf5")
    assert other.read_bytes()[8:] == whole[8:]
    assert h5py.is_hdf5(path)
    assert not h5py.is_hdf5(other)


@pytest.mark.parametrize("name", ["unknown_extension", "broken_reference", "uneven_column"])
def test_pynwb_cannot_read_what_breaks_its_rules(odd, name):
    with pynwb.NWBHDF5IO(odd(name), "r") as file, pytest.raises(Exception, match="namespace|token|choice"):
        file.read()


@pytest.mark.parametrize("name", ["external_link", "external_storage", "virtual_dataset"])
def test_links_to_outside_lead_to_files_that_a_test_can_write(path, odd, tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    inside = odd(name)
    assert {file.name for file in tmp_path.iterdir()} == {inside.name}
    other = simulate.nwb(tmp_path / "elsewhere.nwb", rng=1, **SMALL)
    (speed,) = read(other, f"{SPEED}/data")
    speed.tofile(tmp_path / "elsewhere.bin")
    (before,), (after,) = read(path, f"{SPEED}/data"), read(inside, f"{SPEED}/data")
    assert after.tolist() == speed.tolist() != before.tolist()


def test_several_quirks_at_once_those_of_bytes_last(path, odd, tmp_path):
    asked = ["truncated", "nan_spikes", "no_stimulus", "nan_spikes"]
    cut = simulate.nwb(tmp_path / "cut.nwb", quirks=asked, rng=0, **SMALL)
    both = simulate.nwb(tmp_path / "both.nwb", quirks=asked[1:], rng=0, **SMALL)
    assert cut.stat().st_size == 2 * both.stat().st_size // 3
    changed = IN_HDF5["nan_spikes"][0] | IN_HDF5["no_stimulus"][0](content(path))
    assert differences(path, both) == changed
    one = simulate.nwb(tmp_path / "one.nwb", quirks="nan_spikes", rng=0, **SMALL)
    assert differences(one, odd("nan_spikes")) == set()


def test_wrong_requests_are_refused_and_leave_nothing(path, tmp_path):
    target = tmp_path / "none.nwb"
    with pytest.raises(UnknownNameError, match="Did you mean 'nan_spikes'"):
        simulate.nwb(target, quirks=["nan_spike"], **SMALL)
    with pytest.raises(SchemaError, match="quirk 'nan_spikes' cannot follow 'no_units'"):
        simulate.nwb(target, quirks=["no_units", "nan_spikes"], **SMALL)
    with pytest.raises(SchemaError, match="2 units and 12 trials is too small .* 3 units and 4 trials"):
        simulate.nwb(target, units=2, trials=12)
    with pytest.raises(ResultsExistError, match="exists already"):
        simulate.nwb(path, **SMALL)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.filterwarnings("ignore")  # the validator's and the inspector's own
def test_the_file_is_valid_nwb(path):
    assert pynwb.validate(path=path) == []
    assert not list(inspect_nwbfile(nwbfile_path=path, importance_threshold=Importance.CRITICAL))


def test_it_opens_as_a_session_without_defects(path):
    session = io.open_nwb(path, on_issue="raise")
    schema.check(session, "session")
    areas, counts = np.unique(session["spikes"]["area"], return_counts=True)
    assert dict(zip(areas, counts, strict=True)) == {"AL": 2, "LM": 2, "V1": 2}
    rows = {name: table.sizes["trial"] for name, table in session["intervals"].children.items()}
    assert rows == {"trials": 12, "grating_presentations": 16, "epochs": 3}


def test_it_holds_one_of_everything(path):
    with h5py.File(path) as file:
        kinds = set()
        file.visititems(lambda _, item: kinds.add(item.attrs.get("neurodata_type")))
        assert {
            *("Units", "ElectrodesTable", "ElectrodeGroup", "Device", "TimeIntervals", "EventsTable"),
            *("LFP", "ElectricalSeries", "Position", "SpatialSeries", "TimeSeries", "PupilTracking"),
            *("Fluorescence", "DfOverF", "RoiResponseSeries", "PlaneSegmentation", "BehavioralEvents"),
            *("AnnotationSeries", "OptogeneticSeries", "OptogeneticStimulusSite", "Subject"),
            *("Images", "GrayscaleImage", "ImageSeries", "IndexSeries"),
        } <= kinds
        assert set(file["units"]) > {"snr", "isi_violation", "waveform_mean", "waveform_sd", "obs_intervals"}
        shown = file["stimulus/presentation/shown_images/data"][()]
        images = file["stimulus/templates/images/order_of_images"]
        order = [file[image].name.rpartition("/")[2] for image in images]
        assert [order[image] for image in shown] == list(file[TRIALS]["stimulus_id"].asstr()[()])
        kinds_of_cells = file["processing/ophys/ImageSegmentation/rois/roi_kind"]
        assert set(kinds_of_cells.asstr()[()]) == {"soma", "apical"}


def test_spikes_are_sorted_ticks_of_the_clock_in_the_session(path):
    with h5py.File(path) as file:
        end = file["units/obs_intervals"][()].max()
        for unit in range(SMALL["units"]):
            times = spikes(file, unit)
            assert (np.diff(times) > 0).all()
            assert 0 <= times[0] < times[-1] <= end
            np.testing.assert_allclose(times * 30_000, np.round(times * 30_000), atol=1e-5)


def test_units_tell_the_stimuli_apart(tmp_path):
    path = simulate.nwb(tmp_path / "long.nwb", units=12, trials=160, rng=0)
    counts = prep.responses(io.open_nwb(path, continuous=False), window=(0.0, 0.5), bin=None)
    of_stimulus = [group.values for _, group in counts.groupby("stimulus_id")]
    assert (f_oneway(*of_stimulus).pvalue < 1e-3).mean() > 0.8


def test_same_seed_same_values(path, tmp_path):
    again = simulate.nwb(tmp_path / "again.nwb", rng=0, **SMALL)
    assert differences(path, again) == set()
    assert TIMES in differences(path, simulate.nwb(tmp_path / "other.nwb", rng=1, **SMALL))
