"""The dissimilarities that ``rsa.rdm`` knows, each a small class in a registry."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from ..errors import RecordingError, listing
from ..registry import Registry
from . import _sources
from ._kernels import patterns as kernels
from ._noise import estimated_precision, held_out_precisions

if TYPE_CHECKING:
    from ._trials import Flags, Numbers, Trials

    Noise = Numbers | str


class Dissimilarity(ABC):
    """A way to say how differently units respond to two stimuli."""

    units: ClassVar[str]  # a format of the responses' units
    takes_noise: ClassVar[bool] = False
    takes_folds: ClassVar[bool] = False
    without_folds: ClassVar[str]  # name of the same distance without cross-validation
    references: ClassVar[tuple[str, ...]] = (_sources.RSA,)

    @staticmethod
    @abstractmethod
    def distances(trials: Trials, noise: Noise) -> Numbers:
        """Distances (..., pair), with a noise precision or the name of its estimator where it matters."""

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
    def distances(trials: Trials, noise: Noise) -> Numbers:
        """Mean over units of (x_i - x_j)^2."""
        return kernels.squared_euclidean(trials.means)


@dissimilarities.register("correlation")
class Correlation(Dissimilarity):
    """1 - Pearson correlation over units, in [0, 2]."""

    units = "1"

    @staticmethod
    def distances(trials: Trials, noise: Noise) -> Numbers:
        """1 - r of x_i and x_j."""
        return kernels.correlation(trials.means)

    @staticmethod
    def undefined(trials: Trials) -> Flags:
        """Flat patterns: they have no direction."""
        return kernels.is_flat(trials.means)


@dissimilarities.register("mahalanobis")
class Mahalanobis(Dissimilarity):
    """Squared Euclidean distance of noise-whitened patterns, mean over units; biased upwards by noise."""

    units = "squared noise units per unit"
    takes_noise = True
    references = (_sources.RSA, _sources.CROSSNOBIS, _sources.SHRINKAGE)

    @staticmethod
    def distances(trials: Trials, noise: Noise) -> Numbers:
        """(x_i - x_j)' P (x_i - x_j) / n."""
        precision = estimated_precision(trials, noise) if isinstance(noise, str) else noise
        return kernels.squared_euclidean(trials.means @ np.linalg.cholesky(precision))


@dissimilarities.register("crossnobis")
class Crossnobis(Dissimilarity):
    """Cross-validated squared Mahalanobis distance, mean over units; 0 on average for equal patterns."""

    units = "squared noise units per unit"
    takes_noise = takes_folds = True
    without_folds = "mahalanobis"
    references = (_sources.RSA, _sources.CROSSNOBIS, _sources.SHRINKAGE)

    @staticmethod
    def distances(trials: Trials, noise: Noise) -> Numbers:
        """Mean over pairs of different folds (f, g) of (x_if - x_jf)' P (x_ig - x_jg) / n."""
        # Where cells are missing, the products of a distance average the trials of stimulus i with different
        # weights w and w': an offset c of all patterns would add noise, c' P (w - w') x_i. Taking off the
        # mean over trials adds no bias: w and w' both sum to 1, and that mean holds each trial of i alike.
        centre = trials.values.mean(axis=-2, keepdims=True)
        trials = trials._replace(values=trials.values - centre)
        means, present = trials.fold_means()
        _need_two_folds(trials, present)
        if isinstance(noise, str):
            products = _with_own_noise(trials, means, present, method=noise)
        else:
            products = kernels.crossvalidated_products(means, present, noise)
        return kernels.pair_distances(products) / means.shape[-1]


def _with_own_noise(trials: Trials, means: Numbers, present: Flags, *, method: str) -> Numbers:
    """Products with a precision from the same trials, without the bias that this brings.

    A precision gives little weight to the noise that it was estimated from, so that too little is taken off
    as the noise of stimulus i. That noise is weighed instead by a precision that has not seen it, estimated
    without a group of stimuli that i is in. The mean of these precisions weighs the patterns of all pairs.
    """
    precisions, group = held_out_precisions(trials, method)
    precision = precisions.mean(axis=0)
    products = kernels.crossvalidated_products(means, present, precision)
    noise = np.where(present[..., None], means - trials.means[..., None, :, :], 0.0)
    bias = kernels.crossvalidated_lengths(noise, present, precision)
    for left_out, unseen in enumerate(precisions):
        its = group == left_out
        bias[..., its] -= kernels.crossvalidated_lengths(noise[..., its, :], present[:, its], unseen)
    stimuli = np.arange(len(group))
    products[..., stimuli, stimuli] -= bias
    return products


def _need_two_folds(trials: Trials, present: Flags) -> None:
    short = trials.ids[present.sum(axis=0) < 2]
    if short.size:
        raise RecordingError(
            f"crossnobis needs each stimulus in 2 folds or more; {len(short)} of {len(trials.ids)} have "
            f"fewer, with folds from {trials.folds_from}: {listing(short)}. Leave them out (rsa.repeated "
            "drops stimuli shown once), name other folds with fold=, or drop that coord to use the order of "
            "the repeats."
        )
