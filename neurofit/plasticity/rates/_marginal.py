"""The rule of highest likelihood, with the noise of counts in it.

The curve is of highest posterior density: priors that expect no change lower its error. They also pull the
threshold towards the mean rate, by .1 sd of the input where there are 125 stimuli and 5 trials. The threshold
is therefore of highest likelihood, and taken wherever the fitted rule has it, beyond ``GRID`` too: were those
at 2.2 sd left out, the mean over units would be that of the low ones.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._alternatives import alternatives
from ._curves import curves, thresholds
from ._families import SIGMOID, Scale
from ._kernels import GRID, WEIGHT
from ._likelihood import Fitted, Model, Nodes, kinds_of, maximise, nodes_for
from ._methods import UNKNOWN, Estimate, bounds, open_bounds
from ._profile import interval

if TYPE_CHECKING:
    from ._families import Family
    from ._inputs import Numbers, Unit

# Where the rule may turn, in sd of the novel rate: its likelihood can have several peaks.
TURNS = (0.5, 1.5, 2.5)
TRIED = 5
FLAT = 0.01


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
    model = freed(alternatives[name].model(Scale.of(unit), family))
    return maximise(model, kinds_of(unit), nodes_for(unit), fitted.theta, steps=20)


def freed(model: Model) -> Model:
    """With a hundredth of the prior's weight."""
    return model._replace(precision=FLAT * model.precision)


def estimate(unit: Unit, draws: int, rng: np.random.Generator, *, family: Family = SIGMOID) -> Estimate:
    """Rule of highest likelihood over the inputs that stimuli may have had (Pereira & Brunel 2018)."""
    fitted = fit(unit, "rule", family=family)
    free = likeliest(unit, "rule", fitted, family=family)
    scale = Scale.of(unit)
    found = thresholds(free.theta[None], scale, family)[0]
    shrunk = described(unit, fitted, draws, rng, family=family)
    within = UNKNOWN
    if draws:
        model = freed(alternatives["rule"].model(scale, family))
        within = interval(unit, free, found[2], model, family, other=fitted.theta)
    return shrunk._replace(threshold=found, threshold_interval=within, likeliest=free)


def described(
    unit: Unit, fitted: Fitted, draws: int, rng: np.random.Generator, *, family: Family = SIGMOID
) -> Estimate:
    """Curve and threshold of one fit, with intervals from draws around its peak."""
    scale, theta = Scale.of(unit), _drawn(fitted, draws, rng)
    changes, rates = curves(theta, scale, family)
    found = thresholds(theta, scale, family)
    return Estimate(
        changes[0],
        bounds(changes[1:]),
        rates[0],
        np.exp(family.log_rate(fitted.theta[: family.size], GRID + changes[0])[0]),
        rates[0] > unit.novel.rate.max(),
        found[0],
        open_bounds(found[1:], changes[1:] @ WEIGHT),
    )


def _drawn(fitted: Fitted, draws: int, rng: np.random.Generator) -> Numbers:
    """The peak, and draws around it."""
    root = np.linalg.cholesky(np.linalg.inv(fitted.information))
    away = rng.normal(size=(draws, len(fitted.theta))) @ root.T
    return np.concatenate([fitted.theta[None], fitted.theta + away])
