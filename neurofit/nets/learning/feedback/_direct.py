"""The error at the readout, sent straight to each layer through a random matrix of its own."""

from __future__ import annotations

from math import prod, sqrt
from typing import TYPE_CHECKING

import torch

from ..._trace import backward, direct_errors, error_at, trace
from .._rule import Rule, rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._stages import Params
    from ..._trace import Errors, Moment
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages


@rules.register("direct_feedback_alignment")
def direct_feedback_alignment() -> Rule:
    r"""Direct feedback alignment: each layer gets the readout's error through its own fixed random matrix.

    .. math:: \delta_l = f'(a_l)\, B_l\, e, \qquad \nabla_l = \delta_l\, h_{l-1}^\top

    :math:`e` is the gradient at the readout, and :math:`B_l` goes from there to all outputs of layer
    :math:`l`, pooled or not: normal, of variance 2 over the number of these outputs, as weights from them to
    the readout would be. With one hidden layer it is feedback alignment. It is biased: weights come to align
    with the feedback, layer by layer from the first (Refinetti et al. 2021), which in convolutions they can
    hardly do. The readout gets its exact gradient. Where layer and readout both have an output for each
    moment, the error of a moment goes to that moment.

    Returns
    -------
    Rule

    References
    ----------
    Nøkland 2016, Advances in Neural Information Processing Systems 29, arXiv:1609.01596
    Refinetti, d'Ascoli, Ohana & Goldt 2021, Proceedings of Machine Learning Research 139:8925
    """
    sources = (
        "Nøkland 2016, Advances in Neural Information Processing Systems 29, arXiv:1609.01596",
        "Refinetti, d'Ascoli, Ohana & Goldt 2021, Proceedings of Machine Learning Research 139:8925",
    )
    return Rule(
        "direct_feedback_alignment",
        _update,
        init=draw_seed,
        needs=("readout_error",),
        references=sources,
    )


def draw_seed(stages: Stages, params: Params, generator: torch.Generator) -> int:
    """A seed that stands for the feedback: the shapes of outputs are known only once there are inputs."""
    return int(torch.randint(2**62, (), generator=generator))


def _update(
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: int,
    generator: torch.Generator,
) -> Params:
    moments = trace(stages, params, batch.inputs)
    errors = direct_errors(moments, objective, batch)
    error = error_at(errors, moments[stages[-1].name])
    return backward(moments, joined(errors, projected(moments, error, state)), local=True)[0]


def projected(moments: Mapping[str, Moment], signal: torch.Tensor, seed: int) -> Errors:
    """A ``signal`` of the readout's shape, as it arrives at the outputs of each layer below."""
    *below, top = moments.values()
    return {
        moment.stage.name: _project(moment, signal, seed + depth, timed=top.stage.timed)
        for depth, moment in enumerate(below)
    }


def _project(moment: Moment, signal: torch.Tensor, seed: int, *, timed: bool) -> torch.Tensor:
    output = moment.output
    first = 2 if timed and moment.stage.timed else 1
    size = prod(output.shape[first:])
    generator = torch.Generator().manual_seed(seed)
    feedback = torch.randn(size, prod(signal.shape[first:]), generator=generator) * sqrt(2 / size)
    return (signal.flatten(first) @ feedback.to(signal).T).reshape(output.shape)


def joined(direct: Errors, sent: Errors) -> Errors:
    """Errors that arise in a layer, and those that are sent to it."""
    return {
        **direct,
        **{name: error + direct[name] if name in direct else error for name, error in sent.items()},
    }
