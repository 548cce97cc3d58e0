"""The published estimate: equal ranks of novel and familiar rates, read as inputs.

Its interval holds what the choice of stimuli leaves. The bias by the noise of counts is not in it: the more
stimuli there are, the less often it holds the rule (docs/tables/rate_rule.csv).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._kernels import GRID, change_between, transfer
from ._methods import Estimate, bounds, threshold_bounds, thresholds

if TYPE_CHECKING:
    from ._inputs import Numbers, Unit


def estimate(unit: Unit, draws: int, rng: np.random.Generator) -> Estimate:
    """Change of input at equal rank of novel and familiar rates (Lim et al. 2015)."""
    novel, familiar = transfer(unit.novel.rate), transfer(unit.familiar.rate)
    change, outside = change_between(novel, familiar, GRID)
    rate = np.interp(GRID, *novel)
    drawn = [_redrawn(unit.novel.rate, unit.familiar.rate, rng) for _ in range(draws)]
    changes, rates = np.reshape(drawn, (draws, 2, len(GRID))).transpose(1, 0, 2)
    return Estimate(
        change,
        bounds(changes),
        rate,
        np.interp(GRID, *familiar),
        outside,
        thresholds(change, rate),
        threshold_bounds(changes, rates),
    )


def rate_at_rank(rates: Numbers) -> Numbers:
    """Rate of the stimuli whose ranks are those of the inputs ``GRID``."""
    return np.interp(GRID, *transfer(rates))


def _redrawn(novel: Numbers, familiar: Numbers, rng: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Curve and rates with stimuli drawn anew, those of each kind among themselves."""
    of_novel, of_familiar = (transfer(rng.choice(rates, len(rates))) for rates in (novel, familiar))
    return change_between(of_novel, of_familiar, GRID)[0], np.interp(GRID, *of_novel)
