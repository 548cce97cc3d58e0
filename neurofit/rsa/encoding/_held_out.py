"""Predictions of stimuli that had no part in the mapping, nor in any choice made for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from sklearn.base import clone

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._trials import Codes, Numbers
    from ._predictor import Predictor


class Scheme(NamedTuple):
    """How stimuli are held out."""

    predictor: Predictor
    fold: Codes  # (stimulus,)
    seeds: tuple[int, ...]  # of the inner folds, one for each fold


class HeldOut(NamedTuple):
    """Predictions from each layer and, after several of them, from the one chosen for each target."""

    prediction: Numbers  # (layer, stimulus, target)
    baseline: Numbers  # (stimulus, target), mean of the training stimuli
    choice: Numbers  # (layer, fold, target), what the predictor chose
    best: Codes  # (fold, target), the layer with the best inner score


def held_out(scheme: Scheme, layers: Sequence[Numbers], targets: Numbers) -> HeldOut:
    """Predict ``targets`` (stimulus, target) from the features (stimulus, feature) of each layer."""
    several, (stimuli, count), folds = len(layers) > 1, targets.shape, len(scheme.seeds)
    prediction = np.empty((len(layers) + several, stimuli, count))
    choice = np.full((len(layers) + several, folds, count), np.nan)
    baseline, best = np.empty_like(targets), np.zeros((folds, count), dtype=np.intp)
    for fold, seed in enumerate(scheme.seeds):
        test = scheme.fold == fold
        baseline[test] = targets[~test].mean(axis=0)
        inner = np.empty((len(layers), count))
        for layer, features in enumerate(layers):
            fitted = _seeded(scheme.predictor, seed).fit(features[~test], targets[~test])
            prediction[layer, test] = fitted.predict(features[test])
            choice[layer, fold], inner[layer] = fitted.choice_, fitted.inner_score_
        best[fold] = inner.argmax(axis=0)
        if several:
            found = np.take_along_axis(prediction[:-1, test], best[fold][None, None], axis=0)
            prediction[-1, test] = found[0]
    return HeldOut(prediction, baseline, choice, best)


def all_held_out(scheme: Scheme, layers: Sequence[Numbers], targets: Numbers) -> HeldOut:
    """``held_out`` for targets (entry, stimulus, unit): each field has (entry, unit) for target.

    Targets that are predicted each on its own go through together, whatever their entry.
    """
    entries, _, units = targets.shape
    if scheme.predictor.joint:
        parts = [held_out(scheme, layers, entry) for entry in targets]
        stacked: list[Any] = [np.stack(field, axis=-2) for field in zip(*parts, strict=True)]
        return HeldOut(*stacked)
    together = held_out(scheme, layers, np.moveaxis(targets, 0, 1).reshape(-1, entries * units))
    split: list[Any] = [field.reshape(*field.shape[:-1], entries, units) for field in together]
    return HeldOut(*split)


def explained(held: HeldOut, targets: Numbers) -> Numbers:
    """Explained variance (layer, entry, unit) alone, for targets (entry, stimulus, unit)."""
    targets = np.moveaxis(targets, 0, 1)
    total = np.square(targets - held.baseline).sum(axis=0)
    error = np.square(targets - held.prediction).sum(axis=1)
    return 1.0 - np.divide(error, total, out=np.full_like(error, np.nan), where=total > 0)


def random_folds(stimuli: int, folds: int, rng: np.random.Generator) -> Codes:
    """A fold for each stimulus, all of nearly one size."""
    return rng.permutation(np.arange(stimuli) % folds)


def groups_across(fold: Codes, groups: int, rng: np.random.Generator) -> Codes:
    """A group for each stimulus, so that those of one group are spread over the folds."""
    group = np.empty_like(fold)
    group[np.lexsort((rng.random(len(fold)), fold))] = np.arange(len(fold)) % groups
    return group


def _seeded(predictor: Predictor, seed: int) -> Predictor:
    fresh: Predictor = clone(predictor)
    if "random_state" in fresh.get_params():
        fresh.set_params(random_state=seed)
    return fresh
