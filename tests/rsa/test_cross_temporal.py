"""Codes that stay, move and turn round, told apart across time."""

import numpy as np
import pytest
import xarray as xr

from neurofit import rsa
from neurofit.errors import RecordingError, SchemaError


def over_time(signal, *, repeats=6, noise=1.0, lasting=0.0, seed=0):
    """Responses to signal (time, stimulus, unit), with noise of each time and some that lasts."""
    rng = np.random.default_rng(seed)
    times, stimuli, units = signal.shape
    stimulus = np.repeat(np.arange(stimuli), repeats)
    values = signal[:, stimulus] + noise * rng.normal(size=(times, len(stimulus), units))
    values += lasting * rng.normal(size=(1, len(stimulus), units))
    names = np.array([f"s{number:02d}" for number in range(stimuli)])
    coords = {"stimulus_id": ("trial", names[stimulus]), "time": 0.1 * np.arange(times)}
    return xr.DataArray(values, coords, ("time", "trial", "unit"))


def alike(units):
    return xr.DataArray(np.eye(units), dims=("unit", "unit_b"))


@pytest.mark.parametrize("noise", ["ledoit_wolf", "diagonal", None])
def test_at_one_time_it_is_the_crossnobis_rdm(noise):
    responses = over_time(np.random.default_rng(1).normal(size=(3, 8, 10)))
    found = rsa.cross_temporal(responses, noise=noise)
    assert found.dims == ("time", "time_b", "pair")
    options = {} if noise is None else {"noise": noise}
    whole = rsa.rdm(responses, measure="crossnobis", **options)
    for time in range(3):
        np.testing.assert_allclose(found[time, time], whole.isel(time=time), atol=1e-10)
    np.testing.assert_allclose(found, found.transpose("time_b", "time", "pair"), atol=1e-12)


def test_agrees_with_a_loop_over_folds_where_trials_are_missing():
    responses = over_time(np.random.default_rng(1).normal(size=(2, 4, 3)), repeats=3)
    responses = responses.assign_coords(fold=("trial", np.tile(range(3), 4))).isel(trial=np.arange(12) != 4)
    responses -= responses.mean("trial")
    found = rsa.cross_temporal(responses, noise=alike(3))
    cell = responses.groupby(["stimulus_id", "fold"]).mean().transpose("time", "stimulus_id", "fold", "unit")
    products = np.zeros((4, 4))
    x, y = cell.values
    for i, j in np.ndindex(4, 4):
        every = [x[i, f] @ y[j, g] for f in range(3) for g in range(3) if f != g]
        products[i, j] = np.nanmean(every)
    i, j = np.triu_indices(4, 1)
    expected = products[i, i] + products[j, j] - products[i, j] - products[j, i]
    np.testing.assert_allclose(found[0, 1], expected / 3, atol=1e-10)


def test_codes_that_stay_move_and_turn_round():
    rng = np.random.default_rng(2)
    first, other = 2 * rng.normal(size=(2, 10, 40))
    found = rsa.cross_temporal(over_time(np.stack([first, first, other, -other])), noise=alike(40)).mean(
        "pair"
    )
    size = float(found[0, 0])
    assert size == pytest.approx(8.0, rel=0.15)  # two patterns of variance 4
    assert found[0, 1] == pytest.approx(size, rel=0.1)
    assert abs(found[0, 2]) < 0.2 * size
    assert found[2, 3] == pytest.approx(-found[2, 2].item(), rel=0.1)


def test_noise_that_lasts_over_a_trial_adds_nothing():
    silent = np.zeros((2, 12, 10))
    found = [
        rsa.cross_temporal(over_time(silent, lasting=2.0, seed=seed), noise=alike(10)).mean().item()
        for seed in range(20)
    ]
    # Standard error over 20 recordings; the same trials on both sides would give 2 x 4 / 6 repeats.
    assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(20)
    assert abs(np.mean(found)) < 0.1


def test_a_models_geometry_may_come_and_go():
    rng = np.random.default_rng(3)
    pattern = rng.normal(size=(10, 30))
    responses = over_time(np.stack([0 * pattern, pattern, pattern]), noise=0.5)
    names = sorted(set(responses.stimulus_id.values))
    coords = {"stimulus_id": ("stimulus", names)}
    model = rsa.rdm(xr.DataArray(pattern, coords, ("stimulus", "unit")), measure="euclidean")
    similarity = rsa.compare(rsa.cross_temporal(responses), model)
    assert similarity.dims == ("time", "time_b")
    assert (similarity[1:, 1:] > 0.8).all()
    assert (abs(similarity[0]) < 0.5).all()


def test_wrong_input_is_refused():
    responses = over_time(np.zeros((2, 3, 4)))
    with pytest.raises(SchemaError, match="no dim 'time'"):
        rsa.cross_temporal(responses.isel(time=0))
    once = responses.isel(trial=[0, 6, 12])
    with pytest.raises(RecordingError, match="2 folds or more"):
        rsa.cross_temporal(once)
