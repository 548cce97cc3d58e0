"""The gradients that learning rules claim to estimate."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ...registry import Registry
from .._trace import backward, direct_errors, trace

if TYPE_CHECKING:
    from .._stages import Params
    from ..cost import Objective
    from ..material import Batch
    from ._rule import Stages, State

Target = Callable[["Stages", "Params", "Batch", "Objective", "State"], "Params"]
targets: Registry[Target] = Registry("target of learning rules")


@targets.register("backprop")
def gradient(stages: Stages, params: Params, batch: Batch, objective: Objective, state: State) -> Params:
    """The exact gradient of the objective on the batch, by backpropagation."""
    moments = trace(stages, params, batch.inputs)
    return backward(moments, direct_errors(moments, objective, batch), local=objective.local)[0]
