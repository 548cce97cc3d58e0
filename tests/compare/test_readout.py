"""A readout is scikit-learn's ridge; its score is that of stimuli left out, and keeps its sign."""

import numpy as np
import pytest
import sklearn.linear_model
import xarray as xr

import neurofit as nf
from neurofit import compare
from neurofit.errors import AlignmentError, RecordingError, SchemaError


@pytest.fixture
def activations(make_activations):
    return make_activations(stimuli=25, units=4)


def neurons(activations, count=3, *, noise=1.0, repeats=1, seed=0):
    rng = np.random.default_rng(seed)
    signal = activations.values @ rng.normal(size=(activations.sizes["unit"], count))
    values = np.tile(signal, (repeats, 1)) + noise * rng.normal(size=(repeats * len(signal), count))
    coords = {"stimulus_id": ("trial", np.tile(activations["stimulus_id"].values, repeats))}
    return xr.DataArray(values, coords, ("trial", "unit"), attrs={"units": "spikes"})


def test_agrees_with_ridge_of_scikit_learn(activations):
    responses = neurons(activations, repeats=2)
    found = compare.fit_readout(activations, responses, penalties=[3.0])
    mean = nf.prep.average(responses)
    ridge = sklearn.linear_model.Ridge(3.0).fit(activations.values, mean.values)
    np.testing.assert_allclose(found["weights"], ridge.coef_.T)
    np.testing.assert_allclose(found["intercept"], ridge.intercept_)
    assert found["weights"].dims == ("unit", "unit_b")


def test_predictivity_is_that_of_each_stimulus_left_out_of_mean_and_fit(activations):
    responses = neurons(activations, count=2, noise=2.0)
    found = compare.fit_readout(activations, responses, penalties=[5.0])
    x, y = activations.values, responses.values
    kept = [np.arange(len(x)) != left for left in range(len(x))]
    errors = [y[~k] - sklearn.linear_model.Ridge(5.0).fit(x[k], y[k]).predict(x[~k]) for k in kept]
    spread = [y[~k] - y[k].mean(axis=0) for k in kept]
    expected = 1 - np.square(errors).sum(axis=0) / np.square(spread).sum(axis=0)
    np.testing.assert_allclose(found["predictivity"], expected[0])


def test_the_predictivity_of_noise_is_not_above_zero(activations):
    responses = neurons(activations, count=40).copy(data=np.random.default_rng(1).normal(size=(25, 40)))
    found = compare.fit_readout(activations, responses, penalties=[1.0])
    assert found["predictivity"].mean() < -0.2


def test_each_neuron_has_its_own_penalty(activations):
    responses = xr.concat([neurons(activations, 1, noise=0.01), neurons(activations, 1, noise=30)], "unit")
    penalty = compare.fit_readout(activations, responses)["penalty"].values
    assert penalty[0] < 1 < penalty[1]


def test_stimuli_are_matched_by_name(activations):
    responses = neurons(activations)
    shuffled = responses[np.random.default_rng(2).permutation(25)]
    one, other = (compare.fit_readout(activations, each, penalties=[1.0]) for each in (responses, shuffled))
    np.testing.assert_allclose(one["weights"], other["weights"])


def test_small_counts_do_not_wrap_around_and_results_survive_saving(activations, tmp_path):
    counts = (100 + 10 * neurons(activations)).round().clip(0, 255)
    small = compare.fit_readout(activations, counts.astype("uint8"))
    xr.testing.assert_equal(small, compare.fit_readout(activations, counts))
    nf.schema.check(small, "results")
    assert nf.io.load(nf.io.save(small, tmp_path / "readout.nc")).identical(small)
    for array in small.data_vars.values():
        assert array.attrs["units"]
        assert array.attrs["long_name"]


def test_what_cannot_be_fitted_is_told(activations):
    responses = neurons(activations)
    with pytest.raises(AlignmentError, match="s03"):
        compare.fit_readout(activations[4:], responses)
    with pytest.raises(RecordingError, match="4 stimuli, and 5 or more"):
        compare.fit_readout(activations, responses[:4])
    with pytest.raises(RecordingError, match="not finite in units 0, 1, 2"):
        compare.fit_readout(activations, responses.where(responses["stimulus_id"] != "s03"))
    with pytest.raises(SchemaError, match="missing dim 'unit'"):
        compare.fit_readout(activations, responses.rename(unit="neuroid"))
