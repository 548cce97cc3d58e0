"""The dissimilarities that ``rsa.rdm`` knows, each a small class in a registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from ..errors import RecordingError, listing
from ..registry import Registry
from . import _sources
from ._kernels import distances as kernels
from ._kernels import patterns, poisson
from ._noise import estimated_root, held_out_precisions

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._trials import Flags, Numbers, Trials

    Noise = Numbers | str
    Across = Callable[[Numbers], tuple[Numbers, Numbers]]


class Prior(NamedTuple):
    """What Poisson distances add to the counts: ``weight`` observations of ``rate``."""

    rate: float = 1.0
    weight: float = 0.1


PRIOR = Prior()


class Dissimilarity(ABC):
    """A way to say how differently units respond to two stimuli."""

    units: ClassVar[str]  # a format of the responses' units
    takes_noise: ClassVar[bool] = False
    takes_folds: ClassVar[bool] = False
    takes_prior: ClassVar[bool] = False
    without_folds: ClassVar[str]  # name of the same distance without cross-validation
    undefined_for: ClassVar[str] = ""  # what patterns without a distance to any other are like
    references: ClassVar[tuple[str, ...]] = (_sources.RSA,)

    @classmethod
    def distances(cls, trials: Trials, noise: Noise, prior: Prior = PRIOR) -> Numbers:
        """Distances (..., pair); ``noise`` is L of a precision L L', or the name of an estimator."""
        cls.check(trials)
        return cls._distances(trials, noise, prior)

    @classmethod
    def check(cls, trials: Trials) -> None:
        """Raise for trials that have no such distances; those without units tell it before they are read."""
        if cls.takes_folds:
            _need_two_folds(trials)
        if cls.takes_prior:
            _need_counts(trials)

    @staticmethod
    @abstractmethod
    def _distances(trials: Trials, noise: Noise, prior: Prior) -> Numbers: ...

    @staticmethod
    def undefined(trials: Trials) -> Flags:
        """Stimuli (..., stimulus) that have no distance to any other."""
        return np.zeros((*trials.values.shape[:-2], len(trials.ids)), dtype=bool)


dissimilarities: Registry[type[Dissimilarity]] = Registry("dissimilarity")


@dissimilarities.register("euclidean")
class Euclidean(Dissimilarity):
    """Squared Euclidean distance, mean over units."""

    units = "({})^2"

    @staticmethod
    def _distances(trials: Trials, noise: Noise, prior: Prior) -> Numbers:
        return kernels.squared_euclidean(trials.means)


@dissimilarities.register("correlation")
class Correlation(Dissimilarity):
    """1 - Pearson correlation over units, in [0, 2]."""

    units = "1"
    undefined_for = "flat, the same in all units"

    @staticmethod
    def _distances(trials: Trials, noise: Noise, prior: Prior) -> Numbers:
        return kernels.correlation(trials.means)

    @staticmethod
    def undefined(trials: Trials) -> Flags:
        """Flat patterns: they have no direction."""
        return patterns.is_flat(trials.means)


@dissimilarities.register("cosine")
class Cosine(Dissimilarity):
    """1 - cosine of the angle between patterns, in [0, 2]."""

    units = "1"
    undefined_for = "zero in all units"

    @staticmethod
    def _distances(trials: Trials, noise: Noise, prior: Prior) -> Numbers:
        return kernels.cosine(trials.means)

    @staticmethod
    def undefined(trials: Trials) -> Flags:
        """Patterns of zeros: they have no direction."""
        return patterns.is_zero(trials.means)


@dissimilarities.register("mahalanobis")
class Mahalanobis(Dissimilarity):
    """Squared Euclidean distance of noise-whitened patterns, mean over units; biased upwards by noise."""

    units = "squared noise units per unit"
    takes_noise = True
    references = (_sources.RSA, _sources.CROSSNOBIS)

    @staticmethod
    def _distances(trials: Trials, noise: Noise, prior: Prior) -> Numbers:
        root = estimated_root(trials, noise) if isinstance(noise, str) else noise
        return kernels.squared_euclidean(patterns.whitened(trials.means, root))


@dissimilarities.register("crossnobis")
class Crossnobis(Dissimilarity):
    """Cross-validated squared Mahalanobis distance, mean over units; 0 on average for equal patterns."""

    units = "squared noise units per unit"
    takes_noise = takes_folds = True
    without_folds = "mahalanobis"
    references = (_sources.RSA, _sources.CROSSNOBIS)

    @staticmethod
    def _distances(trials: Trials, noise: Noise, prior: Prior) -> Numbers:
        return crossnobis(trials, noise)


@dissimilarities.register("poisson")
class Poisson(Dissimilarity):
    """Symmetrised Kullback-Leibler divergence of Poisson distributions, mean over units; biased upwards."""

    units = "nats per unit"
    takes_prior = True
    references = (_sources.RSA, _sources.COMPARISON)

    @staticmethod
    def _distances(trials: Trials, noise: Noise, prior: Prior) -> Numbers:
        return poisson.symmetrised_divergence(poisson.with_prior(trials.means, *prior))


@dissimilarities.register("poisson_cv")
class CrossvalidatedPoisson(Dissimilarity):
    """Cross-validated ``poisson``: 0 on average for equal patterns."""

    units = "nats per unit"
    takes_folds = takes_prior = True
    without_folds = "poisson"
    references = (_sources.RSA, _sources.COMPARISON)

    @staticmethod
    def _distances(trials: Trials, noise: Noise, prior: Prior) -> Numbers:
        in_cells = trials.in_cells
        rates = poisson.with_prior(trials.fold_means, *prior)
        return poisson.crossvalidated_divergence(rates, in_cells > 0, in_cells)


def _itself(patterns: Numbers) -> tuple[Numbers, Numbers]:
    return patterns, patterns


def crossnobis(trials: Trials, noise: Noise, across: Across = _itself) -> Numbers:
    """Distances from products of different folds, between the two that ``across`` makes of the patterns."""
    # Where cells are missing, the products of a distance average the trials of stimulus i with different
    # weights w and w': an offset c of all patterns would add noise, c' P (w - w') x_i. Taking off the
    # mean over trials adds no bias: w and w' both sum to 1, and that mean holds each trial of i alike.
    present = trials.in_cells > 0
    centre = (trials.times / trials.times.sum()) @ trials.values
    means = trials.fold_means - centre[..., None, None, :]
    means[..., ~present, :] = 0.0
    if isinstance(noise, str):
        products, lengths = _with_own_noise(trials, means, across, method=noise)
    else:
        own = patterns.whitened(means, noise, in_place=True)
        products, lengths = kernels.crossvalidated(*across(own), present)
    return kernels.pair_distances(products, lengths, means.shape[-1])


def _with_own_noise(
    trials: Trials, means: Numbers, across: Across, *, method: str
) -> tuple[kernels.Products, Numbers]:
    """Products with a precision from the same trials, without the bias that this brings.

    A precision gives little weight to the noise that it was estimated from, so that too little is taken off
    as the noise of stimulus i. That noise is weighed instead by a precision that has not seen it, estimated
    without a group of stimuli that i is in. The mean of these precisions weighs the patterns of all pairs.
    """
    precisions, group = held_out_precisions(trials, method)
    precision, present = precisions.mean(axis=0), trials.in_cells > 0
    own = patterns.whitened(means, np.linalg.cholesky(precision), in_place=True)
    products, lengths = kernels.crossvalidated(*across(own), present)
    noise = np.where(present[..., None], trials.fold_means - trials.means[..., None, :], 0.0)

    def weighed(noise: Numbers, precision: Numbers, present: Flags) -> Numbers:
        return kernels.crossvalidated_lengths(across(noise)[0], across(noise @ precision)[1], present)

    lengths -= weighed(noise, precision, present)
    for left_out, unseen in enumerate(precisions):
        its = group == left_out
        lengths[..., its] += weighed(noise[..., its, :, :], unseen, present[its])
    return products, lengths


def _need_two_folds(trials: Trials) -> None:
    present = trials.in_cells > 0
    short = present.sum(axis=1) < 2
    if short.any():
        found = [str(stimulus) for stimulus in trials.ids[short]]
        if trials.folds_from_coord:
            only = (trials.folds[folds].tolist() for folds in present[short])
            found = [f"{name} (only in {listing(folds)})" for name, folds in zip(found, only, strict=True)]
        raise RecordingError(
            f"cross-validation needs each stimulus in 2 folds or more; {len(found)} of {len(trials.ids)} "
            f"have fewer, with folds from {trials.folds_from}: {listing(found)}. Leave them out "
            "(rsa.repeated drops stimuli shown once), name other folds with fold=, or drop that coord to use "
            "the order of the repeats."
        )


def _need_counts(trials: Trials) -> None:
    below = np.any(trials.values < 0, axis=-1).reshape(-1, len(trials.stimulus))
    negative: Flags = np.asarray(below.any(axis=0))
    if negative.any():
        where = listing(np.unique(trials.ids[trials.stimulus[negative]]))
        raise RecordingError(
            f"Poisson distances need counts or rates; responses are negative in {np.sum(negative)} of "
            f"{len(negative)} trials, at stimuli {where}. Give counts before z-scoring or subtracting a "
            "baseline, or another measure."
        )
