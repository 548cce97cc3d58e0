"""How much estimates vary over the stimuli and subjects that might have been drawn."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...names import STIMULUS, SUBJECT
from ._kernels import (
    degrees_of_freedom,
    drawn,
    jackknife,
    pair_factor,
    pair_influence,
    two_factor_variance,
    variance,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._trials import Codes, Numbers
    from ._samples import Counts, Sample, Scorer


PAIRS = 200  # Their influences are averaged: so many of them, chosen at random, serve for all.


class Contrasts(NamedTuple):
    """Differences of columns; where ``minus`` is negative, the column itself."""

    plus: Codes
    minus: Codes

    def of(self, columns: Numbers) -> Numbers:
        """Contrasts of columns, which are the last axis."""
        return columns[..., self.plus] - np.where(self.minus >= 0, columns[..., self.minus], 0.0)

    def per_subject(self, columns: Numbers) -> Numbers:
        """Contrasts (draw, contrast, subject)."""
        return np.moveaxis(self.of(np.moveaxis(columns, 1, -1)), -1, 1)


class Spread(NamedTuple):
    """How sure each contrast is."""

    variance: Numbers  # (contrast,)
    degrees: Numbers  # (contrast,), of freedom


class Draws(NamedTuple):
    """How often each stimulus and each subject was drawn: the same in all three bootstraps."""

    counts: Counts  # (draw, stimulus)
    members: Numbers  # (draw, subject)
    size: tuple[int, int]

    @classmethod
    def make(cls, stimuli: int, subjects: int, draws: int, rng: np.random.Generator) -> Draws:
        """Draws with replacement."""
        counts = drawn(stimuli, draws, rng).astype(np.int16)  # In all draws at once floats would take most.
        return cls(counts, drawn(subjects, draws, rng), (stimuli, subjects))

    @property
    def times(self) -> Numbers:
        """How often each stimulus was drawn, as a weight."""
        return self.counts.astype(np.float64)


def all_contrasts(models: int) -> Contrasts:
    """Each column, each pair of models, and each model less the lower ceiling."""
    first, second = np.triu_indices(models, 1)
    single, each = np.arange(models + 2), np.arange(models)
    plus = np.concatenate([single, first, each])
    minus = np.concatenate([np.full(models + 2, -1), second, np.full(models, models)])
    return Contrasts(plus, minus)


def variance_of_fixed(
    scorer: Scorer, draws: Draws, over: frozenset[str], contrasts: Contrasts, rng: np.random.Generator
) -> Spread:
    """Variance of each contrast for models that have nothing to fit."""
    stimuli, subjects = draws.size
    once = np.ones((1, subjects))
    full = scorer(np.ones((1, stimuli)))
    of_subjects = variance(contrasts.of(full.columns(draws.members)))
    if over == {SUBJECT}:
        degrees = degrees_of_freedom(contrasts.per_subject(full.per_subject(once))[0].T)
        return Spread(subjects / (subjects - 1) * of_subjects, degrees)
    ways = [once] if over == {STIMULUS} else [once, draws.members]
    of_stimuli, *of_both = (variance(contrasts.of(columns)) for columns in scorer.columns(draws.counts, ways))
    factors, degrees = _pair_factors(scorer, full, contrasts, of_stimuli, rng=rng)
    if over == {STIMULUS}:
        return Spread(stimuli / (stimuli - 1) * factors[0] * of_stimuli, degrees)
    both = two_factor_variance(of_stimuli, of_subjects, of_both[0], factors, draws.size)
    return Spread(both, np.full_like(both, min(draws.size) - 1))


def _pair_factors(
    scorer: Scorer, full: Sample, contrasts: Contrasts, of_stimuli: Numbers, *, rng: np.random.Generator
) -> tuple[tuple[Numbers, Numbers], Numbers]:
    """Pair factor of the mean over subjects, and of what they differ in; degrees of freedom of the former.

    The scores are ratios, which few influential stimuli may dominate. ``of_stimuli``, their variance by
    the bootstrap, is then too small; the jackknife is not, on average (Efron & Stein 1981). The first
    factor lifts the one to the other.
    """
    stimuli, subjects = scorer.stimuli, len(scorer.data)
    first, second = np.triu_indices(stimuli, 1)
    if len(first) > PAIRS:
        chosen = rng.choice(len(first), PAIRS, replace=False)
        first, second = first[chosen], second[chosen]
    one = 1.0 - np.eye(stimuli)
    members = np.ones((1, subjects))
    without = scorer(np.concatenate([one, one[first] * one[second]]))
    t, left = (contrasts.per_subject(sample.per_subject(members)) for sample in (full, without))
    without_one, without_two = left[:stimuli], left[stimuli:]
    influence = pair_influence(t[0], (without_one[first], without_one[second]), without_two, stimuli)
    factors = []
    for part in (_mean, _deviation):
        factors.append(pair_factor(part(without_one), part(influence)))
    # The bootstrap variance is yet to be multiplied by n / (n - 1), the jackknife is not.
    known = stimuli / (stimuli - 1) * np.where(of_stimuli > 0, of_stimuli, np.nan)
    lifted = factors[0] * np.fmax(jackknife(_mean(without_one)) / known, 1.0)
    return (lifted, factors[1]), degrees_of_freedom(without_one.mean(axis=2))


def _mean(values: Numbers) -> Numbers:
    return values.mean(axis=2, keepdims=True)


def _deviation(values: Numbers) -> Numbers:
    return values - _mean(values)


def variance_of_fitted(
    crossvalidated: Callable[[Numbers, Numbers], Numbers],
    draws: Draws,
    over: frozenset[str],
    contrasts: Contrasts,
) -> Spread:
    """Variance of each contrast where models are fitted, freed of what the choice of folds adds.

    With r random choices of folds in each draw, the variance of their mean is V + F / r and that of a single
    one V + F, so that V = (r V_mean - V_single) / (r - 1) (Schuett et al. 2023).
    """
    stimuli, subjects = draws.size

    def over_draws(times: Numbers, members: Numbers) -> Numbers:
        columns = contrasts.of(crossvalidated(times, members))
        repeats = columns.shape[1]
        of_mean = variance(columns.mean(axis=1))
        single = np.mean([variance(columns[:, repeat]) for repeat in range(repeats)], axis=0)
        # The difference of two estimates may be negative; a part of the variance of the mean is not.
        return np.maximum((repeats * of_mean - single) / (repeats - 1), of_mean / repeats)

    each_stimulus, each_subject = np.ones_like(draws.times), np.ones_like(draws.members)

    def spread(variance: Numbers, count: int) -> Spread:
        return Spread(variance, np.full_like(variance, count - 1))

    if over == {SUBJECT}:
        return spread(subjects / (subjects - 1) * over_draws(each_stimulus, draws.members), subjects)
    of_stimuli = over_draws(draws.times, each_subject)
    if over == {STIMULUS}:
        return spread(stimuli / (stimuli - 1) * of_stimuli, stimuli)
    of_subjects = over_draws(each_stimulus, draws.members)
    of_both = over_draws(draws.times, draws.members)
    none = np.ones_like(of_both)
    both = two_factor_variance(of_stimuli, of_subjects, of_both, (none, none), draws.size)
    return spread(both, min(draws.size))
