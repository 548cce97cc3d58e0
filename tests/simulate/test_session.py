import h5py
import numpy as np
import pytest
from nwbinspector import Importance, inspect_nwbfile
from scipy.spatial.distance import pdist
from scipy.stats import kstest

from neurofit import io, nets, prep, schema, simulate
from neurofit.errors import RecordingError, ResultsExistError, UnknownNameError
from neurofit.simulate import _population as population

SMALL = {"units": 12, "repeats": 2, "steps": 40, "progress": False}


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return simulate.session(tmp_path_factory.mktemp("simulated") / "session.nwb", rng=3, **SMALL)


@pytest.mark.filterwarnings("ignore")  # the inspector's own
def test_the_file_is_valid_nwb(path):
    found = inspect_nwbfile(nwbfile_path=path, importance_threshold=Importance.BEST_PRACTICE_VIOLATION)
    told = {message.check_function_name: message.message for message in found}
    told.pop("check_electrodes_location_allen_ccf")  # Areas are called what the user calls them.
    assert told == {}


def test_it_opens_as_a_session_without_defects(path):
    session = io.open_nwb(path, on_issue="raise")
    schema.check(session, "session")
    areas, counts = np.unique(session["spikes"].area, return_counts=True)
    assert dict(zip(areas, counts, strict=True)) == {"AL": 12, "LM": 12, "V1": 12}
    trials = session["trials"]
    assert trials.sizes["trial"] == 2 * 64
    for block in (0, 1):
        shown = trials.stimulus_id.values[trials.block.values == block]
        assert len(set(shown)) == 64


def test_layers_keep_the_order_of_the_areas_and_differ_between_seeds(path, tmp_path):
    depth = ["conv1", "conv2", "conv3", "dense"]
    places = [depth.index(layer) for layer in simulate.truth(path)["layers"].values()]
    assert places == sorted(set(places))
    others = [simulate.session(tmp_path / f"{seed}.nwb", rng=seed, **SMALL) for seed in range(4)]
    assert len({tuple(simulate.truth(other)["layers"].values()) for other in others}) > 1


def test_same_seed_same_session(path, tmp_path):
    again = simulate.session(tmp_path / "again.nwb", rng=3, **SMALL)
    one, other = (io.open_nwb(file)["spikes"].to_dataset() for file in (path, again))
    assert one.identical(other)
    assert simulate.truth(path) == simulate.truth(again)


def test_the_truth_makes_the_network_again(path):
    recipe = simulate.truth(path)["recipe"]
    chosen = {name: recipe[name] for name in ("architecture", "objective", "rule", "steps")}
    network = nets.train(recipe["task"], rng=recipe["seed"], progress=False, **chosen)
    assert dict(network.recipe) == recipe


def test_no_analysis_can_see_the_truth(path):
    with h5py.File(path) as file:
        assert "neurofit_truth" in file["scratch"]
    session = io.open_nwb(path)
    assert "truth" not in str(session) + str(session.attrs)


def test_units_fire_more_to_stimuli_that_drive_them(path):
    counts = prep.responses(io.open_nwb(path), window=(0.05, 0.55), bin=None)
    before = prep.responses(io.open_nwb(path), window=(-0.2, 0.0), bin=None)
    assert counts.mean() / 0.5 > 1.5 * before.mean() / 0.2
    of_block = [prep.average(counts.isel(trial=counts.block == block)) for block in (0, 1)]
    agreement = [
        np.corrcoef(of_block[0][:, unit], of_block[1][:, unit])[0, 1] for unit in range(counts.sizes["unit"])
    ]
    assert np.mean(agreement) > 0.2


def test_without_a_path_the_session_comes_back_in_memory():
    session = simulate.session(rng=3, **SMALL)
    assert session["spikes"].sizes["unit"] == 36


def test_wrong_requests_are_refused(path, tmp_path):
    with pytest.raises(ResultsExistError, match="exists already"):
        simulate.session(path, **SMALL)
    with pytest.raises(RecordingError, match="5 areas .* has 4: conv1"):
        simulate.session(areas="ABCDE", rng=0, **SMALL)
    with pytest.raises(UnknownNameError, match="'mixture'"):
        simulate.session(readout="mixtur", rng=0, **SMALL)
    (tmp_path / "text").write_text("no recording")
    with pytest.raises(RecordingError, match="no known answer"):
        simulate.truth(tmp_path / "text")


def test_spikes_are_poisson_with_the_rates_asked_for():
    rng = np.random.default_rng(0)
    starts, durations = np.arange(2000.0), np.full(2000, 0.8)
    (times,) = population.spike_times(starts, durations, np.full((2000, 1), 12.0), rng)
    counts = np.histogram(times, np.arange(2001))[0]
    # 2,000 intervals: mean within 4 standard errors, and a Fano factor of 1 within its own 4.
    assert abs(counts.mean() - 9.6) < 4 * np.sqrt(9.6 / 2000)
    assert abs(counts.var() / counts.mean() - 1) < 4 * np.sqrt(2 / 2000)
    assert kstest(times % 1 / 0.8, "uniform").pvalue > 1e-3
    assert (times % 1 <= 0.8 + 1e-9).all()
    np.testing.assert_allclose(times * 30_000, np.round(times * 30_000), atol=1e-4)


def test_gains_average_to_one_and_are_shared_within_an_area():
    rng = np.random.default_rng(0)
    common = population.GAIN_NOISE * rng.normal(size=20_000)
    gains = population.trial_gains(20_000, 5, common, rng)
    np.testing.assert_allclose(gains.mean(axis=0), 1, atol=0.02)
    assert np.corrcoef(np.log(gains).T)[0, 1] > 0.5


def test_a_mixture_keeps_the_geometry_of_the_layer():
    rng = np.random.default_rng(0)
    layer = rng.normal(size=(30, 200)) ** 2
    for n_units, least in ((60, 0.7), (2000, 0.98)):
        drives = population.mixture(layer, n_units, rng)
        assert np.corrcoef(pdist(layer, "sqeuclidean"), pdist(drives, "sqeuclidean"))[0, 1] > least


def test_rates_are_never_negative_and_a_single_readout_follows_telling_units():
    rng = np.random.default_rng(0)
    layer = np.where(np.arange(10) < 5, rng.normal(size=(30, 10)), 1.0)
    drives = population.single(layer, 40, rng)
    assert (drives.std(axis=0) > 0).all()
    assert (population.rates(drives, rng) > 0).all()
