"""What rules share that move units and watch the cost: noise, a network under it, costs, credit."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from ..._stages import forward
from .._rule import needs

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._stages import Params, Post
    from ..._trace import Moment
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages

    Drives = Mapping[str, torch.Tensor]


@needs.register("shared_cost")
def shared_cost(stages: Stages, objective: Objective) -> str:
    """One cost for all layers, so that a number broadcast to all of them says how each did."""
    return f"objective {objective.name!r} gives each layer a cost of its own" if objective.local else ""


def normal(like: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Standard normal noise of a tensor's shape, the same on any device."""
    return torch.randn(like.shape, generator=generator).to(like)


def kick(stages: Stages, kicks: Drives) -> Stages:
    """The network with something added to the drives of layers, by name."""
    return tuple(
        replace(stage, post=partial(_after_a_kick, stage.post, kicks[stage.name]))
        if stage.name in kicks
        else stage
        for stage in stages
    )


def _after_a_kick(post: Post, by: torch.Tensor, drive: torch.Tensor) -> torch.Tensor:
    return post(drive + by)


def costs(stages: Stages, params: Params, batch: Batch, objective: Objective) -> torch.Tensor:
    """Cost of each example or, where the objective compares inputs, of each pair."""
    return objective.losses(forward(stages, params, batch.inputs), batch)


def credit(moments: Mapping[str, Moment], noise: Drives, rise: torch.Tensor) -> Params:
    """Mean over the examples of each unit's noise times the rise of the cost, times its input."""
    gradients = {}
    for name, moment in moments.items():
        share = rise.repeat(len(moment.drive) // len(rise)) / len(rise)
        gradients[name] = moment.gradient(share.reshape(-1, *[1] * (moment.drive.ndim - 1)) * noise[name])
    return gradients
