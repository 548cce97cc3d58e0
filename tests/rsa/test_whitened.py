"""Whitened comparators, against the covariance of pairs written out."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from neurofit.errors import SchemaError
from neurofit.rsa import comparators
from neurofit.rsa._kernels.whitened import pair_covariance

WHITENED = ["whitened_cosine", "whitened_pearson"]


def patterns_noise(stimuli, *, rng=0):
    """A covariance of the noise of stimuli: neighbours share some, variances differ."""
    root = np.random.default_rng(rng).normal(size=(stimuli, 2 * stimuli))
    return root @ root.T / stimuli + 0.3 * np.eye(stimuli)


def rdms(rows, stimuli, *, rng=0):
    rng = np.random.default_rng(rng)
    return np.array([pdist(rng.normal(size=(stimuli, 5)), "sqeuclidean") for _ in range(rows)])


def directly(name, a, b, noise):
    """With V inverted over the pairs in both, and the mean of generalised least squares taken off."""
    first, second = np.triu_indices(len(noise), 1)
    there = ~np.isnan(a) & ~np.isnan(b)
    inverse = np.linalg.inv(pair_covariance(noise, first[there], second[there]))
    a, b = a[there], b[there]
    if name == "whitened_pearson":
        ones = np.ones(len(a))
        a, b = (row - ones @ inverse @ row / (ones @ inverse @ ones) for row in (a, b))
    return a @ inverse @ b / np.sqrt((a @ inverse @ a) * (b @ inverse @ b))


@pytest.fixture(params=["iid", "diagonal", "full"])
def noise(request):
    full = patterns_noise(8)
    return {"iid": None, "diagonal": np.diag(np.diagonal(full)), "full": full}[request.param]


def test_errors_of_squared_distances_covary_as_pair_covariance_says():
    """Of crossvalidated distances of pure noise, by simulation; V is up to a factor."""
    noise = patterns_noise(4)
    first, second = np.triu_indices(4, 1)
    rng = np.random.default_rng(0)
    one, other = (np.linalg.cholesky(noise) @ rng.normal(size=(200_000, 4, 1)) for _ in range(2))
    distances = ((one[:, first] - one[:, second]) * (other[:, first] - other[:, second]))[..., 0]
    expected = pair_covariance(noise, first, second)
    np.testing.assert_allclose(np.cov(distances.T), expected, atol=0.03 * expected.max())


@pytest.mark.parametrize("name", WHITENED)
@pytest.mark.parametrize("missing", [0.0, 0.3, 0.7])
def test_agrees_with_the_inverse_of_the_pair_covariance(name, missing, noise):
    a, b = rdms(3, 8), rdms(2, 8, rng=1)
    rng = np.random.default_rng(2)
    for row in (*a, *b[:1]):
        row[rng.random(28) < missing / 2] = np.nan
    result = comparators[name](a, b, np.ones((1, 8)), noise)[0]
    for i, j in np.ndindex(3, 2):
        expected = directly(name, a[i], b[j], np.eye(8) if noise is None else noise)
        assert result[i, j] == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("name", WHITENED)
def test_copies_in_a_draw_are_stimuli_with_their_own_noise_and_no_pair(name, noise):
    a, b = rdms(2, 8), rdms(2, 8, rng=1)
    a[0, 5] = b[1, 20] = np.nan
    drawn = np.array([[0, 0, 0, 2, 3, 5, 6, 6], [7, 7, 1, 1, 4, 4, 2, 2], [0, 1, 2, 3, 4, 4, 4, 4]])
    times = np.array([np.bincount(draw, minlength=8) for draw in drawn], dtype=float)
    result = comparators[name](a, b, times, noise)
    full = np.eye(8) if noise is None else noise
    for index, draw in enumerate(np.sort(drawn, axis=1)):
        copy = np.array([np.sum(draw[:at] == draw[at]) for at in range(8)])
        covariance = full[np.ix_(draw, draw)] * (copy[:, None] == copy)
        i, j = np.triu_indices(8, 1)
        for x, y in np.ndindex(2, 2):
            rows = [
                np.where(draw[i] == draw[j], np.nan, squareform(rdm)[draw[i], draw[j]])
                for rdm in (a[x], b[y])
            ]
            assert result[index, x, y] == pytest.approx(directly(name, *rows, covariance), abs=1e-9)


@pytest.mark.parametrize("name", WHITENED)
def test_left_out_stimuli_leave_the_covariance_of_the_others(name, noise):
    a, b = rdms(2, 8), rdms(2, 8, rng=1)
    kept = np.array([0, 2, 3, 6, 7])
    times = np.isin(np.arange(8), kept)[None].astype(float)
    part = [np.array([squareform(squareform(row)[np.ix_(kept, kept)]) for row in rows]) for rows in (a, b)]
    expected = comparators[name](*part, np.ones((1, 5)), None if noise is None else noise[np.ix_(kept, kept)])
    np.testing.assert_allclose(comparators[name](a, b, times, noise), expected, atol=1e-10)


def test_whitened_cosine_of_squared_distances_is_linear_cka():
    """The biased CKA of centred patterns; the plain cosine is not (Diedrichsen et al. 2021)."""
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(12, 7)), rng.normal(size=(12, 30)) + 5
    x_centred, y_centred = x - x.mean(axis=0), y - y.mean(axis=0)
    cka = np.linalg.norm(x_centred.T @ y_centred) ** 2 / (
        np.linalg.norm(x_centred.T @ x_centred) * np.linalg.norm(y_centred.T @ y_centred)
    )
    a, b = (pdist(patterns, "sqeuclidean")[None] for patterns in (x, y))
    assert comparators["whitened_cosine"](a, b, np.ones((1, 12))).item() == pytest.approx(cka, abs=1e-12)
    assert comparators["cosine"](a, b, np.ones((1, 12))).item() != pytest.approx(cka, abs=0.05)


def test_whitened_pearson_ignores_a_constant_and_whitened_cosine_does_not(noise):
    a, b = rdms(1, 8), rdms(1, 8, rng=1)
    a[0, 3] = np.nan
    once = np.ones((1, 8))
    for constant in (1.0, 1e6):
        shifted = comparators["whitened_pearson"](a + constant, b - constant, once, noise)
        expected = comparators["whitened_pearson"](a, b, once, noise)
        assert shifted.item() == pytest.approx(expected.item(), abs=1e-8)
    plain = [comparators["whitened_cosine"](a + c, b, once, noise).item() for c in (0.0, 3.0)]
    assert abs(plain[0] - plain[1]) > 0.01


def test_squared_whitened_pearson_is_what_generalised_least_squares_explain():
    """The plain mean in its place explains less, unless noise is iid and no pair missing."""
    noise, (a, b) = patterns_noise(8), rdms(2, 8)
    inverse = np.linalg.inv(pair_covariance(noise, *np.triu_indices(8, 1)))

    def left(*columns):
        design = np.stack([np.ones(28), *columns], axis=1)
        weights = np.linalg.solve(design.T @ inverse @ design, design.T @ inverse @ b)
        rest = b - design @ weights
        return rest @ inverse @ rest

    r = comparators["whitened_pearson"](a[None], b[None], np.ones((1, 8)), noise).item()
    assert r**2 == pytest.approx(1 - left(a) / left(), abs=1e-10)
    plain = directly("whitened_cosine", a - a.mean(), b - b.mean(), noise)
    assert abs(plain**2 - (1 - left(a) / left())) > 1e-3


def test_the_generalised_least_squares_mean_is_the_plain_one_for_iid_noise():
    a, b = rdms(2, 8)
    plain = directly("whitened_cosine", a - a.mean(), b - b.mean(), np.eye(8))
    assert comparators["whitened_pearson"](a[None], b[None], np.ones((1, 8))).item() == pytest.approx(plain)


@pytest.mark.parametrize("name", WHITENED)
def test_the_scale_of_the_noise_does_not_matter(name, noise):
    a, b, once = rdms(2, 8), rdms(2, 8, rng=1), np.ones((1, 8))
    scaled = 7.0 * (np.eye(8) if noise is None else noise)
    np.testing.assert_allclose(comparators[name](a, b, once, scaled), comparators[name](a, b, once, noise))


def test_an_rdm_that_does_not_vary_has_no_whitened_pearson(noise):
    a, b = np.full((1, 28), 0.3), rdms(1, 8)
    assert np.isnan(comparators["whitened_pearson"](a, b, np.ones((1, 8)), noise)).all()
    assert np.isnan(comparators["whitened_cosine"](0 * a, b, np.ones((1, 8)), noise)).all()


@pytest.mark.parametrize("name", WHITENED)
def test_whitening_finds_the_true_model_more_often(name):
    """Why it is done: of two models, the one that made noisy crossvalidated distances wins more often."""
    rng = np.random.default_rng(0)
    models = np.stack([pdist(rng.normal(size=(12, 4)), "sqeuclidean") for _ in range(2)])
    models[1] = 0.7 * models[0] + 0.3 * models[1]
    true = np.linalg.cholesky(-0.5 * _centre(squareform(models[0])) + 1e-9 * np.eye(12))
    units, trials = 40, 150
    data = []
    for _ in range(trials):
        patterns = true @ rng.normal(size=(12, units))
        one, other = patterns + 3 * rng.normal(size=(2, 12, units))
        first, second = np.triu_indices(12, 1)
        data.append(np.mean((one[first] - one[second]) * (other[first] - other[second]), axis=1))
    right = {}
    for kind in (name, name.removeprefix("whitened_")):
        found = comparators[kind](models, np.array(data), np.ones((1, 12)))[0]
        right[kind] = np.mean(found[0] > found[1])
    assert right[name] > right[name.removeprefix("whitened_")]


def _centre(matrix):
    return matrix - matrix.mean(axis=0) - matrix.mean(axis=1)[:, None] + matrix.mean()


def test_correlated_noise_needs_whole_draws():
    with pytest.raises(SchemaError, match="whole number"):
        comparators["whitened_cosine"](rdms(1, 8), rdms(1, 8), np.full((1, 8), 0.5), patterns_noise(8))
