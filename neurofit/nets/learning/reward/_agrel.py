"""Attention-gated reinforcement learning: the chosen action says where, surprising reward says which way."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import torch

from ....errors import TrainingError
from ....registry import Registry
from ..._trace import trace
from .._rule import Rule, rules
from .._targets import targets
from ._acting import answer, as_actions, draw_actions, earned, earned_by_each, from_readout

if TYPE_CHECKING:
    from ..._stages import Params
    from ..._trace import Moment
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages, State

Choose = Callable[["torch.Tensor"], "torch.Tensor"]
choices: Registry[Choose] = Registry("choice of actions")


@choices.register("softmax")
def softmax(values: torch.Tensor) -> torch.Tensor:
    """Probability of each action, better ones being more likely."""
    return values.softmax(1)


@choices.register("greedy")
def greedy(values: torch.Tensor) -> torch.Tensor:
    """All probability on the best action."""
    return as_actions(values.argmax(1), values)


@choices.register("uniform")
def uniform(values: torch.Tensor) -> torch.Tensor:
    """The same probability for all actions."""
    return torch.full_like(values, 1 / values.shape[1])


@rules.register("agrel")
def agrel(*, choice: str = "softmax", epsilon: float = 0.0) -> Rule:
    r"""Attention-gated reinforcement learning (AGREL, BrainProp): tag of the chosen action x surprise.

    Outputs are the values :math:`q_k` of actions. One action :math:`s` is chosen for each example; feedback
    from it alone, through the weights :math:`W` that activity came through, tags the synapses that brought it
    about, and a reward-prediction error that is the same everywhere turns tags into changes:

    .. math::

        \nabla_l = -(R - q_s)\, f_l\, h_{l-1}^\top, \qquad
        f_l = f'(a_l)\, W_{l+1}^\top f_{l+1}, \qquad f_{\text{readout}} = e_s

    Summed over all actions this is backpropagation of
    :math:`\frac{1}{2} \sum_k (q_k - R_k)^2`, the objective ``"squared_error"`` where :math:`R` is 1 for the
    right class. With ``choice="uniform"`` the mean is that gradient over the number of actions :math:`K`:
    unbiased but for its size, and in the readout the noise of one example has :math:`K - 1` times the squared
    length of the gradient. Other choices are biased towards the actions that they favour; ``"greedy"`` never
    learns the value of what it does not do. Feedback weights equal to the forward ones, as here, come about
    where both change by the same rule. In the version of 2005 outputs compete and the change is scaled by an
    expansive function of the error; values that are linear in the layer below are BrainProp's.

    Parameters
    ----------
    choice
        How actions are chosen: ``"softmax"`` of the values, ``"greedy"`` or ``"uniform"``.
    epsilon
        Share of actions drawn by ``"softmax"`` instead: with ``"greedy"``, the max-Boltzmann choice of
        BrainProp.

    Returns
    -------
    Rule

    Raises
    ------
    UnknownNameError
        If there is no such choice.
    TrainingError
        If ``epsilon`` is no share.

    References
    ----------
    Roelfsema & van Ooyen 2005, Neural Computation 17:2176
    Pozzi, Bohte & Roelfsema 2020, Advances in Neural Information Processing Systems 33
    """
    if not 0 <= epsilon <= 1:
        raise TrainingError(f"epsilon is a share from 0 to 1, not {epsilon}")
    return Rule(
        "agrel",
        partial(_update, choices[choice], epsilon),
        target="action_values",
        needs=("rewards", "readout_error", "readout_alone"),
        references=(
            "Roelfsema & van Ooyen 2005, Neural Computation 17:2176",
            "Pozzi, Bohte & Roelfsema 2020, Advances in Neural Information Processing Systems 33",
        ),
    )


def _update(
    choose: Choose,
    epsilon: float,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: State,
    generator: torch.Generator,
) -> Params:
    moments = trace(stages, params, batch.inputs)
    values = answer(moments)
    policy = (1 - epsilon) * choose(values) + epsilon * softmax(values)
    return after(moments, batch, objective, draw_actions(policy, generator))


def after(moments: dict[str, Moment], batch: Batch, objective: Objective, actions: torch.Tensor) -> Params:
    """The estimate after these actions."""
    values = answer(moments)
    tag = as_actions(actions, values)
    surprise = earned(objective, batch, actions) - (tag * values).sum(1)
    return from_readout(moments, -surprise[:, None] * tag / len(actions))


@targets.register("action_values")
def action_values(stages: Stages, params: Params, batch: Batch, objective: Objective, state: State) -> Params:
    r"""Exact gradient of the squared error of all values, :math:`\frac{1}{2} \sum_k (q_k - R_k)^2`."""
    moments = trace(stages, params, batch.inputs)
    values = answer(moments)
    return from_readout(moments, (values - earned_by_each(objective, batch, values)) / len(values))
