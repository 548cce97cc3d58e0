"""Areas that differ in noise alone show no hierarchy; areas that lie in a row do."""

import numpy as np
import pytest
import xarray as xr

from neurofit import compare
from neurofit.compare._permuted import signal_to_noise

ORDER = ["V1", "LM", "AL"]
quick = {"draws": 100, "permutations": 60, "order": ORDER, "progress": False}


@pytest.fixture(scope="module")
def model(make_activations):
    return make_activations(stimuli=40)


def noisier_up_the_order(model, make_recording, seed):
    """Every unit follows the first layer. Noise grows from V1 to AL and draws AL to the middle."""
    every = make_recording(model, {"V1": "first"}, units=60, seed=seed)
    noise = np.random.default_rng(100 + seed).normal(size=every.shape)
    return every.assign_coords(area=("unit", np.repeat(ORDER, 20))) + np.repeat([0.5, 4.0, 12.0], 20) * noise


def test_signal_to_noise_is_that_of_the_simulation(recording_of):
    truth = np.array([0.0, 0.25, 1.0, 4.0])
    found = np.mean([signal_to_noise(recording_of(truth, seed)) for seed in range(40)], axis=0)
    # 40 recordings of 60 stimuli: standard error of the largest about .15.
    np.testing.assert_allclose(found, truth, rtol=0.15, atol=0.03)


@pytest.fixture
def recording_of():
    def make(snr, seed):
        rng = np.random.default_rng(seed)
        stimulus = np.repeat(np.arange(60), rng.integers(2, 6, size=60))
        values = (rng.normal(size=(60, len(snr))) * np.sqrt(snr))[stimulus]
        values += rng.normal(size=values.shape)
        return xr.DataArray(values, {"stimulus_id": ("trial", stimulus.astype(str))}, ("trial", "unit"))

    return make


def test_areas_in_a_row_lie_above_every_exchange(model, make_recording):
    driven = make_recording(model, {"V1": "first", "LM": "second", "AL": "third"})
    result = compare.areas_to_layers(driven, model, rng=0, **quick).isel(model=0)
    assert result.p_hierarchy == pytest.approx(1 / 61)
    assert result.hierarchy > result.hierarchy_null.sel(bound="upper")


def test_p_is_that_of_one_model_whatever_stands_beside_it(model, make_recording, make_activations):
    driven = make_recording(model, {"V1": "first", "LM": "second", "AL": "third"})
    alone = compare.areas_to_layers(driven, {"a": model}, rng=0, **quick)
    both = compare.areas_to_layers(driven, {"b": make_activations(9, stimuli=40), "a": model}, rng=0, **quick)
    assert both.p_hierarchy.sel(model="a") == alone.p_hierarchy.item()
    assert both.p_hierarchy.sel(model="b") > 0.05


@pytest.mark.slow
def test_noise_that_grows_up_the_order_is_not_taken_for_a_hierarchy(model, make_recording):
    p = [
        compare.areas_to_layers(
            noisier_up_the_order(model, make_recording, seed), model, rng=seed, **quick
        ).p_hierarchy.item()
        for seed in range(16)
    ]
    # Of 16 uniform p, three or fewer lie below .05 with probability .99. Exchanges that do not heed noise
    # give 8 of 16.
    assert np.sum(np.array(p) < 0.05) <= 3


def test_without_an_order_there_is_no_hierarchy_to_test(model, make_recording):
    driven = make_recording(model, {"V1": "first", "LM": "second"})
    for options in ({"order": None}, {"order": ["V1"]}, {"order": ["V1", "LM"], "permutations": 0}):
        result = compare.areas_to_layers(driven, model, rng=0, **(quick | options))
        assert result.p_hierarchy.isnull().all()
        assert result.hierarchy_null.isnull().all()
