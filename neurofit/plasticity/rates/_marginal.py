"""The rule of highest likelihood, with the noise of counts in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from ._alternatives import TRANSFER, Scale, alternatives, transfer
from ._kernels import GRID
from ._likelihood import Fitted, LogRate, Model, Nodes, Rows, kinds_of, maximise, nodes_for
from ._methods import Estimate, bounds, threshold_bounds, thresholds

if TYPE_CHECKING:
    from ._inputs import Unit

Numbers = np.ndarray
# Where the rule may turn, in sd of the novel rate: its likelihood can have several peaks.
TURNS = (0.5, 1.5, 2.5)
TRIED = 5


def fit(unit: Unit, name: str, *, prior: tuple[Numbers, Numbers] | None = None) -> Fitted:
    """Parameters of one alternative for a unit; ``prior`` (mean, precision) replaces the weak one."""
    model = alternatives[name].model(Scale.of(unit))
    if prior is not None:
        model = Model(model.log_rates, *prior)
    return best(model, kinds_of(unit), nodes_for(unit), rule=name == "rule")


def best(model: Model, kinds: tuple[Rows, Rows], nodes: Nodes, *, rule: bool) -> Fitted:
    """The highest peak: a few steps from each start, and all the way from where the most was gained."""
    if not rule:
        return maximise(model, kinds, nodes, model.mean)
    shared = maximise(_unchanged(model), kinds, nodes, model.mean[:TRANSFER], steps=8).theta
    starts = [np.concatenate([shared, [0.0, 0.2], model.mean[5:6], [turn]]) for turn in TURNS]
    tried = [maximise(model, kinds, nodes, start, steps=TRIED) for start in starts]
    return maximise(model, kinds, nodes, max(tried, key=lambda one: one.posterior).theta)


def _unchanged(model: Model) -> Model:
    """The same transfer function without a rule, as a start."""

    def log_rates(theta: Numbers, h: Numbers) -> tuple[LogRate, LogRate]:
        found = transfer(theta, h)
        return found, found

    return Model(log_rates, model.mean[:TRANSFER], model.precision[:TRANSFER, :TRANSFER])


def estimate(unit: Unit, draws: int, rng: np.random.Generator) -> Estimate:
    """Rule of highest likelihood over the inputs that stimuli may have had (Pereira & Brunel 2018)."""
    return described(unit, fit(unit, "rule"), draws, rng)


def described(unit: Unit, fitted: Fitted, draws: int, rng: np.random.Generator) -> Estimate:
    """Curve and threshold of a fit, with intervals from draws around its peak."""
    scale = Scale.of(unit)
    change, rate = curves(fitted.theta[None], scale)
    root = np.linalg.cholesky(np.linalg.inv(fitted.information))
    drawn = fitted.theta + rng.normal(size=(draws, len(fitted.theta))) @ root.T
    changes, rates = curves(drawn, scale)
    return Estimate(
        change[0],
        bounds(changes),
        rate[0],
        rate[0] > unit.novel.rate.max(),
        thresholds(change, rate)[0],
        threshold_bounds(changes, rates),
    )


def curves(theta: Numbers, scale: Scale) -> tuple[Numbers, Numbers]:
    """Change of input and novel rate (draw, input) at the inputs ``GRID``, for parameters (draw, 7)."""
    log_r_m, log_beta, h0, a, b, log_kappa, u0 = theta.T[..., None]
    rate = np.exp(log_r_m) * expit(np.exp(log_beta) * (GRID - h0))
    return a + b * np.tanh(np.exp(log_kappa) * ((rate - scale.mean) / scale.sd - u0)), rate
