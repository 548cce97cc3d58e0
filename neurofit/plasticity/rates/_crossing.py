"""The threshold as the rate at which two distributions cross: no transfer function, no Gaussian input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from ._kernels import GRID
from ._methods import UNKNOWN, Estimate
from ._quantile import novel_rate

if TYPE_CHECKING:
    from ._inputs import Unit

Numbers = np.ndarray
# Kolmogorov's quantile: two samples of one distribution differ by more in one case of twenty.
SIMULTANEOUS = 1.3581
SIGNIFICANT = 1.96


def estimate(unit: Unit, draws: int, rng: np.random.Generator) -> Estimate:  # noqa: ARG001
    """Rate at which the quantile functions cross, with simultaneous bands (Doksum & Sievers 1976)."""
    novel, familiar = np.sort(unit.novel.rate), np.sort(unit.familiar.rate)
    change, band = shift(novel, familiar)
    found = crossing(novel, familiar)
    threshold = np.stack([_in_units(hz, novel) for hz in found])
    outside = np.isnan(change)
    interval = UNKNOWN if np.isnan(found[0]) else threshold[1:].T
    return Estimate(change, band, novel_rate(novel), outside, threshold[0], interval)


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


def crossing(novel: Numbers, familiar: Numbers) -> tuple[float, float, float]:
    """Rate at which F_familiar - F_novel turns from above 0 to below it, and its 95 % interval.

    Of several crossings it is that before which the area between the two is largest.
    The interval goes from the last rate below it, to the first above it, at which the difference is
    significant in itself; where there is none, to 0 or to infinity.
    """
    rates = np.unique(np.concatenate([novel, familiar]))
    below = [np.searchsorted(kind, rates, side="right") / len(kind) for kind in (novel, familiar)]
    # Half of what is tied at a rate lies below it.
    half = [(share + np.concatenate([[0], share[:-1]])) / 2 for share in below]
    difference = half[1] - half[0]
    total = (np.gradient(rates) * difference).cumsum()
    last = int(total.argmax())
    if total[last] <= 0 or last + 1 == len(rates) or difference[last + 1 :].min() >= 0:
        return np.nan, np.nan, np.nan
    pooled = (half[0] * len(novel) + half[1] * len(familiar)) / (len(novel) + len(familiar))
    error = np.sqrt(pooled * (1 - pooled) * (1 / len(novel) + 1 / len(familiar)))
    score = difference / np.maximum(error, 1e-12)
    up, down = np.flatnonzero(score > SIGNIFICANT), np.flatnonzero(score < -SIGNIFICANT)
    lower = rates[up[up <= last].max()] if (up <= last).any() else 0.0
    upper = rates[down[down > last].min()] if (down > last).any() else np.inf
    before, after = difference[last], difference[last + 1]
    part = before / (before - after) if before > after else 0.5
    return float(rates[last] + part * (rates[last + 1] - rates[last])), float(lower), float(upper)


def _in_units(hz: float, novel: Numbers) -> Numbers:
    """Hz, sd of the novel rates, and the input of a normal distribution at that rank."""
    levels = np.unique(novel)
    share = (np.searchsorted(novel, levels) + np.searchsorted(novel, levels, side="right")) / 2 / len(novel)
    inputs = ndtri(share)
    finite = np.interp(hz, levels, inputs) if np.isfinite(hz) else np.sign(hz) * np.inf
    at = -np.inf if hz == 0 and levels[0] > 0 else finite
    return np.array([hz, (hz - novel.mean()) / max(novel.std(), 1e-12), at])
