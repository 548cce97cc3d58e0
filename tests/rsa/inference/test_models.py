"""Models with something to fit: what they were not fitted to is all that counts."""

import numpy as np
import pytest
import scipy.optimize
import xarray as xr

from neurofit import rsa
from neurofit.errors import RecordingError, SchemaError
from neurofit.rsa.inference import _fit, _folds, _kernels
from neurofit.rsa.inference._assess import Assessor


def labelled(values, stimuli, dim="part"):
    names = np.array([f"s{number:02d}" for number in range(stimuli)])
    first, second = np.triu_indices(stimuli, 1)
    pairs = {"stimulus_a": ("pair", names[first]), "stimulus_b": ("pair", names[second])}
    return xr.DataArray(np.asarray(values), pairs, (dim, "pair"))


def parts_and_data(seed, *, stimuli=20, subjects=5, weights=(1.0, 0.0, 3.0), noise=0.5):
    """RDMs of single features, and subjects who see a mixture of them with noise."""
    rng = np.random.default_rng(seed)
    first, second = np.triu_indices(stimuli, 1)
    features = rng.normal(size=(stimuli, len(weights)))
    parts = ((features[first] - features[second]) ** 2).T
    mixture = np.array(weights) @ parts
    data = mixture + noise * rng.normal(size=(subjects, parts.shape[1])) * (mixture.std() or 1.0)
    return parts, data


def held_out(model, parts, data, *, measure="pearson", seed=0):
    """Score by cross-validation on all stimuli and subjects."""
    assessor = Assessor(((model, parts),), measure, None)
    return assessor.per_subject(data, np.random.default_rng(seed))[0].mean()


@pytest.mark.parametrize(
    ("kind", "measure"),
    [("selection", "pearson"), ("weighted", "pearson"), ("weighted", "cosine"), ("interpolation", "pearson")],
)
def test_nothing_is_gained_by_fitting_noise(kind, measure):
    """Twelve parts against pure noise: what was fitted scores 0 elsewhere, but not on itself."""
    scores = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        parts, data = rng.normal(size=(12, 190)), rng.normal(size=(5, 190))
        scores.append(held_out(rsa.models[kind](labelled(parts, 20)), parts, data, measure=measure))
    assert abs(np.mean(scores)) < 3 * np.std(scores) / np.sqrt(8) + 0.01
    naive = _fit.best_mixture(*_whole(parts, data))
    assert np.corrcoef(naive @ parts, data.mean(axis=0))[0, 1] > 0.15


def _whole(parts, data):
    found = _fit.moments(parts, data, np.ones((1, 20)), centred=True)
    return found.gram[0], (found.products / found.lengths[:, None])[0].mean(axis=1)


def test_a_known_mixture_is_recovered():
    parts, data = parts_and_data(0, noise=0.05)
    weights = _fit.best_mixture(*_whole(parts, data))
    np.testing.assert_allclose(weights / weights[0], [1.0, 0.0, 3.0], atol=0.1)
    mixed = held_out(rsa.Weighted(labelled(parts, 20)), parts, data)
    assert mixed > 0.99
    assert mixed > held_out(rsa.Selection(labelled(parts, 20)), parts, data) + 0.03


def test_weights_are_those_of_non_negative_least_squares():
    """For a single subject the highest cosine with weights >= 0 is the direction of the least squares."""
    rng = np.random.default_rng(0)
    parts, data = rng.random((4, 190)), rng.random((1, 190))
    found = _fit.moments(parts, data, np.ones((1, 20)), centred=False)
    weights = _fit.best_mixture(found.gram[0], found.products[0, :, 0])
    expected = scipy.optimize.nnls(parts.T, data[0])[0]
    np.testing.assert_allclose(weights / weights.sum(), expected / expected.sum(), atol=1e-8)


def test_interpolation_finds_the_point_between_two_neighbours():
    rng = np.random.default_rng(0)
    parts = rng.random((4, 190))
    data = (0.25 * parts[1] + 0.75 * parts[2])[None]
    found = _fit.moments(parts, data, np.ones((1, 20)), centred=False)
    weights = _fit.best_interpolation(found.gram[0], found.products[0, :, 0])
    np.testing.assert_allclose(weights / weights.sum(), [0, 0.25, 0.75, 0], atol=1e-8)
    not_neighbours = (parts[0] + parts[2])[None]
    found = _fit.moments(parts, not_neighbours, np.ones((1, 20)), centred=False)
    assert np.count_nonzero(_fit.best_interpolation(found.gram[0], found.products[0, :, 0])) <= 2


def test_copies_never_straddle_folds_and_folds_are_of_equal_size():
    times = _kernels.drawn(20, 50, np.random.default_rng(0))
    fold = _folds.random_folds(times, 3, np.random.default_rng(1))
    assert fold.shape == times.shape  # one fold for a stimulus, with all of its copies
    sizes = np.stack([((fold == one) & (times > 0)).sum(axis=1) for one in range(3)])
    assert np.ptp(sizes, axis=0).max() <= 1


def test_no_subject_and_no_stimulus_is_in_both_training_and_test():
    """A model that is told the RDM of one subject, pair by pair, has nothing from it in the others' folds."""
    rng = np.random.default_rng(0)
    data = rng.normal(size=(6, 190))
    model = rsa.Selection(labelled(data, 20))
    assert held_out(model, data, data) < 0.1
    assert np.mean([np.corrcoef(data[0], row)[0, 1] for row in data]) > 0.1


def test_moments_agree_with_pairs_written_out():
    parts, data = parts_and_data(0)
    times = _kernels.drawn(20, 3, np.random.default_rng(0))
    found = _fit.moments(parts, data, times, centred=True)
    first, second = np.triu_indices(20, 1)
    for draw, weights in enumerate(times[:, first] * times[:, second]):
        drawn = [np.repeat(rows, weights.astype(int), axis=1) for rows in (parts, data)]
        a, b = (rows - rows.mean(axis=1, keepdims=True) for rows in drawn)
        np.testing.assert_allclose(found.gram[draw], a @ a.T)
        np.testing.assert_allclose(found.products[draw], a @ b.T)
        np.testing.assert_allclose(found.lengths[draw], np.linalg.norm(b, axis=1))


def test_fixed_and_fitted_models_go_together():
    parts, data = parts_and_data(0, noise=0.5)
    rdms, subjects = labelled(parts, 20), labelled(data, 20, "subject")
    models = {
        "truth": rdms[0] + 3 * rdms[2],
        "mixture": rsa.Weighted(rdms),
        "one": rsa.Selection(rdms),
        "between": rsa.Interpolation(rdms),
    }
    found = rsa.evaluate(models, subjects, draws=40, rng=0, progress=False)
    assert found.estimate.sel(model="mixture") <= found.estimate.sel(model="truth")
    assert found.estimate.sel(model="mixture") > found.estimate.sel(model="one")
    assert np.isfinite(found.standard_error).all()
    assert (found.ceiling_lower < found.ceiling_upper).all()
    assert found.attrs["models_fitted"] == "held out"


def test_a_model_that_cannot_be_is_refused():
    parts, data = parts_and_data(0)
    subjects = labelled(data, 20, "subject")
    with pytest.raises(SchemaError, match="'m' has dims .* a Fixed model has dim 'pair' alone"):
        rsa.evaluate({"m": labelled(parts, 20)}, subjects)
    parts, data = parts_and_data(0, stimuli=8)
    few, subjects = labelled(parts, 8), labelled(data, 8, "subject")
    with pytest.raises(RecordingError, match="too few to fit models"):
        rsa.evaluate({"m": rsa.Weighted(few)}, subjects)
