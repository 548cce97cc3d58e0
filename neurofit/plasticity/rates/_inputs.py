"""Counts as plain numbers, unit by unit, checked before anything long begins."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...errors import RecordingError, SchemaError, listing
from ...names import FAMILIAR, STIMULUS, TRIAL, UNIT, WINDOW

if TYPE_CHECKING:
    import xarray as xr

Numbers = np.ndarray
FEWEST_STIMULI = 20


class Counts(NamedTuple):
    """Spikes of one unit for each stimulus of one kind, summed over its trials."""

    total: Numbers  # (stimulus,)
    trials: Numbers  # (stimulus,)
    window: float

    @property
    def rate(self) -> Numbers:
        """Mean rate for each stimulus, in Hz."""
        return self.total / (self.trials * self.window)

    def take(self, chosen: Numbers) -> Counts:
        """Some of the stimuli, by flags or by positions."""
        return self._replace(total=self.total[chosen], trials=self.trials[chosen])


class Unit(NamedTuple):
    """What one unit did for novel and for familiar stimuli; ``fano`` is its variance over its mean."""

    novel: Counts
    familiar: Counts
    fano: float

    @property
    def even(self) -> bool:
        """Whether all stimuli, of both kinds, have as many trials."""
        trials = np.concatenate([self.novel.trials, self.familiar.trials])
        return bool((trials == trials[0]).all())


def prepare(counts: xr.DataArray) -> tuple[Numbers, Numbers, float]:
    """Counts (unit, stimulus, trial), NaN where there was no trial, which are familiar, the window."""
    problems = _problems(counts)
    if problems:
        raise SchemaError(
            f"not valid counts: {'; '.join(problems)}. Got dims {counts.dims}, coords "
            f"{listing(counts.coords)}. Give spike counts (unit, stimulus, trial), coord familiar(stimulus) "
            "and attr window, the seconds that were counted."
        )
    values = counts.transpose(UNIT, STIMULUS, TRIAL).values.astype(np.float64)
    familiar = np.asarray(counts[FAMILIAR].values).astype(bool)
    _check_values(values)
    _check_stimuli(familiar)
    unseen = (np.isfinite(values).sum(axis=2) == 0).any(axis=1)
    if unseen.any():
        raise RecordingError(
            f"units at {listing(np.flatnonzero(unseen))} have stimuli without any trial. "
            "Leave out these units or these stimuli."
        )
    silent = np.nansum(values[:, ~familiar], axis=(1, 2)) == 0
    if silent.any():
        raise RecordingError(
            f"units at {listing(np.flatnonzero(silent))} are silent for all novel stimuli: "
            "their rates have no distribution. Leave them out."
        )
    return values, familiar, float(counts.attrs[WINDOW])


def _problems(counts: xr.DataArray) -> list[str]:
    problems = [f"missing dim {dim!r}" for dim in (UNIT, STIMULUS, TRIAL) if dim not in counts.dims]
    if not problems and counts.ndim > 3:
        problems.append(f"more dims than unit, stimulus and trial: {counts.dims}")
    if FAMILIAR not in counts.coords or counts[FAMILIAR].dims != (STIMULUS,):
        problems.append("missing coord 'familiar(stimulus)': true where a stimulus was known, else false")
    elif not np.isin(counts[FAMILIAR].values, [0, 1]).all():
        problems.append("coord 'familiar' has values other than true and false")
    window = counts.attrs.get(WINDOW)
    if not isinstance(window, (int, float, np.number)) or window <= 0:
        problems.append(f"attribute 'window' is {window!r}, must be seconds above 0")
    return problems


def _check_values(values: Numbers) -> None:
    shown = values[~np.isnan(values)]
    if not (np.isfinite(shown) & (shown >= 0) & (shown % 1 == 0)).all():
        raise SchemaError(
            f"counts must be whole and not negative; {int((shown < 0).sum())} are negative and "
            f"{int((shown % 1 != 0).sum())} are no integers. Give spike counts, not rates or z scores."
        )


def _check_stimuli(familiar: Numbers) -> None:
    fewest = {"novel": int((~familiar).sum()), "familiar": int(familiar.sum())}
    few = [f"{number} {kind}" for kind, number in fewest.items() if number < FEWEST_STIMULI]
    if few:
        raise RecordingError(
            f"there are {' and '.join(few)} stimuli: a distribution of rates takes {FEWEST_STIMULI} of each "
            "kind. Show more."
        )


def unit_of(values: Numbers, familiar: Numbers, window: float) -> Unit:
    """Sums over the trials of one unit, (stimulus, trial)."""
    novel, known = (_summed(values[kind], window) for kind in (~familiar, familiar))
    return Unit(novel, known, fano(values))


def _summed(values: Numbers, window: float) -> Counts:
    return Counts(np.nansum(values, axis=1), (~np.isnan(values)).sum(axis=1), window)


def fano(values: Numbers) -> float:
    """Fano factor: scatter over the trials of each stimulus, over the mean; 1 where none is repeated.

    F = sum (k - mean of its stimulus)^2 / sum (n - 1) mean, summed over the stimuli with n > 1 trials.
    """
    trials = (~np.isnan(values)).sum(axis=1)
    mean = np.nanmean(values, axis=1)
    expected = ((trials - 1) * mean).sum()
    if expected <= 0:
        return 1.0
    scatter = np.nansum((values - mean[:, None]) ** 2) / expected
    return float(np.clip(scatter, 0.2, 20.0))


def thinned(values: Numbers, rng: np.random.Generator) -> Numbers:
    """As many trials (stimulus, trial) for each stimulus as the least shown one has, drawn at random.

    Unequal trials make one distribution wider than the other by noise alone.
    """
    fewest = int((~np.isnan(values)).sum(axis=1).min())
    order = np.where(np.isnan(values), np.inf, rng.random(values.shape)).argsort(axis=1)[:, :fewest]
    return np.take_along_axis(values, order, axis=1)
