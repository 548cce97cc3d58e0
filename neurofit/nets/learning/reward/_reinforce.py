"""REINFORCE: what was done when reward was more than expected is made more likely."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ....errors import TrainingError
from ..._stages import forward, readout
from ..._trace import trace
from .._rule import Rule, rules
from .._targets import targets
from ._acting import answer, as_actions, draw_actions, earned, earned_by_each, from_readout

if TYPE_CHECKING:
    import torch

    from ..._stages import Params
    from ..._trace import Moment
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages, State


@rules.register("reinforce")
def reinforce(*, memory: float = 0.9) -> Rule:
    r"""REINFORCE: act by the softmax of the output, and make what was rewarded more likely.

    With the policy :math:`\pi(k) = e^{o_k} / \sum_j e^{o_j}`, one action :math:`k \sim \pi` for each example,
    its reward :math:`R` and a baseline :math:`b`,

    .. math::

        \nabla = -(R - b)\, \nabla \log \pi(k), \qquad
        b \leftarrow m\, b + (1 - m)\, \langle R \rangle

    where :math:`\nabla \log \pi(k)` travels back through the layers as in backpropagation: with respect to
    the output it is 1 for the action taken, 0 for the others, less :math:`\pi`. Unbiased: over actions the
    mean is the gradient of minus the expected reward, whatever the baseline, so long as this does not know
    the action. The best baseline is the mean of :math:`R` weighted by the squared length of
    :math:`\nabla \log \pi`; the mean reward is near it, and takes away variance, while all actions are about
    as likely, but can add variance where a policy is nearly sure. It averages the rewards of a further action
    on each example, after the step, and starts at 0.

    Parameters
    ----------
    memory
        Share :math:`m` of the baseline that is kept from step to step.

    Returns
    -------
    Rule

    Raises
    ------
    TrainingError
        If ``memory`` is not from 0 to below 1.

    References
    ----------
    Williams 1992, Machine Learning 8:229, doi:10.1007/BF00992696
    """
    if not 0 <= memory < 1:
        raise TrainingError(f"memory is a share from 0 to below 1, not {memory}")
    return Rule(
        "reinforce",
        _update,
        target="expected_reward",
        init=_no_baseline,
        evolve=partial(_evolve, memory),
        needs=("rewards", "readout_error", "readout_alone"),
        references=("Williams 1992, Machine Learning 8:229, doi:10.1007/BF00992696",),
    )


def _no_baseline(stages: Stages, params: Params, generator: torch.Generator) -> float:
    return 0.0


def _update(
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: State,
    generator: torch.Generator,
) -> Params:
    moments = trace(stages, params, batch.inputs)
    actions = draw_actions(answer(moments).softmax(1), generator)
    return after(moments, batch, objective, actions, state)


def after(
    moments: dict[str, Moment], batch: Batch, objective: Objective, actions: torch.Tensor, baseline: float
) -> Params:
    """The estimate after these actions."""
    output = answer(moments)
    of_log_policy = as_actions(actions, output) - output.softmax(1)
    better = earned(objective, batch, actions) - baseline
    return from_readout(moments, -better[:, None] * of_log_policy / len(actions))


def _evolve(
    memory: float,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    change: Params,
    state: State,
    generator: torch.Generator,
) -> float:
    policy = readout(forward(stages, params, batch.inputs)).detach().softmax(1)
    rewards = earned(objective, batch, draw_actions(policy, generator))
    return memory * state + (1 - memory) * float(rewards.mean())


@targets.register("expected_reward")
def expected_reward(
    stages: Stages, params: Params, batch: Batch, objective: Objective, state: State
) -> Params:
    r"""The exact gradient of minus the expected reward of the softmax policy, :math:`-\sum_k \pi(k) R(k)`."""
    moments = trace(stages, params, batch.inputs)
    policy, rewards = answer(moments).softmax(1), earned_by_each(objective, batch, answer(moments))
    better = rewards - (policy * rewards).sum(1, keepdim=True)
    return from_readout(moments, -policy * better / len(policy))
