"""What a model says about an RDM: one RDM, one of several, a mixture, or something between two."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...registry import Registry
from ._fit import best_interpolation, best_mixture, moments
from ._kernels import mean_over

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

    from .._trials import Numbers
    from ._samples import Scorer


class Held(NamedTuple):
    """What a model is fitted to, and the stimuli on which it is scored, in each draw."""

    train_times: Numbers  # (draw, stimulus)
    train_members: Numbers  # (draw, subject)
    test_times: Numbers  # (draw, stimulus)


@dataclass(frozen=True)
class Model(ABC):
    """A model of an RDM, made of one or several RDMs over the same pairs.

    Parameters
    ----------
    rdms
        RDMs: dim ``pair`` with coords ``stimulus_a`` and ``stimulus_b``, and at most one more dim, the parts
        of the model.
    """

    rdms: xr.DataArray

    @property
    def fitted(self) -> bool:
        """Whether there is anything to fit."""
        return True

    @staticmethod
    @abstractmethod
    def held_out(parts: Numbers, scorer: Scorer, held: Held) -> Numbers:
        """Similarity (draw, subject), on the stimuli held out, of what was fitted to the others."""


models: Registry[type[Model]] = Registry("kind of model")


@models.register("fixed")
class Fixed(Model):
    """One RDM, with nothing to fit."""

    @property
    def fitted(self) -> bool:
        """No."""
        return False

    @staticmethod
    def held_out(parts: Numbers, scorer: Scorer, held: Held) -> Numbers:
        """Similarity of the RDM as it is."""
        return scorer.similarity(parts, scorer.data, held.test_times)[:, 0]


@models.register("selection")
class Selection(Model):
    """The best one of several RDMs, such as the best layer of a network."""

    @staticmethod
    def held_out(parts: Numbers, scorer: Scorer, held: Held) -> Numbers:
        """Similarity of the one that was most similar in training."""
        train = mean_over(scorer.similarity(parts, scorer.data, held.train_times), held.train_members)
        best = np.where(np.isnan(train), -np.inf, train).argmax(axis=1)
        test = scorer.similarity(parts, scorer.data, held.test_times)
        undefined = np.isnan(train).all(axis=1)
        chosen = np.take_along_axis(test, best[:, None, None], axis=1)[:, 0]
        return np.where(undefined[:, None], np.nan, chosen)


@models.register("weighted")
class Weighted(Model):
    """The best mixture of several RDMs with weights that are not negative, such as feature sets."""

    @staticmethod
    def held_out(parts: Numbers, scorer: Scorer, held: Held) -> Numbers:
        """Similarity of the mixture that was most similar in training."""
        return _mixed(best_mixture, parts, scorer, held)


@models.register("interpolation")
class Interpolation(Model):
    """The best point on the line from RDM to next RDM, such as several widths of smoothing."""

    @staticmethod
    def held_out(parts: Numbers, scorer: Scorer, held: Held) -> Numbers:
        """Similarity of the point that was most similar in training."""
        return _mixed(best_interpolation, parts, scorer, held)


CENTRED = ("pearson", "spearman", "rho_a", "tau_a", "tau_b", "whitened_pearson")


def _mixed(
    best: Callable[[Numbers, Numbers], Numbers], parts: Numbers, scorer: Scorer, held: Held
) -> Numbers:
    """Fit weights of the parts in each draw by ``best``, and score the mixture on the stimuli held out.

    Weights are those of the highest mean correlation (of comparators that ignore a constant) or cosine (of
    the others): exact for these two, and near the best for ranks and whitened comparators. What is scored is
    the comparator itself.
    """
    centred = scorer.measure in CENTRED
    train = moments(parts, scorer.data, held.train_times, centred=centred)
    with np.errstate(invalid="ignore", divide="ignore"):
        target = mean_over(train.products / train.lengths[:, None, :], held.train_members)
    weights = np.stack([best(*draw) for draw in zip(train.gram, target, strict=True)])
    if scorer.measure in {"pearson", "cosine"} and train.complete:
        test = moments(parts, scorer.data, held.test_times, centred=centred)
        length = np.sqrt(np.einsum("dk,dkl,dl->d", weights, test.gram, weights))
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.einsum("dk,dks->ds", weights, test.products) / (length[:, None] * test.lengths)
    return np.stack(
        [
            scorer.similarity((row @ parts)[None], scorer.data, times[None])[0, 0]
            if np.isfinite(row).all()
            else np.full(len(scorer.data), np.nan)
            for row, times in zip(weights, held.test_times, strict=True)
        ]
    )
