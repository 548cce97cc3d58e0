"""What rules without a teacher share: the first layer learns a code by itself, a readout is taught too."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from ..._trace import Live, Moment, direct_errors, error_at, trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..._stages import Params, Stage, Weights
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages, State, Update

    # From what the layer did with a batch and the rule's state: what the trainer steps against.
    Learn = Callable[[Moment, State], Weights]


def code_learner(learn: Learn) -> Update:
    """An update by which the first layer learns as ``learn`` says, whatever the objective.

    Each other layer gets the exact gradient of what the objective says of its own output, so that the
    readout learns to decode; nothing of it reaches the code.
    """
    return partial(_update, learn)


def _update(
    learn: Learn,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: State,
    generator: torch.Generator,
) -> Params:
    code = _coded(stages[0], params, batch.inputs)
    above = trace(stages[1:], params, code.output)
    errors = direct_errors({stages[0].name: code, **above}, objective, batch)
    estimate: dict[str, Any] = {stages[0].name: learn(code, state)}
    for name, moment in above.items():
        estimate[name] = moment.gradient(moment.delta(error_at(errors, moment)))
    return estimate


@torch.no_grad()
def _coded(stage: Stage, params: Params, inputs: torch.Tensor) -> Moment:
    """What the layer did, off the record: no error is traced back through it, which may take many steps."""
    weights = params[stage.name]
    drive = stage.lin(weights, inputs)
    return Moment(stage, weights, Live(inputs, drive, stage.post(drive), drive))


def lacks(stages: Stages, layer: str, architecture: str) -> str:
    """What is wrong where the first layer is another than ``layer``; empty where it is this one."""
    if stages[0].name == layer:
        return ""
    return f"the first layer is {stages[0].name!r}, not {layer!r} as in architecture {architecture!r}"
