"""The rule of highest likelihood, with the noise of counts in it.

The curve is of highest posterior density: priors that expect no change lower its error. They also pull the
threshold towards the mean rate, by .1 sd of the input where there are 125 stimuli and 5 trials. The threshold
is therefore of highest likelihood, and taken wherever the fitted rule has it, beyond ``GRID`` too: were those
at 2.2 sd left out, the mean over units would be that of the low ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._alternatives import alternatives, change, threshold
from ._families import SIGMOID, Scale
from ._kernels import GRID, WEIGHT
from ._likelihood import REACH, Fitted, Nodes, kinds_of, maximise, nodes_for
from ._methods import Estimate, bounds, on_scales, open_bounds

if TYPE_CHECKING:
    from ._families import Family
    from ._inputs import Numbers, Unit

# Where the rule may turn, in sd of the novel rate: its likelihood can have several peaks.
TURNS = (0.5, 1.5, 2.5)
TRIED = 5
FLAT = 0.01
WIDE = np.linspace(-REACH, REACH, 91)
INNER = slice(25, 66)  # WIDE[INNER] is GRID


def fit(unit: Unit, name: str, *, family: Family = SIGMOID, nodes: Nodes | None = None) -> Fitted:
    """Parameters of one alternative for a unit, of highest posterior density.

    The likelihood of a rule can have several peaks: a few steps are made from each start, and all the way
    from where the most was gained.
    """
    scale, kinds, nodes = Scale.of(unit), kinds_of(unit), nodes or nodes_for(unit)
    model = alternatives[name].model(scale, family)
    if name != "rule":
        return maximise(model, kinds, nodes, model.mean)
    same = alternatives["none"].model(scale, family)
    shared = maximise(same, kinds, nodes, same.mean, steps=20).theta
    starts = [np.concatenate([shared, [0.0, 0.2], model.mean[-2:-1], [turn]]) for turn in TURNS]
    tried = [maximise(model, kinds, nodes, start, steps=TRIED) for start in starts]
    return maximise(model, kinds, nodes, max(tried, key=lambda one: one.posterior).theta)


def likeliest(unit: Unit, name: str, fitted: Fitted, *, family: Family = SIGMOID) -> Fitted:
    """The highest likelihood near a fit, with all but a hundredth of the prior's weight taken away."""
    model = alternatives[name].model(Scale.of(unit), family)
    flat = model._replace(precision=FLAT * model.precision)
    return maximise(flat, kinds_of(unit), nodes_for(unit), fitted.theta, steps=20)


def estimate(unit: Unit, draws: int, rng: np.random.Generator, *, family: Family = SIGMOID) -> Estimate:
    """Rule of highest likelihood over the inputs that stimuli may have had (Pereira & Brunel 2018)."""
    fitted = fit(unit, "rule", family=family)
    free = likeliest(unit, "rule", fitted, family=family)
    return described(unit, fitted, free, draws, rng, family=family)


def described(
    unit: Unit,
    fitted: Fitted,
    free: Fitted,
    draws: int,
    rng: np.random.Generator,
    *,
    family: Family = SIGMOID,
) -> Estimate:
    """Curve of one fit and threshold of a freer one, with intervals from draws around their peaks."""
    scale = Scale.of(unit)
    changes, rates = curves(_drawn(fitted, draws, rng), scale, family)
    # Without its prior the peak is too flat for draws around it: the scatter is that of the posterior.
    free = free._replace(information=fitted.information)
    found, sums = thresholds(_drawn(free, draws, rng), scale, family)
    return Estimate(
        changes[0],
        bounds(changes[1:]),
        rates[0],
        np.exp(family.log_rate(fitted.theta[: family.size], GRID + changes[0])[0]),
        rates[0] > unit.novel.rate.max(),
        found[0],
        open_bounds(found[1:], sums[1:]),
    )


def _drawn(fitted: Fitted, draws: int, rng: np.random.Generator) -> Numbers:
    """The peak, and draws around it."""
    root = np.linalg.cholesky(np.linalg.inv(fitted.information))
    away = rng.normal(size=(draws, len(fitted.theta))) @ root.T
    return np.concatenate([fitted.theta[None], fitted.theta + away])


def curves(theta: Numbers, scale: Scale, family: Family) -> tuple[Numbers, Numbers]:
    """Change of input and novel rate (draw, input) at the inputs ``GRID`` for drawn parameters."""
    rate = _rates(theta, family)[:, INNER]
    return change(theta[:, family.size :].T[..., None], rate, scale)[0], rate


def thresholds(theta: Numbers, scale: Scale, family: Family) -> tuple[Numbers, Numbers]:
    """Thresholds (draw, 3) wherever the rule has them, and whether inputs rise or fall on the whole."""
    rates = _rates(theta, family)
    own = theta[:, family.size :]
    hz = threshold(own, scale)
    # A rate that no input gives is no threshold.
    at = np.array(
        [np.interp(x, rate, WIDE, left=np.nan, right=np.nan) for x, rate in zip(hz, rates, strict=True)]
    )
    changes = change(own.T[..., None], rates[:, INNER], scale)[0]
    return on_scales(np.where(np.isnan(at), np.nan, hz), at, rates[:, INNER]), changes @ WEIGHT


def _rates(theta: Numbers, family: Family) -> Numbers:
    return np.exp([family.log_rate(one[: family.size], WIDE)[0] for one in theta])
