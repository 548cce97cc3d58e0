"""Plateau potentials of apical dendrites, with and without a teacher (Guerguiev et al. 2017)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ..._trace import backward, direct_errors, error_at, trace
from .._rule import Rule
from ._direct import draw_seed, joined, projected

if TYPE_CHECKING:
    import torch

    from ..._stages import Params
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages

SLOPE = 1 / 4  # of the logistic function at 0, where a dendrite rests


def plateaus(nudge: float) -> Rule:
    """Two phases of plateaus teach each hidden layer."""
    source = "Guerguiev, Lillicrap & Richards 2017, eLife 6:e22901, doi:10.7554/eLife.22901"
    return Rule(
        "dendritic_error",
        partial(_update, nudge),
        init=draw_seed,
        needs=("readout_error",),
        references=(source,),
    )


def _update(
    nudge: float,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: int,
    generator: torch.Generator,
) -> Params:
    moments = trace(stages, params, batch.inputs)
    errors = direct_errors(moments, objective, batch)
    top = moments[stages[-1].name]
    length = nudge * len(batch.inputs)
    taught = top.output - length * error_at(errors, top)
    before, after = (projected(moments, rate, state) for rate in (top.output, taught))
    sent = {name: (before[name].sigmoid() - after[name].sigmoid()) / (SLOPE * length) for name in before}
    return backward(moments, joined(errors, sent), local=True)[0]
