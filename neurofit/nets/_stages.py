"""A network is a tuple of stages; a stage is a linear map with parameters, then a fixed nonlinearity."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ._cell import Cell

    Weights = Mapping[str, torch.Tensor]
    Params = Mapping[str, Weights]
    Outputs = Mapping[str, torch.Tensor]
    Init = Callable[[torch.Generator], Weights]
    Lin = Callable[[Weights, torch.Tensor], torch.Tensor]
    Post = Callable[[torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Stage:
    """One layer: ``output = post(lin(weights, inputs))``.

    Learning rules see a network only through these two halves. What lies between them, the drive, is where
    a neuron's error lives.

    Parameters
    ----------
    name
        The layer's name, unique within its network.
    init
        Fresh weights, drawn with a ``torch.Generator``: a mapping from name to tensor. What connects units
        is called ``weight``, or ends in it; what shifts them, ``bias``.
    lin
        Weights and inputs (batch first) to the drive (pre-activation).
    post
        Drive to output: nonlinearity and pooling, without parameters.
    linear
        Whether ``lin`` is linear in the weights and, but for a bias, in the inputs, as most are. Where it is
        not, such as in a layer that unrolls its own dynamics, rules that need it refuse the network.
    cell
        For a recurrent layer: one step of the dynamics that ``lin`` unrolls.
    timed
        Whether the output has one entry for each moment: (batch, time, ...).
    masks
        Where connections are, 1, and are not, 0: for each tensor of weights that has such a table, one of its
        shape. What is not there is zero and stays so, whatever the rule.
    """

    name: str
    init: Init
    lin: Lin
    post: Post
    linear: bool = True
    cell: Cell | None = None
    timed: bool = False
    masks: Weights = field(default_factory=dict)


def connects(name: str) -> bool:
    """Whether weights of this name connect units, rather than shift them."""
    return name.endswith("weight")


def shapes(stage: Stage) -> dict[str, torch.Size]:
    """Shape of each tensor of weights of a stage, by name."""
    return {name: tensor.shape for name, tensor in stage.init(torch.Generator()).items()}


def draw(stages: tuple[Stage, ...], generator: torch.Generator, device: torch.device | str) -> Params:
    """Fresh weights for every stage, by name; the same from the same generator on any device."""
    return moved({stage.name: stage.init(generator) for stage in stages}, device)


def moved(params: Params, device: torch.device | str) -> Params:
    """``params`` on another device."""
    return {
        layer: {name: tensor.to(device) for name, tensor in weights.items()}
        for layer, weights in params.items()
    }


def connected(stages: tuple[Stage, ...], params: Params) -> Params:
    """``params``, or what is shaped like them, with zero where there is no connection."""
    if not any(stage.masks for stage in stages):
        return params
    masks = {stage.name: stage.masks for stage in stages}
    return {
        layer: {
            name: w * masks[layer][name].to(w) if name in masks[layer] else w for name, w in weights.items()
        }
        for layer, weights in params.items()
    }


def forward(stages: tuple[Stage, ...], params: Params, inputs: torch.Tensor) -> dict[str, torch.Tensor]:
    """Output of every stage, by name and in order."""
    outputs = {}
    for stage in stages:
        inputs = stage.post(stage.lin(params[stage.name], inputs))
        outputs[stage.name] = inputs
    return outputs


def readout(outputs: Outputs) -> torch.Tensor:
    """Output of the last stage."""
    return list(outputs.values())[-1]
