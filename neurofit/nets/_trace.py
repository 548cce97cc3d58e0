"""The one backward pass that learning rules share: forward trace, deltas, local vector-Jacobian products."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.autograd import grad
from torch.func import vjp, vmap

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._stages import Outputs, Params, Stage, Weights
    from .cost import Objective
    from .material import Batch

    Errors = Mapping[str, torch.Tensor]


class Live(NamedTuple):
    """The tensors of a moment, tied together so that gradients can be taken."""

    inputs: torch.Tensor
    drive: torch.Tensor
    output: torch.Tensor
    echo: torch.Tensor  # what the feedback weights would have made of the inputs: errors travel back along it


@dataclass(frozen=True, eq=False)
class Moment:
    """One stage at one batch, and how a change of what it gives is traced back to what it got.

    Parameters
    ----------
    stage
        The layer.
    weights
        Its weights.
    live
        What it got, its drive and what it gave, batch first.
    """

    stage: Stage
    weights: Weights
    live: Live

    @property
    def inputs(self) -> torch.Tensor:
        """What the stage got."""
        return self.live.inputs.detach()

    @property
    def drive(self) -> torch.Tensor:
        """Its pre-activation."""
        return self.live.drive.detach()

    @property
    def output(self) -> torch.Tensor:
        """What it gave."""
        return self.live.output.detach()

    def delta(self, error: torch.Tensor) -> torch.Tensor:
        """Gradient of the drive, from that of the output."""
        return grad(self.live.output, self.live.drive, error, retain_graph=True)[0]

    def gradient(self, delta: torch.Tensor) -> Weights:
        """Gradient of the weights, from that of the drive."""
        found = grad(self.live.drive, list(self.weights.values()), delta, retain_graph=True)
        return dict(zip(self.weights, found, strict=True))

    def error(self, delta: torch.Tensor) -> torch.Tensor:
        """What reaches the stage below, through the feedback weights."""
        return grad(self.live.echo, self.live.inputs, delta, retain_graph=True)[0]

    def all_back(self, error: torch.Tensor) -> tuple[torch.Tensor, Weights, torch.Tensor]:
        """``delta``, ``gradient`` and ``error`` in one pass."""
        if self.live.echo is not self.live.drive:
            delta = self.delta(error)
            return delta, self.gradient(delta), self.error(delta)
        wanted = [self.live.drive, *self.weights.values(), self.live.inputs]
        delta, *found, below = grad(self.live.output, wanted, error, retain_graph=True)
        return delta, dict(zip(self.weights, found, strict=True)), below


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
    moments: dict[str, Moment] = {}
    with torch.enable_grad():
        for stage in stages:
            inputs = inputs.detach().requires_grad_()
            weights = {name: w.detach().requires_grad_() for name, w in params[stage.name].items()}
            drive = stage.lin(weights, inputs)
            # Nobody waits for the error at the image.
            echo = stage.lin(feedback[stage.name], inputs) if feedback and moments else drive
            live = Live(inputs, drive, stage.post(drive), echo)
            moments[stage.name] = Moment(stage, weights, live)
            inputs = live.output
    return moments


def direct_errors(
    moments: Mapping[str, Moment], objective: Objective, batch: Batch
) -> dict[str, torch.Tensor]:
    """Gradient of the objective at the output of each stage that it speaks of, others being held."""
    return errors_at({name: moment.output for name, moment in moments.items()}, objective, batch)


def errors_at(outputs: Outputs, objective: Objective, batch: Batch) -> dict[str, torch.Tensor]:
    """``direct_errors`` where stages give ``outputs``, however they came to."""
    leaves = {name: output.detach().requires_grad_() for name, output in outputs.items()}
    with torch.enable_grad():
        loss = objective.loss(leaves, batch)
    found = grad(loss, list(leaves.values()), allow_unused=True)
    return {name: error for name, error in zip(leaves, found, strict=True) if error is not None}


def error_at(errors: Errors, moment: Moment) -> torch.Tensor:
    """That of ``errors`` at a stage's output: 0 where the objective does not speak of it."""
    return errors.get(moment.stage.name, torch.zeros_like(moment.output))


def backward(
    moments: Mapping[str, Moment], errors: Errors, *, local: bool = False
) -> tuple[dict[str, Weights], dict[str, torch.Tensor]]:
    r"""Gradients and deltas of every stage, from the errors at the outputs that the objective speaks of.

    With the drive :math:`a_l = W_l h_{l-1}`, the output :math:`h_l = f(a_l)`, the feedback :math:`B_l`
    (which is :math:`W_l` in backpropagation) and :math:`e_l = \partial L / \partial h_l` where the objective
    speaks of :math:`h_l` itself, for one example:

    .. math::

        \delta_l = f'(a_l) \left(B_{l+1}^\top \delta_{l+1} + e_l\right), \qquad
        \nabla_l = \delta_l\, h_{l-1}^\top

    Parameters
    ----------
    moments
        From ``trace``.
    errors
        Gradient of the loss at the output of stages, by name: from ``direct_errors``.
    local
        Whether errors stay in the stage in which they arise.

    Returns
    -------
    gradients, deltas
        By stage: gradient of the weights, and of the drive.
    """
    gradients: dict[str, Weights] = {}
    deltas: dict[str, torch.Tensor] = {}
    below = None
    for name, moment in reversed(list(moments.items())):
        here = [error for error in (errors.get(name), below) if error is not None]
        error = sum(here[1:], here[0]) if here else torch.zeros_like(moment.output)
        deltas[name], gradients[name], below = moment.all_back(error)
        if local:
            below = None
    return dict(reversed(gradients.items())), dict(reversed(deltas.items()))


def per_example(moments: Mapping[str, Moment], deltas: Mapping[str, torch.Tensor]) -> Params:
    """Gradient of the weights from each example alone: as ``params``, with the batch before.

    Their sum over the batch is what ``backward`` gives with the same deltas.
    """
    return {
        name: vmap(partial(_gradient_of_one, moment.stage, moment.weights))(moment.inputs, deltas[name])
        for name, moment in moments.items()
    }


def _gradient_of_one(stage: Stage, weights: Weights, inputs: torch.Tensor, delta: torch.Tensor) -> Weights:
    detached = {name: w.detach() for name, w in weights.items()}
    _, pullback, *_ = vjp(lambda w: stage.lin(w, inputs[None]), detached)
    return pullback(delta[None])[0]
