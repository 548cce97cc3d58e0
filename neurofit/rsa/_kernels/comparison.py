"""How alike two RDMs are, for many RDMs and many draws of their stimuli at once.

Each comparator takes RDMs ``a`` and ``b``, all pairs of the same stimuli in squareform order, and ``times``,
how often each stimulus is in each draw. Where memory is short, call it with blocks of draws.

Those here and of ranks are a function of ``a``, ``b`` and weights of the pairs: a pair of weight w counts as
if it stood there w times, so that a bootstrap over stimuli, whose pairs have as weights the products of two
multiplicities, is a matrix product.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Protocol

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.distance import squareform

from ...registry import Registry
from .sums import Summing, over_draws, pair_weights, weighed
from .threads import one_thread

RdmsA = Float[np.ndarray, "a pair"]
RdmsB = Float[np.ndarray, "b pair"]
Some = Float[np.ndarray, "row kept"]
Weights = Float[np.ndarray, "draw pair"]
Times = Float[np.ndarray, "draw stimulus"]
Similarities = Float[np.ndarray, "draw a b"]
# From RDMs to a function from weights of their pairs to similarities: what is done once comes first.
Prepare = Callable[[np.ndarray, np.ndarray], Callable[[np.ndarray], np.ndarray]]
OverSums = Callable[[np.ndarray, np.ndarray, np.ndarray, Summing], np.ndarray]
OverPresence = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]
Noise = Float[np.ndarray, "stimulus stimulus"]


class Comparator(Protocol):
    """A similarity of RDMs; ``noise`` is the covariance of the noise of the stimuli, where it matters."""

    takes_noise: bool
    bounded: bool  # Whether it lies between -1 and 1.
    undefined: str  # Where it is NaN.

    def __call__(self, a: RdmsA, b: RdmsB, times: Times, noise: Noise | None = None) -> Similarities:
        """Similarity of each RDM of ``a`` to each of ``b`` in each draw."""


comparators: Registry[Comparator] = Registry("comparator")

MANY_STIMULI = 400
WEIGHTS = 2**14  # of pairs that are held at once where each RDM has as many ranks: more leave the cache
WEIGHTS_OF_MATRICES = 2**18
FEWEST_PAIRS = 3  # Two pairs correlate perfectly whatever they are.
UNDEFINED = f"an RDM does not vary, or fewer than {FEWEST_PAIRS} pairs are in both"


class PairComparator:
    """A comparator that knows weights of pairs only; a pair that is NaN in either RDM is left out."""

    takes_noise, bounded = False, True
    undefined = UNDEFINED

    def __init__(self, prepare: Prepare) -> None:
        self.prepare = prepare
        self.__doc__ = prepare.__doc__

    def __call__(self, a: RdmsA, b: RdmsB, times: Times, noise: Noise | None = None) -> Similarities:
        """Similarity where each pair weighs as much as its two stimuli were drawn."""
        with one_thread(where=times.shape[1] < MANY_STIMULI):
            return self._in_blocks(a, b, len(times), lambda draws: pair_weights(times[draws]))

    def over_pairs(self, a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
        """Similarity where each pair has its weight."""
        return self._in_blocks(a, b, len(weights), lambda draws: weights[draws])

    def _in_blocks(
        self, a: RdmsA, b: RdmsB, draws: int, weights_in: Callable[[slice], Weights]
    ) -> Similarities:
        result = np.full((draws, len(a), len(b)), np.nan)
        for here, rows_a, rows_b in _presences(a, b):
            similarity = self.prepare(_only(a, rows_a, here), _only(b, rows_b, here))
            for block in draws_at_once(draws, a.shape[1], WEIGHTS):
                weights = weights_in(block)
                weights = weights if here.all() else weights[:, here]
                enough = _enough(weights)
                if enough.size:
                    result[np.ix_(block.start + enough, rows_a, rows_b)] = similarity(weights[enough])
        return result


def draws_at_once(draws: int, pairs: int, most: int) -> Iterator[slice]:
    """Blocks of draws that have no more than ``most`` weights of pairs."""
    size = max(1, most // max(1, pairs))
    return (slice(start, start + size) for start in range(0, draws, size))


class SumComparator:
    """A comparator that needs no more of its pairs than weighted sums of products of RDMs."""

    takes_noise, bounded = False, True
    undefined = UNDEFINED

    def __init__(self, over_sums: OverSums) -> None:
        self.over_sums = over_sums
        self.__doc__ = over_sums.__doc__

    def __call__(self, a: RdmsA, b: RdmsB, times: Times, noise: Noise | None = None) -> Similarities:
        """Similarity where each pair weighs as much as its two stimuli were drawn."""

        def known(here: Bool[np.ndarray, " pair"]) -> np.ndarray:
            there = times > 0
            if here.all():
                stimuli = np.count_nonzero(there, axis=1)
                return stimuli * (stimuli - 1) // 2
            pairs = there @ squareform(here.astype(np.float64))
            return np.asarray(np.einsum("ds,ds->d", pairs, there) // 2)

        with one_thread(where=times.shape[1] < MANY_STIMULI):
            return self._where_known(a, b, len(times), over_draws(times), known)

    def over_pairs(self, a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
        """Similarity where each pair has its weight."""

        def known(here: Bool[np.ndarray, " pair"]) -> np.ndarray:
            return np.count_nonzero(weights[:, here], axis=1)

        return self._where_known(a, b, len(weights), weighed(weights), known)

    def _where_known(
        self, a: RdmsA, b: RdmsB, draws: int, sums: Summing, known: Callable[[np.ndarray], np.ndarray]
    ) -> Similarities:
        """Without the pairs that are NaN in either RDM, of which ``known`` says how many are left."""
        result = np.full((draws, len(a), len(b)), np.nan)
        for here, rows_a, rows_b in _presences(a, b):
            found = self.over_sums(_known(a, rows_a, here), _known(b, rows_b, here), here, sums)
            found[known(here) < FEWEST_PAIRS] = np.nan
            result[:, rows_a[:, None], rows_b] = found
        return result


def over_presence(similarity: OverPresence, a: RdmsA, b: RdmsB, times: Times) -> Similarities:
    """``similarity(a, b, times, here)`` where the same pairs are ``here``, with 0 in place of NaN."""
    result = np.full((len(times), len(a), len(b)), np.nan)
    with one_thread(where=times.shape[1] < MANY_STIMULI):
        for here, rows_a, rows_b in _presences(a, b):
            known_a, known_b = _known(a, rows_a, here), _known(b, rows_b, here)
            for block in draws_at_once(len(times), a.shape[1], WEIGHTS_OF_MATRICES):
                draws = block.start + _enough(pair_weights(times[block])[:, here])
                if draws.size:
                    result[np.ix_(draws, rows_a, rows_b)] = similarity(known_a, known_b, times[draws], here)
    return result


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


def _only(rdms: RdmsA, rows: np.ndarray, here: Bool[np.ndarray, " pair"]) -> Some:
    """Some of the rows, and the pairs that are ``here``; no copy where that is all."""
    return rdms if len(rows) == len(rdms) and here.all() else rdms[np.ix_(rows, here)]


def _known(rdms: RdmsA, rows: np.ndarray, here: Bool[np.ndarray, " pair"]) -> Some:
    """Some of the rows, with 0 where a pair is not ``here``; no copy where that is all."""
    return rdms if len(rows) == len(rdms) and here.all() else np.where(here, rdms[rows], 0.0)


def _enough(weights: Weights) -> np.ndarray:
    """Draws that have pairs enough."""
    return np.flatnonzero(np.count_nonzero(weights, axis=1) >= FEWEST_PAIRS)


@comparators.register("pearson")
@SumComparator
def pearson(a: RdmsA, b: RdmsB, here: Bool[np.ndarray, " pair"], sums: Summing) -> Similarities:
    """Pearson correlation over pairs."""
    # Centred beforehand, the sums below lose no digits to a common offset.
    count = max(1, np.count_nonzero(here))
    a, b = (np.where(here, rdms - rdms.sum(axis=1, keepdims=True) / count, 0.0) for rdms in (a, b))
    one = here[None].astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        both, square_a, square_b = _moments(np.concatenate([a, one]), np.concatenate([b, one]), sums)
        total = both[:, -1, -1, None]
        both = both / total[..., None]
        mean_a, mean_b = both[:, :-1, -1], both[:, -1, :-1]
        covariance = both[:, :-1, :-1] - mean_a[:, :, None] * mean_b[:, None, :]
        variance_a = _variance(square_a[:, :-1] / total, mean_a)
        variance_b = _variance(square_b[:, :-1] / total, mean_b)
    return covariance / np.sqrt(variance_a[:, :, None] * variance_b[:, None, :])


def _variance(square: np.ndarray, mean: np.ndarray) -> np.ndarray:
    """Mean square less squared mean; NaN where only rounding is left, for what does not vary has no r."""
    variance = square - mean**2
    return np.where(variance > 1e-12 * square, variance, np.nan)


@comparators.register("cosine")
@SumComparator
def cosine(a: RdmsA, b: RdmsB, here: Bool[np.ndarray, " pair"], sums: Summing) -> Similarities:
    """Cosine of the angle between the RDMs: correlation without taking off the mean, for a true zero."""
    both, square_a, square_b = _moments(a, b, sums)
    lengths = np.sqrt(square_a)[:, :, None] * np.sqrt(square_b)[:, None, :]
    return both / np.where(lengths > 0, lengths, np.nan)


def products(a: RdmsA, b: RdmsB, weights: Weights) -> Similarities:
    """Weighted sum over pairs of each row of ``a`` times each row of ``b``."""
    return _moments(a, b, weighed(weights))[0]


def _moments(a: RdmsA, b: RdmsB, sums: Summing) -> tuple[Similarities, np.ndarray, np.ndarray]:
    """Weighted sums over pairs of a_i b_j, of a_i^2 and of b_j^2.

    Subjects are often in both ``a`` and ``b``: each two RDMs that differ are multiplied once.
    """
    seen: dict[bytes, int] = {}
    row = np.array([seen.setdefault(sha256(each.tobytes()).digest(), len(seen)) for each in (*a, *b)])
    row_a, row_b = row[: len(a)], row[len(a) :]
    rows = np.empty((len(seen), a.shape[1]))
    rows[row_a], rows[row_b] = a, b
    one = np.concatenate([np.repeat(row_a, len(b)), row])
    other = np.concatenate([np.tile(row_b, len(a)), row])
    key = np.minimum(one, other) * len(rows) + np.maximum(one, other)
    _, first, again = np.unique(key, return_index=True, return_inverse=True)
    each = sums(rows, one[first], other[first])[:, again]
    both, square_a, square_b = np.split(each, [len(a) * len(b), len(a) * len(b) + len(a)], axis=1)
    return both.reshape(-1, len(a), len(b)), square_a, square_b
