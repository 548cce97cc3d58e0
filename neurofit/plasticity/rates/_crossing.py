"""The threshold as the rate at which two distributions cross: no transfer function, no Gaussian input.

The noise of counts widens both distributions and moves their crossing, by .1 sd of the input where inputs
are skewed to weak ones and there are 20 trials. To first order the widening goes with the variance of the
noise. Counts of which each spike is kept with the chance 1/2 have more noise by a known amount: what that
widens is taken off, and only terms of higher order remain (as in Cook & Stefanski 1994).

What is taken off can make distributions cross where there are hardly any stimuli: of such crossings, bounds
that seemed known on both sides held half. They are not told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri
from scipy.stats import binom

from ._kernels import GRID
from ._methods import UNKNOWN, Estimate
from ._quantile import rate_at_rank

if TYPE_CHECKING:
    from ._inputs import Counts, Numbers, Unit

# Kolmogorov's quantile: two samples of one distribution differ by more in one case of twenty.
SIMULTANEOUS = 1.3581
SIGNIFICANT = 1.96
# More spikes than this are hardly noisy, and slow to thin.
NOISY = 2000


def estimate(unit: Unit, draws: int, rng: np.random.Generator) -> Estimate:  # noqa: ARG001
    """Rate at which the quantile functions cross, with simultaneous bands (Doksum & Sievers 1976)."""
    novel = np.sort(unit.novel.rate)
    change, band = shift(novel, np.sort(unit.familiar.rate))
    found = crossing(unit.novel, unit.familiar, unit.fano)
    threshold = np.stack([_in_units(hz, novel) for hz in found])
    outside = np.isnan(change)
    interval = UNKNOWN if np.isnan(found[1]) else threshold[1:].T
    rates = rate_at_rank(novel), rate_at_rank(unit.familiar.rate)
    return Estimate(change, band, *rates, outside, threshold[0], interval)


def shift(novel: Numbers, familiar: Numbers) -> tuple[Numbers, Numbers]:
    """Q_familiar(p) - Q_novel(p) in Hz at p = Phi(GRID), and its simultaneous 95 % band (input, bound).

    The band holds whatever the distributions are: Q_familiar(p - c) and Q_familiar(p + c) bound it, with
    c = 1.358 sqrt(1/S + 1/S'). Where p - c or p + c is no probability, there is no bound: NaN.
    """
    p = ndtr(GRID)
    reach = SIMULTANEOUS * np.sqrt(1 / len(novel) + 1 / len(familiar))
    base = np.quantile(novel, p)
    shares = np.stack([p - reach, p + reach], axis=1)
    known = (shares > 0) & (shares < 1)
    band = np.quantile(familiar, np.clip(shares, 0, 1)) - base[:, None]
    return np.quantile(familiar, p) - base, np.where(known, band, np.nan)


def crossing(novel: Counts, familiar: Counts, fano: float) -> tuple[float, float, float]:
    """Rate at which F_familiar - F_novel turns from above 0 to below it, and its 95 % interval.

    The interval goes from the last rate below it, to the first above it, at which the difference is
    significant in itself; where there is none, to 0 or to infinity. Where the two cross only once their noise
    is taken off, beyond nearly all stimuli, the rate is not told (NaN) and the interval is open on that side.
    """
    rates = np.unique(np.concatenate([novel.rate, familiar.rate]))
    difference, variance = _difference(novel, familiar, rates, fano)
    last = _turn(rates, difference)
    if last is None:
        return np.nan, np.nan, np.nan
    score = difference / np.sqrt(np.maximum(variance, 1e-24))
    up, down = np.flatnonzero(score > SIGNIFICANT), np.flatnonzero(score < -SIGNIFICANT)
    lower = float(rates[up[up <= last].max()]) if (up <= last).any() else 0.0
    upper = float(rates[down[down > last].min()]) if (down > last).any() else np.inf
    before, after = difference[last], difference[last + 1]
    part = before / (before - after) if before > after else 0.5
    hz = float(rates[last] + part * (rates[last + 1] - rates[last]))
    if _turn(rates, _difference(novel, familiar, rates, 0.0)[0]) is not None:
        return hz, lower, upper
    return (np.nan, lower, np.inf) if hz > np.median(novel.rate) else (np.nan, 0.0, upper)


def _difference(novel: Counts, familiar: Counts, rates: Numbers, fano: float) -> tuple[Numbers, Numbers]:
    """F_familiar - F_novel at each rate, and its sampling variance."""
    (share, variance), (of_familiar, more) = (below(one, rates, fano) for one in (novel, familiar))
    return of_familiar - share, variance + more


def _turn(rates: Numbers, difference: Numbers) -> int | None:
    """The rate before the crossing: of several, that before which the area above 0 is largest."""
    total = (np.gradient(rates) * difference).cumsum()
    last = int(total.argmax())
    if total[last] <= 0 or last + 1 == len(rates) or difference[last + 1 :].min() >= 0:
        return None
    return last


def below(counts: Counts, rates: Numbers, fano: float) -> tuple[Numbers, Numbers]:
    """Share of stimuli below each rate, less what noise adds, and its sampling variance.

    Half of what is tied at a rate lies below it. Thinned counts have a variance of F + 1 times their mean
    over their seconds where whole ones have F: the widening by one mean is taken off F times.
    """
    total, number = np.sort(counts.total), len(counts.total)
    seconds = counts.trials[0] * counts.window  # trials are equal here
    if fano == 0 or total[-1] > NOISY:
        own = total / seconds
        share = (np.searchsorted(own, rates) + np.searchsorted(own, rates, side="right")) / (2 * number)
        return share, share * (1 - share) / number
    levels, copies = np.unique(total, return_counts=True)
    at = levels[:, None] / seconds
    whole = np.where(np.isclose(at, rates), 0.5, at < rates)
    kept = np.arange(total[-1] + 1)
    chance = binom.pmf(kept, levels[:, None], 0.5)
    # Between whole counts the distribution is a line.
    thin = [np.interp(rates * seconds / 2, kept, row, right=1) for row in chance.cumsum(axis=1) - chance / 2]
    each = whole - fano * (thin - whole)
    mean: Numbers = copies @ each / number
    return mean, (copies @ each**2 / number - mean**2) / number


def _in_units(hz: float, novel: Numbers) -> Numbers:
    """Hz, sd of the novel rates, and the input of a normal distribution at that rank."""
    levels = np.unique(novel)
    share = (np.searchsorted(novel, levels) + np.searchsorted(novel, levels, side="right")) / 2 / len(novel)
    inputs = ndtri(share)
    finite = np.interp(hz, levels, inputs) if np.isfinite(hz) else np.sign(hz) * np.inf
    at = -np.inf if hz == 0 and levels[0] > 0 else finite
    return np.array([hz, (hz - novel.mean()) / max(novel.std(), 1e-12), at])
