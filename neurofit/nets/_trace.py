"""The one backward pass that learning rules share: forward trace, deltas, local vector-Jacobian products."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from torch.func import vjp

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from ._stages import Params, Stage, Weights

    Pullback = Callable[[torch.Tensor], tuple[Any]]


class Moment(NamedTuple):
    """One stage at one batch, and how a change of what it gives is traced back to what it got."""

    inputs: torch.Tensor
    drive: torch.Tensor
    output: torch.Tensor
    to_drive: Pullback  # error at the output -> delta, the gradient of the drive
    to_weights: Pullback  # delta -> gradient of the weights
    to_inputs: Pullback  # delta -> error at the inputs


def trace(
    stages: tuple[Stage, ...], params: Params, inputs: torch.Tensor, *, feedback: Params | None = None
) -> dict[str, Moment]:
    """What each stage did with a batch, by name and in order.

    Parameters
    ----------
    stages
        The network.
    params
        Weights by stage.
    inputs
        Batch first.
    feedback
        Weights through which errors travel back, if not those through which activity travelled forth.

    Returns
    -------
    dict of str to Moment
    """
    moments = {}
    for stage in stages:
        drive, to_weights = _vjp(partial(_lin_of_weights, stage, inputs), params[stage.name])
        output, to_drive = _vjp(stage.post, drive)
        to_inputs = partial(_to_inputs, stage, (feedback or params)[stage.name], inputs)
        moments[stage.name] = Moment(inputs, drive, output, to_drive, to_weights, to_inputs)
        inputs = output
    return moments


def _lin_of_weights(stage: Stage, inputs: torch.Tensor, weights: Weights) -> torch.Tensor:
    return stage.lin(weights, inputs)


def _to_inputs(
    stage: Stage, weights: Weights, inputs: torch.Tensor, delta: torch.Tensor
) -> tuple[torch.Tensor]:
    _, to_inputs = _vjp(partial(stage.lin, weights), inputs)
    return to_inputs(delta)


def _vjp(function: Callable[[Any], torch.Tensor], at: object) -> tuple[torch.Tensor, Pullback]:
    """Value of ``function`` and its vector-Jacobian product, both at ``at``."""
    value, pullback, *_ = vjp(function, at)
    return value, pullback


def backward(
    moments: dict[str, Moment], error: torch.Tensor
) -> tuple[dict[str, Weights], dict[str, torch.Tensor]]:
    r"""Gradients and deltas of every stage, from the error at the last one's output.

    With the drive :math:`a_l = W_l h_{l-1}`, the output :math:`h_l = f(a_l)` and the feedback :math:`B_l`
    (which is :math:`W_l` in backpropagation), for one example:

    .. math:: \delta_l = f'(a_l)\, B_{l+1}^\top \delta_{l+1}, \qquad \nabla_l = \delta_l\, h_{l-1}^\top

    Parameters
    ----------
    moments
        From ``trace``.
    error
        Gradient of the loss at the output of the last stage.

    Returns
    -------
    gradients, deltas
        By stage: gradient of the weights, and of the drive.
    """
    gradients, deltas = {}, {}
    first = next(iter(moments))
    for name, moment in reversed(moments.items()):
        (deltas[name],) = moment.to_drive(error)
        (gradients[name],) = moment.to_weights(deltas[name])
        if name != first:  # Nobody waits for the error at the image.
            (error,) = moment.to_inputs(deltas[name])
    return dict(reversed(gradients.items())), dict(reversed(deltas.items()))
