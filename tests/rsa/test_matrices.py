"""Comparators of second moments, against matrix functions and what must hold of the geometries."""

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
from scipy.spatial.distance import pdist, squareform

from neurofit.rsa import comparators
from neurofit.rsa._kernels.matrices import complete

ONCE = np.ones((1, 8))


def patterns(units, *, rng, stimuli=8):
    return np.random.default_rng(rng).normal(size=(stimuli, units))


def distances(x):
    return pdist(x, "sqeuclidean")[None]


def centred_moment(rdm):
    square = squareform(rdm[0])
    centring = np.eye(len(square)) - 1 / len(square)
    return -0.5 * centring @ square @ centring


def noise_covariance(rng=5):
    root = patterns(16, rng=rng)
    return root @ root.T / 16


def similarity(name, a, b, noise=None):
    return comparators[name](a, b, ONCE, noise).item()


def test_bures_agrees_with_matrix_square_roots():
    a, b = distances(patterns(3, rng=0)), distances(patterns(20, rng=1))
    moment_a, moment_b = (centred_moment(rdm) + 1e-13 * np.eye(8) for rdm in (a, b))
    root = scipy.linalg.sqrtm(moment_a)
    fidelity = np.trace(scipy.linalg.sqrtm(root @ moment_b @ root)).real
    expected = fidelity / np.sqrt(np.trace(moment_a) * np.trace(moment_b))
    assert similarity("bures", a, b) == pytest.approx(expected, abs=1e-5)


def test_bures_is_the_cosine_of_the_procrustes_angle_between_patterns():
    """Harvey et al. 2024: the nuclear norm of X'Y over |X| |Y|, for centred patterns."""
    x, y = patterns(5, rng=0), patterns(12, rng=1)
    x_centred, y_centred = x - x.mean(axis=0), y - y.mean(axis=0)
    expected = scipy.linalg.svdvals(x_centred.T @ y_centred).sum() / (
        np.linalg.norm(x_centred) * np.linalg.norm(y_centred)
    )
    assert similarity("bures", distances(x), distances(y)) == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize(("name", "alike"), [("bures", 1.0), ("riemannian", 0.0)])
def test_a_geometry_is_like_itself_at_any_scale_and_in_any_rotation(name, alike):
    x = patterns(20, rng=0)
    rotation = np.linalg.qr(patterns(20, rng=1, stimuli=20))[0]
    moved = 3.0 * x @ rotation + 7.0
    assert similarity(name, distances(x), distances(moved)) == pytest.approx(alike, abs=1e-6)
    assert similarity(name, distances(x), distances(patterns(20, rng=2))) < alike - 0.05


@pytest.mark.parametrize("noise", [None, noise_covariance()])
def test_riemannian_agrees_with_the_matrix_logarithm_at_the_best_scale_and_noise(noise):
    a, b = distances(patterns(3, rng=0)), distances(patterns(20, rng=1))
    contrasts = scipy.linalg.null_space(np.ones((1, 8))).T
    moment_a, moment_b = (contrasts @ centred_moment(rdm) @ contrasts.T for rdm in (a, b))
    covariance = contrasts @ (np.eye(8) if noise is None else noise) @ contrasts.T

    def mixed(logarithms):
        s, t = np.exp(logarithms)
        return s * moment_a + t * covariance

    def squared(logarithms):
        return (np.log(scipy.linalg.eigvalsh(mixed(logarithms), moment_b)) ** 2).sum()

    fits = [
        scipy.optimize.minimize(squared, start, method="Nelder-Mead", options={"xatol": 1e-6, "fatol": 1e-10})
        for start in ([0, 0], [2, 2], [-2, 2])
    ]
    best = min(fits, key=lambda fit: fit.fun).x
    unroot = np.linalg.inv(scipy.linalg.sqrtm(moment_b))
    expected = np.linalg.norm(scipy.linalg.logm(unroot @ mixed(best) @ unroot))
    assert similarity("riemannian", a, b, noise) == pytest.approx(-expected, abs=1e-6)


@pytest.mark.parametrize("noise", [None, noise_covariance()])
def test_riemannian_gives_the_model_the_noise_of_the_data(noise):
    """A model of few units, plus noise of any amount, is at no distance."""
    covariance = np.eye(8) if noise is None else noise
    a = distances(patterns(3, rng=0))
    diagonal = np.diagonal(covariance)
    of_noise = squareform(diagonal[:, None] + diagonal - 2 * covariance, checks=False)
    assert similarity("riemannian", a, 2.0 * a + 5.0 * of_noise, noise) == pytest.approx(0, abs=1e-5)


def test_riemannian_needs_data_that_are_positive_definite_and_a_model_only_some_noise():
    few, many = distances(patterns(3, rng=0)), distances(patterns(20, rng=1))
    indefinite = many.copy()
    indefinite[0, :6] -= 1.5 * many.max()
    assert np.linalg.eigvalsh(centred_moment(indefinite))[0] < -1
    assert np.isfinite(similarity("riemannian", few, many))
    assert np.isfinite(similarity("riemannian", indefinite, many))
    assert np.isnan(similarity("riemannian", many, few))
    assert np.isnan(similarity("riemannian", many, indefinite))


def test_bures_takes_negative_eigenvalues_as_zero():
    many, other = distances(patterns(20, rng=0)), distances(patterns(20, rng=1))
    indefinite = many.copy()
    indefinite[0, :6] -= 1.5 * many.max()
    values, axes = np.linalg.eigh(centred_moment(indefinite))
    positive = (axes * np.maximum(values, 0)) @ axes.T
    lengths = np.diagonal(positive)
    clipped = squareform(lengths[:, None] + lengths - 2 * positive, checks=False)[None]
    found = similarity("bures", indefinite, other)
    assert found == pytest.approx(similarity("bures", clipped, other), abs=1e-8)
    assert similarity("bures", indefinite, indefinite) == pytest.approx(1)


@pytest.mark.parametrize("name", ["bures", "riemannian"])
def test_stimuli_that_lack_pairs_are_left_out_and_copies_count_once(name):
    a, b = distances(patterns(20, rng=0)), distances(patterns(20, rng=1))
    i, j = np.triu_indices(8, 1)
    lacking = a.copy()
    lacking[0, (i == 3) & (j > 4)] = np.nan
    kept = np.array([0, 1, 2, 4, 5, 6, 7])
    part = [squareform(squareform(rdm[0])[np.ix_(kept, kept)])[None] for rdm in (a, b)]
    expected = comparators[name](*part, np.ones((1, 7))).item()
    assert similarity(name, lacking, b) == pytest.approx(expected, abs=1e-10)
    times = np.array([[1.0, 3, 1, 0, 2, 1, 1, 1]])
    assert comparators[name](a, b, times).item() == pytest.approx(expected, abs=1e-10)


def test_the_stimulus_that_lacks_most_goes_first():
    lacks = np.zeros((5, 5), dtype=bool)
    for first, second in [(4, 1), (4, 2), (4, 3), (3, 0)]:
        lacks[first, second] = lacks[second, first] = True
    assert complete(lacks, np.ones(5, dtype=bool)).tolist() == [1, 2, 3]
    assert complete(lacks, np.array([True, True, True, True, False])).tolist() == [1, 2, 3]


@pytest.mark.filterwarnings("ignore")  # Those of the peer.
@pytest.mark.parametrize(("name", "theirs"), [("bures", "bures"), ("riemannian", "neg_riem_dist")])
def test_agrees_with_rsatoolbox(name, theirs):
    peer = pytest.importorskip("rsatoolbox.rdm.compare")
    a = np.concatenate([distances(patterns(20, rng=rng)) for rng in range(3)])
    b = np.concatenate([distances(patterns(30, rng=rng)) for rng in (3, 4)])
    expected = peer.compare(a, b, theirs)
    np.testing.assert_allclose(comparators[name](a, b, ONCE)[0], expected, atol=1e-6)
