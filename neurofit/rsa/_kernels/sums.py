"""Weighted sums over pairs of stimuli, in many draws, of products of RDMs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import squareform

Rows = Float[np.ndarray, "row pair"]
Which = Int[np.ndarray, " product"]
Times = Float[np.ndarray, "draw stimulus"]
Weights = Float[np.ndarray, "draw pair"]
Sums = Float[np.ndarray, "draw product"]
# From rows, and which two of them each product is of, to the sums.
Summing = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]

PAIRS, DRAWS = 2**8, 2**6  # whose weights are held at once: they stay in the cache
MOST_LEFT_OUT = 2
LEAST_KEPT = 0.25  # If less of a sum of squares is left, it is summed anew: a difference has too few digits.


def over_draws(times: Times) -> Summing:
    """Sums where each pair weighs as much as its two stimuli were drawn, in the way that is fastest."""
    absent = times == 0
    if np.all(absent.sum(axis=1) <= MOST_LEFT_OUT) and np.all(absent | (times == 1)):
        return left_out(times)
    # So few weights fit in the cache at once, and need no blocks.
    few = len(times) * times.shape[1] * (times.shape[1] - 1) / 2 <= PAIRS * DRAWS
    return weighed(pair_weights(times)) if few else drawn(times)


def weighed(weights: Weights) -> Summing:
    """Sums where each pair has its weight."""

    def sums(rows: Rows, one: Which, other: Which) -> Sums:
        return np.asarray(weights @ (rows[one] * rows[other]).T)

    return sums


def drawn(times: Times) -> Summing:
    """Sums where pair i < j weighs w_i w_j, as often as its stimuli were drawn; pairs in squareform order."""
    draws, stimuli = times.shape
    by_stimulus = np.ascontiguousarray(times.T)
    height = max(1, PAIRS // max(1, stimuli))

    def sums(rows: Rows, one: Which, other: Which) -> Sums:
        result = np.zeros((draws, len(one)))
        held = np.empty((height * stimuli, min(DRAWS, draws)))
        done = 0
        for first in range(0, stimuli - 1, height):
            firsts = range(first, min(first + height, stimuli - 1))
            pairs = slice(done, done + sum(stimuli - 1 - i for i in firsts))
            products = rows[one, pairs]
            products *= rows[other, pairs]
            for start in range(0, draws, DRAWS):
                some = by_stimulus[:, start : start + DRAWS]
                weights = _weights(some, firsts, held[: pairs.stop - done, : some.shape[1]])
                result[start : start + DRAWS] += (products @ weights).T
            done = pairs.stop
        return result

    return sums


def _weights(
    times: Float[np.ndarray, "stimulus draw"], firsts: range, out: Float[np.ndarray, "pair draw"]
) -> Float[np.ndarray, "pair draw"]:
    done = 0
    for i in firsts:
        later = times[i + 1 :]
        np.multiply(times[i], later, out=out[done : done + len(later)])
        done += len(later)
    return out


def left_out(times: Times) -> Summing:
    """Sums where every stimulus was drawn once, but for one or two that were not, as in a jackknife.

    With P_ij the products of two rows, symmetric and 0 for i = j, P_i = sum_j P_ij and P = sum_ij P_ij / 2,
    the sum without stimuli i and j is P - P_i - P_j + P_ij.
    """
    draws, stimuli = times.shape
    # Where fewer are left out, a further stimulus stands for them, whose products are zero.
    left = np.full((draws, MOST_LEFT_OUT), stimuli)
    draw, stimulus = np.nonzero(times == 0)
    left[draw, np.arange(len(draw)) - np.searchsorted(draw, draw)] = stimulus
    first, second = left.T

    def sums(rows: Rows, one: Which, other: Which) -> Sums:
        total = _undrawn(rows, one, other)
        result = np.tile(total, (draws, 1))
        if not len(draw):
            return result
        matrix = np.zeros((stimuli + 1, stimuli + 1))
        for product, (i, j) in enumerate(zip(one, other, strict=True)):
            matrix[:-1, :-1] = squareform(rows[i] * rows[j])
            of_stimulus = matrix.sum(axis=0)
            result[:, product] += matrix[first, second] - of_stimulus[first] - of_stimulus[second]
        squares = one == other
        inexact = np.flatnonzero(np.any(result[:, squares] < LEAST_KEPT * total[squares], axis=1))
        if inexact.size:
            result[inexact] = weighed(pair_weights(times[inexact]))(rows, one, other)
        return result

    return sums


def _undrawn(rows: Rows, one: Which, other: Which) -> Float[np.ndarray, " product"]:
    """Sums over all pairs, each once."""
    result = np.empty(len(one))
    squares = one == other
    result[squares] = np.einsum("rp,rp->r", rows, rows)[one[squares]]
    left, at_left = np.unique(one[~squares], return_inverse=True)
    right, at_right = np.unique(other[~squares], return_inverse=True)
    result[~squares] = (rows[left] @ rows[right].T)[at_left, at_right]
    return result


def pair_weights(times: Times) -> Weights:
    """Weight w_i w_j of each pair i < j, in squareform order.

    A stimulus that was drawn twice gives no pair with itself: that would be a zero which nobody measured.
    """
    stimuli = times.shape[1]
    weights, done = np.empty((len(times), stimuli * (stimuli - 1) // 2)), 0
    for i in range(stimuli - 1):
        pairs = slice(done, done + stimuli - 1 - i)
        np.multiply(times[:, i : i + 1], times[:, i + 1 :], out=weights[:, pairs])
        done = pairs.stop
    return weights
