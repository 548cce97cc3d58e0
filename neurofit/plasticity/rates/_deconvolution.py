"""The distributions of rates without the scatter of counts, and the rule from them.

It is for many stimuli and few trials. With 125 stimuli and 10 trials nearly all of the error of ranks is that
of sampling, which no method without a form of the rule takes out, and the noise of counts is a seventh of the
variance of rates: taking it out adds more scatter than it takes away bias (docs/tables/rate_rule.csv).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr, ndtri

from ._kernels import GRID
from ._likelihood import rows_of
from ._methods import Estimate, bounds, threshold_bounds, thresholds

if TYPE_CHECKING:
    from ._inputs import Counts, Numbers, Unit

POINTS = 80
ROUNDS = 300
SETTLED = 1e-5
SMOOTHING = np.array([1, 4, 6, 4, 1]) / 16


def estimate(unit: Unit, draws: int, rng: np.random.Generator) -> Estimate:
    """Equal ranks of rates whose distributions have the highest likelihood (Kiefer & Wolfowitz 1956)."""
    highest = max(unit.novel.rate.max(), unit.familiar.rate.max())
    # The root of a rate is known equally well everywhere, so points are even on its scale.
    support = np.linspace(0, np.sqrt(1.1 * highest), POINTS + 1)[1:] ** 2
    change, rate, familiar_rate, outside = _curve(unit, support)
    drawn = [_curve(_redrawn(unit, rng), support)[:2] for _ in range(draws)]
    drawn_changes, drawn_rates = np.reshape(drawn, (draws, 2, len(GRID))).transpose(1, 0, 2)
    return Estimate(
        change,
        bounds(drawn_changes),
        rate,
        familiar_rate,
        outside,
        thresholds(change, rate),
        threshold_bounds(drawn_changes, drawn_rates),
    )


def mixture(counts: Counts, fano: float, support: Numbers) -> Numbers:
    """Share of stimuli at each rate of ``support`` that makes the counts likeliest, smoothed.

    Of all distributions of rates, w maximises sum over stimuli of log sum_j w_j Poisson(k; n T r_j), by
    expectation maximisation (Laird 1978). Left alone it ends in a few spikes: a smoothing step after each
    round keeps it a density (Silverman et al. 1990).
    """
    rows = rows_of(counts, fano)
    log = rows.spikes[:, None] * np.log(support) - rows.exposure[:, None] * support
    likelihood = np.exp(log - log.max(axis=1, keepdims=True))
    share, weight = rows.copies / rows.copies.sum(), np.full(len(support), 1 / len(support))
    for _ in range(ROUNDS):
        updated = weight * ((share / (likelihood @ weight)) @ likelihood)
        updated = np.convolve(np.pad(updated, 2, mode="edge"), SMOOTHING, mode="valid")
        updated /= updated.sum()
        settled = np.abs(updated - weight).max() < SETTLED
        weight = updated
        if settled:
            break
    return weight


def _curve(unit: Unit, support: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Change, novel and familiar rate at ``GRID``, and where the novel distribution does not reach."""
    novel, familiar = (_below(mixture(kind, unit.fano, support)) for kind in (unit.novel, unit.familiar))
    rate = np.interp(ndtr(GRID), familiar, support)
    share = np.interp(rate, support, novel)
    fewest = 0.5 / len(unit.novel.total)
    outside = (share < fewest) | (share > 1 - fewest)
    change = np.where(outside, np.nan, ndtri(share) - GRID)
    return change, np.interp(ndtr(GRID), novel, support), rate, outside


def _below(weight: Numbers) -> Numbers:
    """Share of stimuli below each rate, half of those at it included; rising, so that it can be inverted."""
    return np.clip(weight.cumsum() - weight / 2 + 1e-9 * np.arange(len(weight)), 1e-12, 1 - 1e-12)


def _redrawn(unit: Unit, rng: np.random.Generator) -> Unit:
    novel, familiar = (
        kind.take(rng.integers(len(kind.total), size=len(kind.total))) for kind in (unit.novel, unit.familiar)
    )
    return unit._replace(novel=novel, familiar=familiar)
