"""Banded matrices agree with dense ones."""

import numpy as np

from neurofit.plasticity.policy import _banded


def test_factor_solve_determinant_and_inverse_agree_with_dense():
    rng = np.random.default_rng(0)
    trials, size = 6, 3
    diagonal, below = np.zeros((trials, size, size)), 0.5 * rng.normal(size=(trials - 1, size, size))
    dense = np.zeros((trials * size, trials * size))
    for t in range(trials):
        root = rng.normal(size=(size, size))
        diagonal[t] = root @ root.T + 6 * np.eye(size)
        here = slice(t * size, (t + 1) * size)
        dense[here, here] = diagonal[t]
        if t:
            before = slice((t - 1) * size, t * size)
            dense[here, before], dense[before, here] = below[t - 1], below[t - 1].T
    found = _banded.factor(diagonal, below)
    right = rng.normal(size=(trials, size))
    np.testing.assert_allclose(found.solve(right).ravel(), np.linalg.solve(dense, right.ravel()))
    np.testing.assert_allclose(found.logdet(), np.linalg.slogdet(dense)[1])
    inverse = np.linalg.inv(dense).reshape(trials, size, trials, size)
    np.testing.assert_allclose(_banded.inverse_blocks(found), inverse[range(trials), :, range(trials)])
