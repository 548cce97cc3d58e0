"""How many dimensions the signal of noisy patterns has, over all stimuli like those that were shown.

With C the covariance of the signal over stimuli, tr(C)^2 and tr(C^2) are estimated without bias: by means
over products of different stimuli, in which each noisy response stands once. For stimulus i with trials x_ir
let m_i be their mean, and M_i the mean of x_ir x_is' over r != s, which noise does not raise. Then

    tr(C)^2 = mean of (tr M_i - m_i'm_j) (tr M_k - m_k'm_l),    tr(C^2) = mean of tr M_i M_j - 2 m_j'M_i m_k
    + m_i'm_j m_k'm_l,    each over all different i, j, k, l.
"""

from __future__ import annotations

from math import perm
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

Trials = Float[np.ndarray, "trial unit"]
Stimulus = Int[np.ndarray, " trial"]
Kept = Bool[np.ndarray, " stimulus"]
Square = Float[np.ndarray, "stimulus stimulus"]

BLOCK = 2**25  # Products of trials that are held at a time: 256 MB.


class Products(NamedTuple):
    """Products of patterns of n stimuli, free of noise where a stimulus meets itself."""

    own: np.ndarray  # (stimulus,) tr M_i
    means: np.ndarray  # (stimulus, stimulus) m_i'm_j
    squares: np.ndarray  # (stimulus, stimulus) tr M_i M_j
    across: np.ndarray  # (stimulus, stimulus) m_k'M_i m_k, at [i, k]
    trials: np.ndarray  # (trial, stimulus) x_ir'm_k
    stimulus: np.ndarray  # (trial,) sorted
    repeats: np.ndarray  # (stimulus,)


def products(trials: Trials, stimulus: Stimulus) -> Products:
    """From trials that are sorted by stimulus, two or more of each, without their overall mean."""
    repeats = np.bincount(stimulus)
    starts = np.r_[0, np.cumsum(repeats)[:-1]]
    summed, squared = (np.empty((len(trials), len(repeats))) for _ in range(2))
    rows = max(1, BLOCK // len(trials))
    for start in range(0, len(trials), rows):
        block = trials[start : start + rows] @ trials.T
        np.add.reduceat(block, starts, axis=1, out=summed[start : start + rows])
        np.add.reduceat(block**2, starts, axis=1, out=squared[start : start + rows])
    total, one_sided, each = (np.add.reduceat(of, starts, axis=0) for of in (summed, summed**2, squared))
    orders = (repeats * (repeats - 1)).astype(float)
    lengths = np.add.reduceat(np.sum(trials**2, axis=1), starts)
    return Products(
        own=(np.diagonal(total) - lengths) / orders,
        means=total / np.outer(repeats, repeats),
        squares=(total**2 - one_sided - one_sided.T + each) / np.outer(orders, orders),
        across=(total**2 - one_sided) / np.outer(orders, repeats**2),
        trials=summed / repeats,
        stimulus=stimulus,
        repeats=repeats,
    )


def traces(of: Products, kept: Kept) -> tuple[float, float]:
    """Unbiased tr(C)^2 and tr(C^2) from the stimuli that are kept, four or more."""
    means, squares, across = (_between(matrix, kept) for matrix in (of.means, of.squares, of.across))
    own, rows, n = of.own[kept], means.sum(axis=1), len(means)
    four = (rows.sum() ** 2 - 4 * rows @ rows + 2 * np.sum(means**2)) / perm(n, 4)
    lengths = own.sum() ** 2 - own @ own
    crossed = own @ (rows.sum() - 2 * rows)
    others = of.trials[:, kept].sum(axis=1) - of.trials[np.arange(len(of.trials)), of.stimulus]
    starts = np.r_[0, np.cumsum(of.repeats)[:-1]]
    sums = np.add.reduceat(np.stack([others, others**2]), starts, axis=1)[:, kept]
    through = (sums[0] ** 2 - sums[1]) / (of.repeats * (of.repeats - 1))[kept]
    three = (through.sum() - across.sum()) / perm(n, 3)
    return (
        float(lengths / perm(n, 2) - 2 * crossed / perm(n, 3) + four),
        float(squares.sum() / perm(n, 2) - 2 * three + four),
    )


def _between(matrix: Square, kept: Kept) -> Float[np.ndarray, "kept kept"]:
    """Entries of different stimuli; the diagonal is zero."""
    part = matrix[np.ix_(kept, kept)]
    np.fill_diagonal(part, 0.0)
    return part


def squared_variances(
    means: Float[np.ndarray, "stimulus unit"], own: Float[np.ndarray, "stimulus unit"]
) -> float:
    """Sum over units of the squared variance of the signal of each: ``traces`` of single units."""
    n = len(means)
    total, second, third, fourth = (np.sum(means**power, axis=0) for power in (1, 2, 3, 4))
    four = total**4 - 6 * total**2 * second + 3 * second**2 + 8 * total * third - 6 * fourth
    three = np.sum(own * ((total - means) ** 2 - second + means**2), axis=0)
    two = own.sum(axis=0) ** 2 - np.sum(own**2, axis=0)
    return float(np.sum(two / perm(n, 2) - 2 * three / perm(n, 3) + four / perm(n, 4)))


def own_squares(trials: Trials, stimulus: Stimulus) -> tuple[np.ndarray, np.ndarray]:
    """Means (stimulus, unit), and the diagonals of M_i (stimulus, unit)."""
    repeats = np.bincount(stimulus)[:, np.newaxis]
    starts = np.r_[0, np.cumsum(repeats)[:-1]]
    sums, squares = (np.add.reduceat(of, starts, axis=0) for of in (trials, trials**2))
    return sums / repeats, (sums**2 - squares) / (repeats * (repeats - 1))


def participation_ratio(means: Square) -> float:
    """(Sum of eigenvalues)^2 / sum of their squares, for the sample covariance, from the products m_i'm_j."""
    centred = means - means.mean(axis=0) - means.mean(axis=1, keepdims=True) + means.mean()
    return float(np.trace(centred) ** 2 / np.sum(centred**2))
