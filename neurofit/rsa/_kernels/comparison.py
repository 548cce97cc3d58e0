"""How alike two RDMs are, for many RDMs and many draws of their stimuli at once.

Each comparator takes RDMs ``a`` and ``b``, all pairs of the same stimuli in squareform order, and ``times``,
how often each stimulus is in each draw. Where memory is short, call it with blocks of draws.

Those here and of ranks are a function of ``a``, ``b`` and weights of the pairs: a pair of weight w counts as
if it stood there w times, so that a bootstrap over stimuli, whose pairs have as weights the products of two
multiplicities, is a matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, wraps
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float
from threadpoolctl import ThreadpoolController

from ...registry import Registry

RdmsA = Float[np.ndarray, "a pair"]
RdmsB = Float[np.ndarray, "b pair"]
Weights = Float[np.ndarray, "draw pair"]
Times = Float[np.ndarray, "draw stimulus"]
Similarities = Float[np.ndarray, "draw a b"]
OverPairs = Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]
OverPresence = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
Noise = Float[np.ndarray, "stimulus stimulus"]


class Comparator(Protocol):
    """A similarity of RDMs; ``noise`` is the covariance of the noise of the stimuli, where it matters."""

    takes_noise: bool
    undefined: str  # Where it is NaN.

    def __call__(self, a: RdmsA, b: RdmsB, times: Times, noise: Noise | None = None) -> Similarities:
        """Similarity of each RDM of ``a`` to each of ``b`` in each draw."""


comparators: Registry[Comparator] = Registry("comparator")

MANY_STIMULI = 400
FEWEST_PAIRS = 3  # Two pairs correlate perfectly whatever they are.
UNDEFINED = f"an RDM does not vary, or fewer than {FEWEST_PAIRS} pairs are in both"


class PairComparator:
    """A comparator that knows weights of pairs only."""

    takes_noise = False
    undefined = UNDEFINED

    def __init__(self, over_pairs: OverPairs) -> None:
        self.over_pairs = over_pairs
        self.__doc__ = over_pairs.__doc__

    def __call__(self, a: RdmsA, b: RdmsB, times: Times, noise: Noise | None = None) -> Similarities:
        """Similarity where each pair weighs as much as its two stimuli were drawn."""
        with _few_threads(times.shape[1]):
            return self.over_pairs(a, b, pair_weights(times))


def pairwise(comparator: OverPairs) -> PairComparator:
    """``comparator``, made to leave out of each comparison the pairs that are NaN in either RDM."""

    @wraps(comparator)
    def complete(a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
        result = np.full((len(weights), len(a), len(b)), np.nan)
        for here, rows_a, rows_b in _presences(a, b):
            draws = _enough(weights, here)
            if here.all() and len(draws) == len(weights):  # No copies are needed.
                result[:, rows_a[:, None], rows_b] = comparator(a[rows_a], b[rows_b], weights)
            elif draws.size:
                result[np.ix_(draws, rows_a, rows_b)] = comparator(
                    a[np.ix_(rows_a, here)], b[np.ix_(rows_b, here)], weights[np.ix_(draws, here)]
                )
        return result

    return PairComparator(complete)


def over_presence(similarity: OverPresence, a: RdmsA, b: RdmsB, times: Times) -> Similarities:
    """``similarity(a, b, times, here)`` where the same pairs are ``here``, with 0 in place of NaN."""
    result = np.full((len(times), len(a), len(b)), np.nan)
    weights = pair_weights(times)
    with _few_threads(times.shape[1]):
        for here, rows_a, rows_b in _presences(a, b):
            draws = _enough(weights, here)
            if draws.size:
                known_a, known_b = np.where(here, a[rows_a], 0.0), np.where(here, b[rows_b], 0.0)
                result[np.ix_(draws, rows_a, rows_b)] = similarity(known_a, known_b, times[draws], here)
    return result


@contextmanager
def _few_threads(stimuli: int) -> Iterator[None]:
    """One thread for small matrices."""
    # On many of them threads mostly wait for each other: 20 times as long where cores are shared.
    with _threads().limit(limits=1 if stimuli < MANY_STIMULI else None, user_api="blas"):
        yield


@cache
def _threads() -> ThreadpoolController:
    """The libraries of linear algebra, looked up once: it takes longer than a comparison."""
    return ThreadpoolController()


def _presences(a: RdmsA, b: RdmsB) -> Iterator[tuple[Bool[np.ndarray, " pair"], np.ndarray, np.ndarray]]:
    """Each set of pairs that are NaN in neither, with the rows of ``a`` and ``b`` that it is for."""
    for here_a, rows_a in _patterns_of_presence(a):
        for here_b, rows_b in _patterns_of_presence(b):
            yield here_a & here_b, rows_a, rows_b


def _patterns_of_presence(rdms: RdmsA) -> list[tuple[Bool[np.ndarray, " pair"], np.ndarray]]:
    """Each distinct set of pairs that are not NaN, with the rows that have just these."""
    present = ~np.isnan(rdms)
    rows: dict[bytes, list[int]] = {}
    for row, pattern in enumerate(present):
        rows.setdefault(pattern.tobytes(), []).append(row)
    return [(present[same[0]], np.array(same)) for same in rows.values()]


def _enough(weights: Weights, here: Bool[np.ndarray, " pair"]) -> np.ndarray:
    """Draws that have pairs enough."""
    counted = weights if here.all() else weights[:, here]
    return np.flatnonzero(np.count_nonzero(counted, axis=1) >= FEWEST_PAIRS)


@comparators.register("pearson")
@pairwise
def pearson(a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
    """Pearson correlation over pairs."""
    # Centred beforehand, the sums below lose no digits to a common offset.
    a, b = (rdms - rdms.mean(axis=1, keepdims=True) for rdms in (a, b))
    total = weights.sum(axis=1)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        mean_a, mean_b = weights @ a.T / total, weights @ b.T / total
        both, square_a, square_b = _moments(a, b, weights)
        covariance = both / total[..., None] - mean_a[:, :, None] * mean_b[:, None, :]
        variance_a, variance_b = _variance(square_a / total, mean_a), _variance(square_b / total, mean_b)
    return covariance / np.sqrt(variance_a[:, :, None] * variance_b[:, None, :])


def _variance(square: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Mean square less squared mean; NaN where only rounding is left, for what does not vary has no r."""
    variance = square - mean**2
    return np.where(variance > 1e-12 * square, variance, np.nan)


@comparators.register("cosine")
@pairwise
def cosine(a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
    """Cosine of the angle between the RDMs: correlation without taking off the mean, for a true zero."""
    both, square_a, square_b = _moments(a, b, weights)
    lengths = np.sqrt(square_a)[:, :, None] * np.sqrt(square_b)[:, None, :]
    return both / np.where(lengths > 0, lengths, np.nan)


def products(a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
    """Weighted sum over pairs of each row of ``a`` times each row of ``b``."""
    return _moments(a, b, weights)[0]


def _moments(a: RdmsA, b: RdmsB, weights: Weights) -> tuple[Similarities, np.ndarray, np.ndarray]:
    """Weighted sums over pairs of a_i b_j, of a_i^2 and of b_j^2.

    Subjects are often in both ``a`` and ``b``: each two RDMs that differ are multiplied once.
    """
    rows = np.concatenate([a, b])
    seen: dict[bytes, int] = {}
    row = np.array([seen.setdefault(each.tobytes(), index) for index, each in enumerate(rows)])
    row_a, row_b = row[: len(a)], row[len(a) :]
    one = np.concatenate([np.repeat(row_a, len(b)), row])
    other = np.concatenate([np.tile(row_b, len(a)), row])
    key = np.minimum(one, other) * len(rows) + np.maximum(one, other)
    _, first, again = np.unique(key, return_index=True, return_inverse=True)
    sums = (weights @ (rows[one[first]] * rows[other[first]]).T)[:, again]
    both, square_a, square_b = np.split(sums, [len(a) * len(b), len(a) * len(b) + len(a)], axis=1)
    return both.reshape(len(weights), len(a), len(b)), square_a, square_b


def pair_weights(times: Times) -> Weights:
    """Weight w_i w_j of each pair i < j, in squareform order.

    A stimulus that was drawn twice gives no pair with itself: that would be a zero which nobody measured.
    """
    first, second = np.triu_indices(times.shape[1], 1)
    weights = np.take(times, first, axis=1)
    weights *= np.take(times, second, axis=1)
    return weights
