"""What rules that act share: drawing actions, what they earn, and errors that start at the readout."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from ....errors import TrainingError
from ..._trace import backward

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._stages import Params
    from ..._trace import Moment
    from ...cost import Objective
    from ...material import Batch


def draw_actions(policy: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """An action for each example, (batch,), from probabilities (batch, action); the same on any device."""
    return torch.multinomial(policy.cpu(), 1, generator=generator)[:, 0].to(policy.device)


def as_actions(actions: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """1 for the action that was taken, shaped as the readout (batch, action)."""
    return functional.one_hot(actions, like.shape[1]).to(like)


def earned(objective: Objective, batch: Batch, actions: torch.Tensor) -> torch.Tensor:
    """Reward of each example's action."""
    if objective.rewards is None:
        raise TrainingError(
            f"objective {objective.name!r} gives no reward to an action; choose one that does, "
            "such as 'reward'"
        )
    return objective.rewards(batch, actions)


def earned_by_each(objective: Objective, batch: Batch, like: torch.Tensor) -> torch.Tensor:
    """What every action would earn, shaped as the readout (batch, action)."""
    examples, actions = like.shape
    each = torch.arange(actions, device=like.device)
    return torch.stack([earned(objective, batch, k.expand(examples)) for k in each], 1).to(like)


def answer(moments: Mapping[str, Moment]) -> torch.Tensor:
    """What the readout gave."""
    return list(moments.values())[-1].output


def from_readout(moments: Mapping[str, Moment], error: torch.Tensor) -> Params:
    """Gradients of all weights, from that of the cost at the readout."""
    return backward(moments, {list(moments)[-1]: error})[0]
