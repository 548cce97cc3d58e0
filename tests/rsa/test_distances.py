"""Distances on plain arrays, against other libraries."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from neurofit.rsa._kernels import distances
from neurofit.rsa._kernels.patterns import whitened

STIMULI = 2 * distances.ROWS + 7  # two blocks, and a smaller one


@pytest.mark.parametrize(
    ("ours", "theirs"), [("squared_euclidean", "sqeuclidean"), ("correlation", "correlation")]
)
def test_blocks_of_stimuli_agree_with_scipy(ours, theirs):
    patterns = np.random.default_rng(0).normal(size=(2, STIMULI, 9)) + 5.0
    before = patterns.copy()
    expected = np.stack([pdist(each, theirs) for each in patterns])
    found = getattr(distances, ours)(patterns)
    np.testing.assert_allclose(found, expected / (9 if ours == "squared_euclidean" else 1), atol=1e-10)
    np.testing.assert_array_equal(patterns, before)


def test_blocks_of_stimuli_cross_validate_alike():
    folds = np.random.default_rng(0).normal(size=(STIMULI, 3, 5))
    present = np.ones((STIMULI, 3), dtype=bool)
    found = distances.pair_distances(*distances.crossvalidated(folds, folds, present), 5)
    first, second = np.triu_indices(STIMULI, 1)
    apart = folds[first] - folds[second]
    products = [(apart[:, f] * apart[:, g]).sum(axis=1) for f in range(3) for g in range(3) if f != g]
    np.testing.assert_allclose(found, np.mean(products, axis=0) / 5, atol=1e-10)


@pytest.mark.parametrize("in_place", [False, True])
def test_whitening_is_a_product_with_the_root(in_place):
    rng = np.random.default_rng(0)
    patterns, root = rng.normal(size=(4, 3, 2, 6)), np.tril(rng.normal(size=(6, 6)))
    given = patterns.copy()
    found = whitened(given, root, in_place=in_place)
    np.testing.assert_allclose(found, patterns @ root, atol=1e-12)
    assert np.shares_memory(found, given) == in_place
    assert np.array_equal(given, patterns) != in_place
