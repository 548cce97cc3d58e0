"""How alike two RDMs are, for many RDMs and many draws of their stimuli at once.

Each comparator takes RDMs ``a`` and ``b``, all pairs of the same stimuli in squareform order, and ``times``,
how often each stimulus is in each draw. Where memory is short, call it with blocks of draws.

Most are a function of ``a``, ``b`` and weights of the pairs: a pair of weight w counts as if it stood there w
times, so that a bootstrap over stimuli, whose pairs have as weights the products of two multiplicities, is a
matrix product.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from math import comb
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import kendalltau

from ...errors import SchemaError
from ...registry import Registry

RdmsA = Float[np.ndarray, "a pair"]
RdmsB = Float[np.ndarray, "b pair"]
Weights = Float[np.ndarray, "draw pair"]
Times = Float[np.ndarray, "draw stimulus"]
Similarities = Float[np.ndarray, "draw a b"]
OverPairs = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
Noise = Float[np.ndarray, "stimulus stimulus"]


class Comparator(Protocol):
    """A similarity of RDMs; ``noise`` is the covariance of the noise of the stimuli, where it matters."""

    takes_noise: bool

    def __call__(self, a: RdmsA, b: RdmsB, times: Times, noise: Noise | None = None) -> Similarities:
        """Similarity of each RDM of ``a`` to each of ``b`` in each draw."""


comparators: Registry[Comparator] = Registry("comparator")

FEWEST_PAIRS = 3  # Two pairs correlate perfectly whatever they are.


class PairComparator:
    """A comparator that knows weights of pairs only."""

    takes_noise = False

    def __init__(self, over_pairs: OverPairs) -> None:
        self.over_pairs = over_pairs
        self.__doc__ = over_pairs.__doc__

    def __call__(self, a: RdmsA, b: RdmsB, times: Times, noise: Noise | None = None) -> Similarities:
        """Similarity where each pair weighs as much as its two stimuli were drawn."""
        return self.over_pairs(a, b, pair_weights(times))


def pairwise(comparator: OverPairs) -> PairComparator:
    """``comparator``, made to leave out of each comparison the pairs that are NaN in either RDM."""

    @wraps(comparator)
    def complete(a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
        result = np.full((len(weights), len(a), len(b)), np.nan)
        for here_a, rows_a in _patterns_of_presence(a):
            for here_b, rows_b in _patterns_of_presence(b):
                here = here_a & here_b
                draws = np.flatnonzero((weights[:, here] > 0).sum(axis=1) >= FEWEST_PAIRS)
                if draws.size:
                    result[np.ix_(draws, rows_a, rows_b)] = comparator(
                        a[np.ix_(rows_a, here)], b[np.ix_(rows_b, here)], weights[np.ix_(draws, here)]
                    )
        return result

    return PairComparator(complete)


def _patterns_of_presence(rdms: RdmsA) -> list[tuple[Bool[np.ndarray, " pair"], np.ndarray]]:
    """Each distinct set of pairs that are not NaN, with the rows that have just these."""
    patterns, member = np.unique(~np.isnan(rdms), axis=0, return_inverse=True)
    return [(pattern, np.flatnonzero(member == index)) for index, pattern in enumerate(patterns)]


@comparators.register("pearson")
@pairwise
def pearson(a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
    """Pearson correlation over pairs."""
    # Centred beforehand, the sums below lose no digits to a common offset.
    a, b = (rdms - rdms.mean(axis=1, keepdims=True) for rdms in (a, b))
    total = weights.sum(axis=1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_a, mean_b = weights @ a.T / total, weights @ b.T / total
        products = _products(a, b, weights) / total[..., None] - mean_a[:, :, None] * mean_b[:, None, :]
        variance_a = _variance(weights @ (a * a).T / total, mean_a)
        variance_b = _variance(weights @ (b * b).T / total, mean_b)
    return products / np.sqrt(variance_a[:, :, None] * variance_b[:, None, :])


def _variance(square: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Mean square less squared mean; NaN where only rounding is left, for what does not vary has no r."""
    variance = square - mean**2
    return np.where(variance > 1e-12 * square, variance, np.nan)


@comparators.register("cosine")
@pairwise
def cosine(a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
    """Cosine of the angle between the RDMs: correlation without taking off the mean, for a true zero."""
    length_a, length_b = np.sqrt(weights @ (a * a).T), np.sqrt(weights @ (b * b).T)
    lengths = length_a[:, :, None] * length_b[:, None, :]
    return _products(a, b, weights) / np.where(lengths > 0, lengths, np.nan)


def _products(a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
    """Weighted sum over pairs of each row of ``a`` times each row of ``b``."""
    rows = (a[:, None, :] * b[None, :, :]).reshape(-1, a.shape[1])
    return (weights @ rows.T).reshape(len(weights), len(a), len(b))


@comparators.register("rho_a")
@pairwise
def rho_a(a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
    """Spearman's rho expected when ties are broken at random (Schuett et al. 2023).

    With mid-ranks x, y of n pairs: 12 sum(x y) / (n^3 - n) - 3 (n + 1) / (n - 1). Here their mean (n + 1) / 2
    is taken off the ranks, which leaves 12 sum(x y) / (n^3 - n).
    """
    count = weights.sum(axis=1)[:, None, None]
    return 12.0 * _rank_products(a, b, weights) / np.where(count > 1, count**3 - count, np.nan)


@comparators.register("spearman")
@pairwise
def spearman(a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
    """Pearson correlation of the mid-ranks: sum(x y) / sqrt(sum(x^2) sum(y^2)), their means taken off."""
    squares_a, squares_b = (
        np.stack([_rank_products(row[None], row[None], weights)[:, 0, 0] for row in rdms], axis=1)
        for rdms in (a, b)
    )
    lengths = np.sqrt(squares_a[:, :, None] * squares_b[:, None, :])
    return _rank_products(a, b, weights) / np.where(lengths > 0, lengths, np.nan)


def _rank_products(a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
    """Weighted sum over pairs of the centred rank in each row of ``a`` times that in each row of ``b``."""
    by_pair = np.ascontiguousarray(weights.T)
    ranks_b = [_centred_ranks(row, by_pair) for row in b]
    result = np.empty((len(weights), len(a), len(b)))
    for i, row in enumerate(a):
        weighted = by_pair * _centred_ranks(row, by_pair)
        for j, ranks in enumerate(ranks_b):
            result[:, i, j] = np.einsum("pd,pd->d", weighted, ranks)
    return result


@comparators.register("tau_a")
@pairwise
def tau_a(a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
    """Kendall's tau a: pairs of pairs in the same order less those in the other, over all n (n - 1) / 2.

    Ties count as neither, so that a model that predicts ties is not favoured (Nili et al. 2014).
    """
    return _taus(a, b, weights, ties_count=True)


@comparators.register("tau_b")
@pairwise
def tau_b(a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
    """Kendall's tau b: as tau a, but over sqrt((m - m_a) (m - m_b)), m = n (n - 1) / 2, m_a of them ties."""
    return _taus(a, b, weights, ties_count=False)


def _taus(a: RdmsA, b: RdmsB, weights: Weights, *, ties_count: bool) -> Similarities:
    if np.any(weights != np.rint(weights)):
        raise SchemaError("Kendall's taus count pairs, so their weights are whole numbers; got others.")
    result = np.empty((len(weights), len(a), len(b)))
    for draw, times in enumerate(weights.astype(np.int64)):
        drawn_a, drawn_b = (np.repeat(rdms, times, axis=1) for rdms in (a, b))
        orders_a, orders_b = (np.array([_ordered(row) for row in rdms]) for rdms in (drawn_a, drawn_b))
        for i, j in np.ndindex(len(a), len(b)):
            told = np.sqrt(orders_a[i] * orders_b[j])
            tau = kendalltau(drawn_a[i], drawn_b[j]).statistic if told else (0.0 if ties_count else np.nan)
            result[draw, i, j] = tau * (told / comb(drawn_a.shape[1], 2) if ties_count else 1.0)
    return result


def _ordered(row: Float[np.ndarray, " pair"]) -> float:
    """Number of pairs of entries that differ."""
    tied = np.unique(row, return_counts=True)[1].astype(np.float64)
    return comb(row.size, 2) - float((tied * (tied - 1) / 2).sum())


def _centred_ranks(
    row: Float[np.ndarray, " pair"], weights: Float[np.ndarray, "pair draw"]
) -> Float[np.ndarray, "pair draw"]:
    """Mid-rank of each pair, less the mean rank, in the sample that the weights stand for."""
    # The values are sorted once; in each draw a rank is the weight below, plus half of the weight that ties.
    _, value, counts = np.unique(row, return_inverse=True, return_counts=True)
    starts = np.cumsum(counts) - counts
    tied = np.add.reduceat(weights[np.argsort(value, kind="stable")], starts, axis=0)
    up_to = np.cumsum(tied, axis=0)
    return (up_to - tied / 2 - up_to[-1] / 2)[value]


def pair_weights(times: Times) -> Weights:
    """Weight w_i w_j of each pair i < j, in squareform order.

    A stimulus that was drawn twice gives no pair with itself: that would be a zero which nobody measured.
    """
    first, second = np.triu_indices(times.shape[1], 1)
    return times[:, first] * times[:, second]
