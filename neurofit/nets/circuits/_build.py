"""The parts that circuits are built from: layers, their weights and their nonlinearities."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from math import prod, sqrt
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from ...registry import Registry
from .._stages import Stage

if TYPE_CHECKING:
    from .._stages import Post, Weights

Shape = tuple[int, ...]
Architecture = Callable[..., tuple[Stage, ...]]

architectures: Registry[Architecture] = Registry("architecture")

READOUT = "readout"

nonlinearities: Registry[Any] = Registry("nonlinearity")


def dense(name: str, inputs: int, outputs: int, post: Post) -> Stage:
    """Every unit of the layer is driven by every input."""
    return Stage(name, partial(he_weights, (outputs, inputs)), apply_dense, post)


def conv(name: str, inputs: int, outputs: int, post: Post, *, width: int = 3) -> Stage:
    """Feature maps, each with one kernel of ``width`` x ``width`` for all places."""
    return Stage(name, partial(he_weights, (outputs, inputs, width, width)), apply_conv, post)


def he_weights(shape: tuple[int, ...], generator: torch.Generator) -> Weights:
    """Normal weights of variance 2 / inputs, which keeps a rectifier's signal (He et al. 2015); no bias."""
    weight = torch.randn(shape, generator=generator) * sqrt(2 / prod(shape[1:]))
    return {"weight": weight, "bias": torch.zeros(shape[0])}


def apply_dense(weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    """Drive of a dense layer by inputs (batch, ...)."""
    return functional.linear(inputs.flatten(1), weights["weight"], weights["bias"])


def apply_conv(weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    """Drive of feature maps as large as their inputs (batch, channel, y, x)."""
    return functional.conv2d(inputs, weights["weight"], weights["bias"], padding="same")


@nonlinearities.register("identity")
def identity(drive: torch.Tensor) -> torch.Tensor:
    """The drive as it is."""
    return drive


@nonlinearities.register("tanh")
def tanh(drive: torch.Tensor) -> torch.Tensor:
    """Hyperbolic tangent, in (-1, 1)."""
    return torch.tanh(drive)


@nonlinearities.register("relu")
def relu(drive: torch.Tensor) -> torch.Tensor:
    """Rectified: 0 for drives below 0."""
    return functional.relu(drive)


@nonlinearities.register("sigmoid")
def sigmoid(drive: torch.Tensor) -> torch.Tensor:
    """Logistic, in (0, 1)."""
    return torch.sigmoid(drive)


@nonlinearities.register("softplus")
def softplus(drive: torch.Tensor) -> torch.Tensor:
    """Smoothly rectified."""
    return functional.softplus(drive)


@nonlinearities.register("square")
def square(drive: torch.Tensor) -> torch.Tensor:
    """Squared, as the parts of an energy model are (Adelson & Bergen 1985)."""
    return drive.square()


@nonlinearities.register("normalise")
def normalise(drive: torch.Tensor) -> torch.Tensor:
    """Rectified, and divided by what the other maps do at the same place (Carandini & Heeger 2012)."""
    rectified = functional.relu(drive)
    return rectified * torch.rsqrt(1 + rectified.square().mean(1, keepdim=True))


def normalise_and_pool(drive: torch.Tensor) -> torch.Tensor:
    """The mean of 2 x 2 normalised outputs."""
    return functional.avg_pool2d(normalise(drive), 2)
