"""Regression discontinuity: trials in which a unit just spiked against those in which it just did not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.special import log_ndtr

from ....errors import TrainingError
from ..._trace import direct_errors, error_at, trace
from ...circuits import nonlinearities
from .._rule import Rule, needs, rules
from ._kick import normal

if TYPE_CHECKING:
    from ..._stages import Params, Stage
    from ..._trace import Moment
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages

Sums = Mapping[str, torch.Tensor]


class Unit(NamedTuple):
    """A unit that gives 1 if it spikes: what it gives if not, and the scale of its logistic noise."""

    silent: float
    scale: float


# The mean of a spike that is as likely as logistic noise brings the drive over zero.
UNITS = {nonlinearities["tanh"]: Unit(-1.0, 0.5), nonlinearities["sigmoid"]: Unit(0.0, 1.0)}


@needs.register("spiking_units")
def spiking_units(stages: Stages, objective: Objective) -> str:
    """Hidden units whose output is the mean of a spike under noise: tanh or sigmoid."""
    smooth = [stage.name for stage in stages[:-1] if stage.post not in UNITS]
    return (
        f"units of {', '.join(smooth)} are neither 'tanh' nor 'sigmoid', the mean of a spike"
        if smooth
        else ""
    )


@dataclass(frozen=True)
class Options:
    """Those of ``regression_discontinuity``."""

    window: float
    correlation: float
    memory: float


@rules.register("regression_discontinuity")
def regression_discontinuity(*, window: float = 0.5, correlation: float = 0.0, memory: float = 0.9) -> Rule:
    r"""Regression discontinuity: a spike's causal effect is the jump of the cost at threshold.

    While it learns, a hidden unit with drive :math:`a` spikes, :math:`H = 1`, if :math:`z = a + \text{noise}`
    is above 0. The noise is logistic, such that the mean of its output (-1 or 1 for tanh, 0 or 1 for sigmoid)
    is the output of the network that is trained. Just above and just below threshold all else is equal, so
    that the jump of the cost there is the effect of the spike, whatever drives or noise units have in common:

    .. math:: \beta = \lim_{z \to 0^+} \mathrm{E}[L \mid z] - \lim_{z \to 0^-} \mathrm{E}[L \mid z]

    Each unit keeps a linear fit of :math:`L` to :math:`z` on either side, within a window :math:`p` and with
    weights :math:`w = f(0) / f(z)`, the density of :math:`z` at threshold over that where it was, under which
    :math:`z` says nothing about :math:`a`. With the mean level :math:`c` and slope :math:`\gamma` of its fits
    it estimates, from one trial,

    .. math::

        \delta = \frac{[|z| < p]\, \operatorname{sign}(z)\, w}{p} (L - c - \gamma z), \qquad
        \nabla = \delta\, h^\top, \qquad
        \mathrm{E}[\delta] \to \frac{\partial \mathrm{E}[L]}{\partial a} = f(0)\, \beta
        \quad \text{as } p \to 0

    Unbiased in this limit for the network that spikes, also where noise is shared between units, for which
    the correlation of spikes with cost is not; what a window of finite width leaves is the difference between
    slopes and their mean. Its variance grows as :math:`1 / p`. As an estimate of backpropagation through the
    tanh or sigmoid it is biased: the mean cost of noisy units is not the cost of their mean. The readout does
    not spike and gets its exact gradient. Compared with the paper, spikes come from noise about a drive
    rather than from integration over time, and the effect is taken for each input instead of once for all.

    Parameters
    ----------
    window
        Largest distance :math:`p` of the drive from threshold at which a unit learns.
    correlation
        Of the noise of units of one layer, before it is made logistic.
    memory
        Share of the sums behind the fits that is kept from step to step.

    Returns
    -------
    Rule

    Raises
    ------
    TrainingError
        If ``window`` is not above 0, or a share is not from 0 to below 1.

    References
    ----------
    Lansdell & Kording 2023, PLoS Computational Biology 19:e1011005, doi:10.1371/journal.pcbi.1011005
    """
    if not window > 0 or not 0 <= correlation < 1 or not 0 <= memory < 1:
        raise TrainingError(
            "window has to be above 0, correlation and memory from 0 to below 1, not "
            f"window={window}, correlation={correlation}, memory={memory}"
        )
    options = Options(window, correlation, memory)
    return Rule(
        "regression_discontinuity",
        partial(_update, options),
        init=_no_sums,
        evolve=partial(_evolve, options),
        needs=("separable", "shared_cost", "spiking_units"),
        references=(
            "Lansdell & Kording 2023, PLoS Computational Biology 19:e1011005, "
            "doi:10.1371/journal.pcbi.1011005",
        ),
    )


def _no_sums(stages: Stages, params: Params, generator: torch.Generator) -> Sums:
    return {}


class Trial(NamedTuple):
    """A layer's distance from threshold for each example, and the weight of that, 0 outside the window."""

    distance: torch.Tensor
    weight: torch.Tensor


def _run(
    options: Options,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    generator: torch.Generator,
) -> tuple[dict[str, Moment], dict[str, Trial], torch.Tensor]:
    """The layers in a noisy trial of each example, how near their units were, and the cost for each."""
    spiking: list[Stage] = []
    trials, inputs = {}, batch.inputs
    for stage in stages[:-1]:
        unit, drive = UNITS[stage.post], stage.lin(params[stage.name], inputs).detach()
        distance = drive + unit.scale * _logistic(drive, options.correlation, generator)
        inputs = torch.where(distance > 0, 1.0, unit.silent).to(drive)
        rarity = _density(drive / unit.scale) / _density((distance - drive) / unit.scale)
        trials[stage.name] = Trial(distance, rarity * (distance.abs() < options.window))
        spiking.append(replace(stage, post=partial(_given, inputs)))
    moments = trace((*spiking, stages[-1]), params, batch.inputs)
    cost = objective.losses({name: moment.output for name, moment in moments.items()}, batch)
    return moments, trials, cost.repeat(len(batch.inputs) // len(cost))


def _given(output: torch.Tensor, drive: torch.Tensor) -> torch.Tensor:
    return output


def _logistic(like: torch.Tensor, correlation: float, generator: torch.Generator) -> torch.Tensor:
    shared = normal(like[:, :1].flatten(1)[:, :1], generator).reshape(-1, *[1] * (like.ndim - 1))
    noise = sqrt(correlation) * shared + sqrt(1 - correlation) * normal(like, generator)
    return log_ndtr(noise) - log_ndtr(-noise)


def _density(noise: torch.Tensor) -> torch.Tensor:
    return noise.sigmoid() * (-noise).sigmoid()


def _update(
    options: Options,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: Sums,
    generator: torch.Generator,
) -> Params:
    moments, trials, cost = _run(options, stages, params, batch, objective, generator)
    found = {}
    for name, (distance, weight) in trials.items():
        level, slope = (part.mean(0) for part in fits(state, name, distance, options.window))
        rest = cost.reshape(-1, *[1] * (distance.ndim - 1)) - level - slope * distance
        found[name] = moments[name].gradient(distance.sign() * weight * rest / options.window / len(cost))
    top = moments[stages[-1].name]
    error = error_at(direct_errors(moments, objective, batch), top)
    return {**found, top.stage.name: top.gradient(top.delta(error))}


def _evolve(
    options: Options,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    change: Params,
    state: Sums,
    generator: torch.Generator,
) -> Sums:
    _, trials, cost = _run(options, stages, params, batch, objective, generator)
    sums = {}
    for name, (distance, weight) in trials.items():
        each = cost.reshape(-1, *[1] * (distance.ndim - 1)).expand_as(distance)
        sides = weight * torch.stack([distance <= 0, distance > 0])
        one = torch.ones_like(distance)
        powers = torch.stack([one, distance, distance.square(), each, distance * each])
        sums[name] = options.memory * state.get(name, 0.0) + torch.einsum("sb...,pb...->ps...", sides, powers)
    return sums


def fits(state: Sums, name: str, like: torch.Tensor, window: float) -> tuple[torch.Tensor, torch.Tensor]:
    """Cost at threshold and its slope, (side, unit, ...), the side below first; 0 where nothing is known."""
    nothing = like.new_zeros(5, 2, *like.shape[1:])
    n, u, uu, cost, cost_u = state.get(name, nothing)
    some = n.clamp(min=torch.finfo(n.dtype).tiny)
    # As if one more trial had shown no slope: the first few trials say little about it.
    slope = (cost_u - u * cost / some) / (uu - u.square() / some + window**2 / 3)
    return (cost - slope * u) / some, slope
