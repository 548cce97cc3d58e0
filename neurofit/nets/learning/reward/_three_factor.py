"""Three factors: what came in, what the unit did of itself, and a reward that may come late."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple

import torch

from ....errors import TrainingError
from ..._trace import trace
from .._checks import positive
from .._rule import Rule, rules
from ._kick import credit, kick, normal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._stages import Params
    from ..._trace import Moment
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages


class Past(NamedTuple):
    """What earlier trials left: eligibility of every weight, rewards on their way, and the mean reward."""

    eligibility: Params
    pending: torch.Tensor
    baseline: float


@dataclass(frozen=True)
class Options:
    """Those of ``three_factor``."""

    sigma: float
    retention: float
    delay: int
    memory: float


@rules.register("three_factor")
def three_factor(*, sigma: float = 0.1, retention: float = 0.5, delay: int = 0, memory: float = 0.9) -> Rule:
    r"""Three-factor rule: eligibility (input x the unit's own noise), turned into a change by reward.

    The examples of a batch are trials, one after the other. In trial :math:`t` every unit adds noise of its
    own, :math:`\sigma \xi_t`, to its drive; synapses keep a trace of what came together, and the reward
    :math:`R`, minus the cost of a trial, arrives :math:`d` trials later:

    .. math::

        e_t = \gamma\, e_{t-1} + \frac{\xi_t}{\sigma} h_{t}^\top, \qquad
        \nabla = -\langle (R_{t-d} - b)\, e_t \rangle_t, \qquad
        b \leftarrow m\, b + (1 - m)\, \langle R \rangle

    with the input :math:`h` of the noisy trial. On average this is :math:`\gamma^d` times the gradient of the
    cost under the noise, whatever the baseline :math:`b`: backpropagation's as :math:`\sigma \to 0`. There is
    no trial without noise to compare with, as in node perturbation, so that the variance grows as the
    variance of rewards over :math:`\sigma^2`, and by :math:`1 / (1 - \gamma^2)` for the trials that a trace
    remembers in vain. Over the end of a batch a trace is carried by its trials run again with the new weights
    and new noise, whose rewards are those still on their way.

    Parameters
    ----------
    sigma
        Standard deviation of the noise, in units of the drive.
    retention
        Share :math:`\gamma` of an eligibility trace that is left a trial later.
    delay
        Trials :math:`d` by which the reward comes late.
    memory
        Share :math:`m` of the baseline that is kept from step to step.

    Returns
    -------
    Rule

    Raises
    ------
    TrainingError
        If ``sigma`` is not above 0, ``delay`` is negative, or a share is not from 0 to below 1.

    References
    ----------
    Fiete & Seung 2006, Physical Review Letters 97:048104, doi:10.1103/PhysRevLett.97.048104
    Frémaux & Gerstner 2016, Frontiers in Neural Circuits 9:85, doi:10.3389/fncir.2015.00085
    """
    positive("three_factor", sigma=sigma)
    if delay < 0 or not 0 <= retention < 1 or not 0 <= memory < 1:
        raise TrainingError(
            "retention and memory are shares from 0 to below 1, and delay is 0 trials or more, not "
            f"retention={retention}, memory={memory}, delay={delay}"
        )
    options = Options(sigma, retention, delay, memory)
    return Rule(
        "three_factor",
        partial(_update, options),
        init=partial(_nothing, options),
        evolve=partial(_evolve, options),
        needs=("separable", "shared_cost"),
        references=(
            "Fiete & Seung 2006, Physical Review Letters 97:048104, doi:10.1103/PhysRevLett.97.048104",
            "Frémaux & Gerstner 2016, Frontiers in Neural Circuits 9:85, doi:10.3389/fncir.2015.00085",
        ),
    )


def _nothing(options: Options, stages: Stages, params: Params, generator: torch.Generator) -> Past:
    eligibility = {
        layer: {name: torch.zeros_like(w) for name, w in weights.items()} for layer, weights in params.items()
    }
    return Past(eligibility, torch.zeros(options.delay), 0.0)


class Trials(NamedTuple):
    """What happened in the trials of a batch."""

    moments: Mapping[str, Moment]
    noise: Mapping[str, torch.Tensor]
    rewards: torch.Tensor


def _run(
    sigma: float,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    generator: torch.Generator,
) -> Trials:
    quiet = trace(stages, params, batch.inputs)
    noise = {name: normal(moment.drive, generator) for name, moment in quiet.items()}
    moments = trace(kick(stages, {name: sigma * xi for name, xi in noise.items()}), params, batch.inputs)
    outputs = {name: moment.output for name, moment in moments.items()}
    return Trials(moments, noise, -objective.losses(outputs, batch))


def _update(
    options: Options,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: Past,
    generator: torch.Generator,
) -> Params:
    moments, noise, rewards = _run(options.sigma, stages, params, batch, objective, generator)
    surprise = _arriving(state, rewards)[: len(rewards)] - state.baseline
    share = _with_what_comes_later(surprise, options.retention)
    of_these = credit(moments, noise, -share / options.sigma)
    return _sum(of_these, state.eligibility, -options.retention * share[0] / len(share))


def _with_what_comes_later(surprise: torch.Tensor, retention: float) -> torch.Tensor:
    """All that a trial's eligibility will meet: what is left of it times the surprise then."""
    back = accumulate(surprise.flip(0).unbind(), lambda later, now: now + retention * later)
    return torch.stack(list(back)).flip(0)


def _evolve(
    options: Options,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    change: Params,
    state: Past,
    generator: torch.Generator,
) -> Past:
    moments, noise, rewards = _run(options.sigma, stages, params, batch, objective, generator)
    count = len(rewards)
    left = options.retention ** torch.arange(count - 1, -1, -1).to(rewards)
    fresh = credit(moments, noise, count * left / options.sigma)
    return Past(
        _sum(fresh, state.eligibility, options.retention**count),
        _arriving(state, rewards)[count:],
        options.memory * state.baseline + (1 - options.memory) * float(rewards.mean()),
    )


def _arriving(state: Past, rewards: torch.Tensor) -> torch.Tensor:
    """Rewards in the order in which they come, those on their way first."""
    return torch.cat([state.pending.to(rewards), rewards])


def _sum(first: Params, second: Params, times: float | torch.Tensor) -> Params:
    return {
        layer: {name: w + times * second[layer][name] for name, w in weights.items()}
        for layer, weights in first.items()
    }
