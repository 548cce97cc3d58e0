"""Comparators on plain arrays, against definitions spelled out."""

import tracemalloc
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.distance import squareform
from scipy.stats import spearmanr

from neurofit.rsa import comparators
from neurofit.rsa._kernels import comparison, sums
from neurofit.rsa._kernels.sums import pair_weights

OVER_PAIRS = {name: one.over_pairs for name, one in comparators.items() if hasattr(one, "over_pairs")}
ALL = sorted(OVER_PAIRS)


def rdms(shape, *, rng=0, levels=None):
    rng = np.random.default_rng(rng)
    return rng.normal(size=shape) if levels is None else rng.integers(levels, size=shape).astype(float)


def once(name, a, b):
    return OVER_PAIRS[name](a[None], b[None], np.ones((1, len(a))))[0, 0, 0]


def test_pearson_agrees_with_numpy():
    a, b = rdms((3, 40)) + 100, rdms((4, 40), rng=1)
    result = OVER_PAIRS["pearson"](a, b, np.ones((1, 40)))[0]
    np.testing.assert_allclose(result, np.corrcoef(a, b)[:3, 3:], atol=1e-12)


def test_cosine_agrees_with_its_definition():
    a, b = rdms(40), rdms(40, rng=1)
    assert once("cosine", a, b) == pytest.approx(a @ b / np.sqrt((a @ a) * (b @ b)), abs=1e-12)


@pytest.mark.parametrize("a", [(1, 1, 2, 3, 3), (1, 2, 3, 4, 5), (1, 1, 1, 1, 2)])
@pytest.mark.parametrize("b", [(2, 1, 1, 1, 3), (3, 1, 2, 5, 4), (4, 4, 4, 4, 4)])
def test_rho_a_is_the_mean_of_spearmans_rho_over_all_ways_to_break_ties(a, b):
    def broken(values):
        orders = [
            rank
            for rank in permutations(range(5))
            if np.all(np.diff(np.array(values)[np.argsort(rank)]) >= 0)
        ]
        return np.array(orders, dtype=float)

    rhos = [np.corrcoef(x, y)[0, 1] for x in broken(a) for y in broken(b)]
    assert once("rho_a", np.array(a, float), np.array(b, float)) == pytest.approx(np.mean(rhos), abs=1e-12)


def test_rho_a_is_spearmans_rho_without_ties():
    a, b = rdms(60), rdms(60, rng=1)
    assert once("rho_a", a, b) == pytest.approx(spearmanr(a, b).statistic, abs=1e-12)


@pytest.mark.parametrize("name", ALL)
@settings(deadline=None, max_examples=40)
@given(
    arrays(float, (2, 12), elements=st.sampled_from([0.0, 1.0, 2.5, 4.0, np.nan])),
    arrays(float, (3, 12), elements=st.sampled_from([-1.0, 0.5, 3.0, 3.5, np.nan])),
    arrays(np.int64, (2, 12), elements=st.integers(0, 3)),
)
def test_a_weight_counts_like_copies_and_nan_like_absence(name, a, b, weights):
    result = OVER_PAIRS[name](a, b, weights.astype(float))
    for draw, counts in enumerate(weights):
        for i, j in np.ndindex(2, 3):
            there = ~np.isnan(a[i]) & ~np.isnan(b[j]) & (counts > 0)
            x, y = (np.repeat(row[there], counts[there]) for row in (a[i], b[j]))
            expected = once(name, x, y) if there.sum() >= 3 else np.nan
            np.testing.assert_allclose(result[draw, i, j], expected, atol=1e-10)


@pytest.mark.parametrize("name", ALL)
def test_a_common_offset_costs_no_digits(name):
    a, b, weights = rdms((2, 50)), rdms((2, 50), rng=1), rdms((5, 50), rng=2, levels=4)
    if name != "cosine":
        shifted = OVER_PAIRS[name](a + 1e6, b - 1e6, weights)
        np.testing.assert_allclose(shifted, OVER_PAIRS[name](a, b, weights), atol=1e-8)


@pytest.mark.parametrize("name", ["rho_a", "spearman"])
def test_draws_of_ranks_do_not_depend_on_how_many_are_held(name, monkeypatch):
    a, b, weights = (rdms((count, 20), rng=count, levels=4) for count in (2, 3, 9))
    expected = OVER_PAIRS[name](a, b, weights)
    for held in (1, 45, 20 * 8):
        monkeypatch.setattr(comparison, "WEIGHTS", held)
        np.testing.assert_array_equal(OVER_PAIRS[name](a, b, weights), expected)


@pytest.mark.parametrize("name", ["pearson", "cosine", "rho_a", "spearman"])
def test_weights_of_many_draws_are_never_held_at_once(name):
    times = np.random.default_rng(0).integers(0, 3, size=(1000, 60)).astype(float)
    a, b = rdms((2, 1770)), rdms((3, 1770), rng=1)
    comparators[name](a, b, times[:2])
    tracemalloc.start()
    comparators[name](a, b, times)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < times.shape[0] * a.shape[1] * 8 / 4


def test_what_does_not_vary_has_no_correlation():
    a = np.array([[0.1, 0.1, 0.1, 0.1], [1.0, 1.0, 1.0, 2.0]])
    b = np.arange(4.0)[None]
    weights = np.array([[1.0, 1, 1, 1], [1, 1, 2, 0]])
    assert np.isnan(OVER_PAIRS["pearson"](a, b, weights)).tolist() == [[[True], [False]], [[True], [True]]]
    assert np.isnan(OVER_PAIRS["cosine"](0 * a, b, weights)).all()


@pytest.mark.parametrize("stimuli", [2, 3, 12, 40])
@pytest.mark.parametrize("block", [1, 30, 1000])
def test_sums_over_draws_are_sums_with_the_weights_of_pairs(stimuli, block, monkeypatch):
    monkeypatch.setattr(sums, "PAIRS", block)
    monkeypatch.setattr(sums, "DRAWS", 7)
    times = np.random.default_rng(0).integers(0, 4, size=(20, stimuli)).astype(float)
    rows, which = rdms((3, stimuli * (stimuli - 1) // 2)), (np.array([0, 1, 0]), np.array([0, 2, 1]))
    expected = sums.weighed(pair_weights(times))(rows, *which)
    np.testing.assert_allclose(sums.drawn(times)(rows, *which), expected, atol=1e-10)


@pytest.mark.parametrize("few", [0, 2**17], ids=["in blocks", "at once"])
@pytest.mark.parametrize("name", ["pearson", "cosine"])
def test_draws_of_stimuli_are_weights_of_pairs(name, few, monkeypatch):
    monkeypatch.setattr(sums, "PAIRS", few)
    times = np.random.default_rng(0).integers(0, 3, size=(30, 6)).astype(float)
    times[0] = [1, 1, 0, 0, 0, 0]  # one pair is too few
    a, b = rdms((4, 15)), rdms((3, 15), rng=1)
    a[1, 3:7] = a[2, :] = b[0, [2, 9]] = np.nan
    expected = OVER_PAIRS[name](a, b, pair_weights(times))
    assert np.isnan(expected).any()
    np.testing.assert_allclose(comparators[name](a, b, times), expected, atol=1e-12)


def left_out(stimuli):
    """Each stimulus left out, each two, and none."""
    one = 1 - np.eye(stimuli)
    first, second = np.triu_indices(stimuli, 1)
    return np.concatenate([one, one[first] * one[second], np.ones((1, stimuli))])


@pytest.mark.parametrize("name", ["pearson", "cosine"])
@pytest.mark.parametrize("missing", [False, True])
def test_what_is_left_without_stimuli_is_what_was_there_less_theirs(name, missing):
    times, a, b = left_out(9), rdms((3, 36)) + 2, rdms((4, 36), rng=1) + 1
    b[3] = a[0]  # as a subject's, which is on both sides
    if missing:
        a[1, 3:7] = b[0, [2, 9]] = np.nan
    expected = OVER_PAIRS[name](a, b, pair_weights(times))
    np.testing.assert_allclose(comparators[name](a, b, times), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("factor", [10, 100, 1e3, 1e4])
@pytest.mark.parametrize("name", ["pearson", "cosine"])
def test_a_stimulus_far_from_all_others_costs_no_digits_when_it_is_left_out(name, factor):
    times, a, b = left_out(9), rdms((3, 36)), rdms((2, 36), rng=1)
    first, second = np.triu_indices(9, 1)
    a[:, (first == 4) | (second == 4)] *= factor
    expected = OVER_PAIRS[name](a, b, pair_weights(times))
    np.testing.assert_allclose(comparators[name](a, b, times), expected, rtol=0, atol=1e-10)


def test_two_pairs_are_too_few():
    for name in ALL:
        assert np.isnan(once(name, np.array([1.0, 2.0, np.nan]), np.array([1.0, 2.0, 3.0])))


def test_pair_weights_are_products_in_squareform_order():
    multiplicities = np.array([[2.0, 0, 1, 3], [1, 1, 1, 1]])
    for row, weights in zip(multiplicities, pair_weights(multiplicities), strict=True):
        products = np.outer(row, row)
        np.fill_diagonal(products, 0)
        np.testing.assert_array_equal(weights, squareform(products))
