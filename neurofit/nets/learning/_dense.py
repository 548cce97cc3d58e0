"""What rules need that give each layer circuits of its own: every unit connected with every input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn.functional import linear

from ...errors import listing
from ._rule import needs

if TYPE_CHECKING:
    from .._stages import Stage
    from ..cost import Objective
    from ._rule import Stages


@needs.register("dense_layers")
def dense_layers(stages: Stages, objective: Objective) -> str:
    """In every layer each unit has one weight for each input, and a bias."""
    others = [stage.name for stage in stages if not _dense(stage)]
    return f"layers {listing(others)} do not have one weight for each pair of units" if others else ""


def _dense(stage: Stage) -> bool:
    weights = stage.init(torch.Generator())
    if not stage.linear or set(weights) != {"weight", "bias"}:
        return False
    # Weights of a kernel have more dimensions; biases do where units at several places share weights.
    if weights["weight"].ndim != 2 or weights["bias"].ndim != 1:
        return False
    inputs = torch.eye(weights["weight"].shape[1])
    try:
        drive = stage.lin(weights, inputs)
    except (IndexError, RuntimeError, TypeError, ValueError):  # inputs of another shape, such as in time
        return False
    return torch.allclose(drive, linear(inputs, weights["weight"], weights["bias"]))
