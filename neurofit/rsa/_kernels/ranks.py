"""Comparators that know the order of dissimilarities only."""

from __future__ import annotations

from math import comb
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float
from scipy.stats import kendalltau

from ...errors import SchemaError
from .comparison import RdmsA, RdmsB, Similarities, Weights, comparators, pairwise

if TYPE_CHECKING:
    from collections.abc import Callable

Row = Float[np.ndarray, " pair"]

RANKS = 2**14  # of one RDM held at once, over draws: more of them leave the cache


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
    rankings_a, rankings_b = ([_ranking(row) for row in rdms] for rdms in (a, b))
    result = np.empty((len(weights), len(a), len(b)))
    draws = max(1, RANKS // max(1, weights.shape[1]))
    for start in range(0, len(weights), draws):
        some = slice(start, start + draws)
        ranks_b = [ranking(weights[some]) for ranking in rankings_b]
        for i, ranking in enumerate(rankings_a):
            weighted = ranking(weights[some])
            weighted *= weights[some]
            for j, ranks in enumerate(ranks_b):
                result[some, i, j] = np.einsum("dp,dp->d", weighted, ranks)
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


def _ordered(row: Row) -> float:
    """Number of pairs of entries that differ."""
    tied = np.unique(row, return_counts=True)[1].astype(np.float64)
    return comb(row.size, 2) - float((tied * (tied - 1) / 2).sum())


def _ranking(row: Row) -> Callable[[Weights], Weights]:
    """From weights to the mid-rank of each pair, less the mean rank, in the samples that they stand for."""
    # The values are sorted once; in each draw a rank is the weight below, plus half of the weight that ties.
    _, value, counts = np.unique(row, return_inverse=True, return_counts=True)
    order = np.argsort(value, kind="stable")
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
