"""Comparators that allow for how the errors of dissimilarities go together (Diedrichsen et al. 2021).

Where the noise of the stimuli's patterns has covariance S, the errors of squared distances have covariance
V = (C S C')^2, entry by entry, with C the differences of stimuli. V is never made, for with D the matrix of d

    d1' V^-1 d2 = tr(R D1 R D2) up to a factor,   R = S^-1 - S^-1 1 1' S^-1 / (1' S^-1 1).

Missing pairs take the values under which d' V^-1 d is least, which leaves d' V_oo^-1 d over those observed.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial.distance import squareform

from ...errors import SchemaError
from .comparison import (
    UNDEFINED,
    Noise,
    RdmsA,
    RdmsB,
    Similarities,
    Times,
    comparators,
    over_presence,
    products,
)
from .sums import pair_weights

Rdms = Float[np.ndarray, "row pair"]
Here = Bool[np.ndarray, " pair"]
Covariance = Float[np.ndarray, "copy copy"]


class Products(NamedTuple):
    """d1' V^-1 d2 of each RDM of ``a`` with each of ``b``, and of each with itself."""

    both: Similarities
    a: Float[np.ndarray, "draw a"]
    b: Float[np.ndarray, "draw b"]


class WhitenedComparator:
    """Cosine or correlation under V^-1; copies of a stimulus in a draw are stimuli with their own noise.

    A stimulus has no pair with its copy. With a full covariance, the first copies of all stimuli have that
    covariance, so have the second, and so on, and no noise is shared between first and second copies.
    """

    takes_noise = bounded = True
    undefined = UNDEFINED

    def __init__(self, description: str, *, centred: bool) -> None:
        self.__doc__ = description
        self.centred = centred

    def __call__(self, a: RdmsA, b: RdmsB, times: Times, noise: Noise | None = None) -> Similarities:
        """Similarity of each RDM of ``a`` to each of ``b`` in each draw."""

        def similarity(a: RdmsA, b: RdmsB, times: Times, here: Here) -> Similarities:
            if not self.centred:
                return _cosine(inner_products(a, b, times, here, noise))
            # The mean is taken off twice: as a plain one, so that a common offset costs no digits, and, as
            # generalised least squares have it, by way of a further RDM whose entries are all 1.
            a, b = (_with_constant(rdms, here) for rdms in (a, b))
            return _cosine(_without_constant(inner_products(a, b, times, here, noise)))

        return over_presence(similarity, a, b, times)


comparators.register("whitened_cosine")(
    WhitenedComparator("Cosine of the angle between RDMs whose errors are made independent.", centred=False)
)
comparators.register("whitened_pearson")(
    WhitenedComparator("Pearson correlation of RDMs whose errors are made independent.", centred=True)
)


def _with_constant(rdms: Rdms, here: Here) -> Float[np.ndarray, "row+1 pair"]:
    means = rdms.sum(axis=1, keepdims=True) / here.sum()
    return np.concatenate([np.where(here, rdms - means, 0.0), here[None].astype(np.float64)])


def _without_constant(found: Products) -> Products:
    """Products of what is left without the mean, from those that have the constant RDM last."""
    of_a, of_b, ones = found.both[:, :-1, -1:], found.both[:, -1:, :-1], found.both[:, -1:, -1:]
    both = found.both[:, :-1, :-1] - of_a * of_b / ones
    left_a = found.a[:, :-1] - (of_a**2 / ones)[:, :, 0]
    left_b = found.b[:, :-1] - (of_b**2 / ones)[:, 0, :]
    # Where only rounding is left the RDM does not vary.
    left_a[left_a <= 1e-12 * found.a[:, :-1]] = 0.0
    left_b[left_b <= 1e-12 * found.b[:, :-1]] = 0.0
    return Products(both, left_a, left_b)


def _cosine(found: Products) -> Similarities:
    lengths = np.sqrt(np.maximum(found.a[:, :, None] * found.b[:, None, :], 0.0))
    return found.both / np.where(lengths > 0, lengths, np.nan)


def inner_products(a: RdmsA, b: RdmsB, times: Times, here: Here, noise: Noise | None) -> Products:
    """d1' V^-1 d2 over the pairs that are ``here``; RDMs are 0 elsewhere."""
    if noise is None or not np.any(noise - np.diag(np.diagonal(noise))):
        variances = np.ones(times.shape[1]) if noise is None else np.diagonal(noise)
        return _independent(a, b, times, here, variances)
    return _correlated(a, b, times, here, noise)


def _independent(
    a: RdmsA, b: RdmsB, times: Times, here: Here, variances: Float[np.ndarray, " stimulus"]
) -> Products:
    """Where S is diagonal, tr(R D R D) with missing pairs filled is what no offsets c of the stimuli explain.

    It is the least, over c, of sum_ij w_i w_j (d_ij - c_i - c_j)^2 / (s_i s_j) over the pairs that are there,
    in either order, plus 4 sum_i w_i c_i^2 / s_i^2; w_i is how often stimulus i was drawn.
    """
    scaled = times / variances
    weights = pair_weights(scaled) * here
    system = scaled[:, :, None] * squareform(here.astype(np.float64)) * scaled[:, None, :]
    stimuli = np.arange(times.shape[1])
    own = system.sum(axis=2) + 2.0 * scaled / variances
    system[:, stimuli, stimuli] = np.where(times > 0, own, 1.0)
    sums_a, sums_b = (
        scaled[:, :, None] * np.einsum("dj,rij->dir", scaled, _squares(rdms), optimize=True)
        for rdms in (a, b)
    )
    offsets_a, offsets_b = np.split(
        np.linalg.solve(system, np.concatenate([sums_a, sums_b], axis=2)), [len(a)], axis=2
    )
    return Products(
        products(a, b, weights) - sums_a.mT @ offsets_b,
        weights @ (a * a).T - (sums_a * offsets_a).sum(axis=1),
        weights @ (b * b).T - (sums_b * offsets_b).sum(axis=1),
    )


def _correlated(a: RdmsA, b: RdmsB, times: Times, here: Here, noise: Noise) -> Products:
    """The same for any S, draw by draw, with each copy of a stimulus written out."""
    if np.any(times != np.rint(times)):
        raise SchemaError("with correlated noise stimuli are drawn a whole number of times; got others.")
    rdms, present = _squares(np.concatenate([a, b])), squareform(here)
    both = np.empty((len(times), len(rdms), len(rdms)))
    for draw, counts in enumerate(times.astype(np.int64)):
        stimulus = np.repeat(np.arange(len(counts)), counts)
        copy = np.arange(len(stimulus)) - np.repeat(np.cumsum(counts) - counts, counts)
        drawn = np.ix_(stimulus, stimulus)
        covariance = noise[drawn] * (copy[:, None] == copy)
        both[draw] = _gram(rdms[:, stimulus[:, None], stimulus], present[drawn], covariance)
    itself = np.diagonal(both, axis1=1, axis2=2)
    return Products(both[:, : len(a), len(a) :], itself[:, : len(a)], itself[:, len(a) :])


def _gram(
    rdms: Float[np.ndarray, "row copy copy"], present: Bool[np.ndarray, "copy copy"], covariance: Covariance
) -> Float[np.ndarray, "row row"]:
    """d1' V^-1 d2 for all rows, over the pairs that are present."""
    first, second = np.triu_indices(len(covariance), 1)
    there = present[first, second]
    if there.sum() < len(there) / 2:
        seen = rdms[:, first[there], second[there]]
        return 2.0 * seen @ np.linalg.solve(pair_covariance(covariance, first[there], second[there]), seen.T)
    precision = np.linalg.inv(covariance)
    total = precision.sum(axis=0)
    centred = precision - np.outer(total, total) / total.sum()
    whitened = centred @ rdms @ centred
    gram = rdms.reshape(len(rdms), -1) @ whitened.reshape(len(rdms), -1).T / 2.0
    if there.all():
        return gram
    i, j = first[~there], second[~there]
    # An entry of V^-1, for pairs (i, j) and (k, l), is R_ik R_jl + R_il R_jk up to the same factor.
    inverse = centred[np.ix_(i, i)] * centred[np.ix_(j, j)] + centred[np.ix_(i, j)] * centred[np.ix_(j, i)]
    pull = whitened[:, i, j]
    return gram - pull @ np.linalg.solve(inverse, pull.T)


def pair_covariance(
    covariance: Covariance, first: Int[np.ndarray, " pair"], second: Int[np.ndarray, " pair"]
) -> Float[np.ndarray, "pair pair"]:
    """V = (C S C')^2, entry by entry, over the pairs (first, second)."""
    of_differences = covariance[first] - covariance[second]
    return (of_differences[:, first] - of_differences[:, second]) ** 2


def _squares(rdms: Rdms) -> Float[np.ndarray, "row stimulus stimulus"]:
    return np.stack([squareform(row, checks=False) for row in rdms])
