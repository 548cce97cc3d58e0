"""Comparators that know the order of dissimilarities only."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import comb

import numpy as np
from jaxtyping import Float
from scipy.stats import kendalltau

from ...errors import SchemaError
from .comparison import PairComparator, RdmsA, RdmsB, Similarities, Weights, comparators

Row = Float[np.ndarray, " pair"]
Ranking = Callable[[np.ndarray], np.ndarray]  # from weights of the pairs to their ranks
OfWeights = Callable[[np.ndarray], np.ndarray]


@comparators.register("rho_a")
@PairComparator
def rho_a(a: RdmsA, b: RdmsB) -> OfWeights:
    """Spearman's rho expected when ties are broken at random (Schuett et al. 2023).

    With mid-ranks x, y of n pairs: 12 sum(x y) / (n^3 - n) - 3 (n + 1) / (n - 1). Here their mean (n + 1) / 2
    is taken off the ranks, which leaves 12 sum(x y) / (n^3 - n).
    """
    rankings_a, rankings_b = _rankings(a), _rankings(b)

    def similarity(weights: Weights) -> Similarities:
        count = weights.sum(axis=1)[:, None, None]
        products = _products(rankings_a, rankings_b, weights)
        return 12.0 * products / np.where(count > 1, count**3 - count, np.nan)

    return similarity


@comparators.register("spearman")
@PairComparator
def spearman(a: RdmsA, b: RdmsB) -> OfWeights:
    """Pearson correlation of the mid-ranks: sum(x y) / sqrt(sum(x^2) sum(y^2)), their means taken off."""
    rankings_a, rankings_b = _rankings(a), _rankings(b)

    def similarity(weights: Weights) -> Similarities:
        squares_a, squares_b = (
            np.concatenate([_products([one], [one], weights)[:, 0] for one in rankings], axis=1)
            for rankings in (rankings_a, rankings_b)
        )
        lengths = np.sqrt(squares_a[:, :, None] * squares_b[:, None, :])
        return _products(rankings_a, rankings_b, weights) / np.where(lengths > 0, lengths, np.nan)

    return similarity


def _products(rankings_a: list[Ranking], rankings_b: list[Ranking], weights: Weights) -> Similarities:
    """Weighted sum over pairs of the centred rank in each row of ``a`` times that in each row of ``b``."""
    ranks_b = [ranking(weights) for ranking in rankings_b]
    result = np.empty((len(weights), len(rankings_a), len(rankings_b)))
    for i, ranking in enumerate(rankings_a):
        weighted = ranking(weights)
        weighted *= weights
        for j, ranks in enumerate(ranks_b):
            result[:, i, j] = np.einsum("dp,dp->d", weighted, ranks)
    return result


@comparators.register("tau_a")
@PairComparator
def tau_a(a: RdmsA, b: RdmsB) -> OfWeights:
    """Kendall's tau a: pairs of pairs in the same order less those in the other, over all n (n - 1) / 2.

    Ties count as neither, so that a model that predicts ties is not favoured (Nili et al. 2014).
    """
    return partial(_taus, a, b, ties_count=True)


@comparators.register("tau_b")
@PairComparator
def tau_b(a: RdmsA, b: RdmsB) -> OfWeights:
    """Kendall's tau b: as tau a, but over sqrt((m - m_a) (m - m_b)), m = n (n - 1) / 2, m_a of them ties."""
    return partial(_taus, a, b, ties_count=False)


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


def _ordered(row: Row) -> float:
    """Number of pairs of entries that differ."""
    tied = np.unique(row, return_counts=True)[1].astype(np.float64)
    return comb(row.size, 2) - float((tied * (tied - 1) / 2).sum())


def _rankings(rdms: RdmsA | RdmsB) -> list[Ranking]:
    return [_ranking(row) for row in rdms]


def _ranking(row: Row) -> Ranking:
    """From weights to the mid-rank of each pair, less the mean rank, in the samples that they stand for."""
    # The values are sorted once; in each draw a rank is the weight below, plus half of the weight that ties.
    _, value, counts = np.unique(row, return_inverse=True, return_counts=True)
    order = np.argsort(value, kind="stable").astype(np.int32)  # half the memory, in no more time
    value = value.astype(np.int32)
    starts = np.cumsum(counts) - counts if len(counts) < len(row) else None

    def ranks(weights: Weights) -> Weights:
        tied = weights.take(order, axis=1)
        if starts is not None:
            tied = np.add.reduceat(tied, starts, axis=1)
        up_to = np.cumsum(tied, axis=1)
        tied += up_to[:, -1:]
        tied /= 2
        up_to -= tied
        return up_to.take(value, axis=1)

    return ranks
