"""What rules need that give each layer circuits of its own: every unit connected with every input."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ...errors import listing
from ._rule import needs

if TYPE_CHECKING:
    from ..cost import Objective
    from ._rule import Stages


@needs.register("dense_layers")
def dense_layers(stages: Stages, objective: Objective) -> str:
    """In every layer each unit has its own weight for each input, and a drive that is linear in both."""
    others = [stage.name for stage in stages if not stage.linear or _shared(stage.init(torch.Generator()))]
    return f"layers {listing(others)} are not dense, or not linear in their weights" if others else ""


def _shared(weights: object) -> bool:
    """Whether some weights are kernels, which units at several places share."""
    return any(w.ndim > 2 for w in dict(weights).values())  # type: ignore[call-overload]
