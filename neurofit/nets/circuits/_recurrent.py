"""Rate networks over time: leaky units that hear each other."""

from __future__ import annotations

from functools import partial
from math import sqrt
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from ...errors import TrainingError
from .._cell import Cell, silence
from .._cell import recurrent as recurrent_layer
from .._stages import Stage
from ._build import READOUT, architectures, he_weights, identity, nonlinearities

if TYPE_CHECKING:
    from .._stages import Weights
    from ._build import Shape


@architectures.register("recurrent")
def recurrent(
    input_shape: Shape,
    outputs: int,
    *,
    units: int = 64,
    leak: float = 0.5,
    gain: float = 1.0,
    nonlinearity: str = "tanh",
) -> tuple[Stage, ...]:
    r"""Recurrent rate network: leaky units that hear each other, read out at the last moment.

    .. math:: x_t = \lambda\, x_{t-1} + (1 - \lambda) (U u_t + W f(x_{t-1}) + b), \qquad r_t = f(x_t)

    This is Euler's step of :math:`\tau \dot x = -x + U u + W f(x) + b` with :math:`\lambda = 1 - dt / \tau`.
    Recurrent weights start normal with variance :math:`g^2 / n`; above :math:`g = 1` a large network with
    tanh units is chaotic when left alone.

    Parameters
    ----------
    input_shape
        (time, feature).
    outputs
        Number of units of the readout.
    units
        Number of recurrent units.
    leak
        Share :math:`\lambda` of its state that a unit keeps from one moment to the next.
    gain
        :math:`g`, of the recurrent weights at the start.
    nonlinearity
        A name in ``nets.nonlinearities``.

    Returns
    -------
    tuple of Stage
        ``recurrent``, ``readout``.

    Raises
    ------
    TrainingError
        If inputs have no time.

    References
    ----------
    Sompolinsky, Crisanti & Sommers 1988, Physical Review Letters 61:259, doi:10.1103/PhysRevLett.61.259
    """
    features = features_in_time("recurrent", input_shape)
    post = nonlinearities[nonlinearity]
    cell = Cell(partial(silence, units), partial(leaky_step, leak), post)
    layer = recurrent_layer("recurrent", partial(_weights, features, units, gain), cell)
    return layer, last_readout(units, outputs)


def features_in_time(name: str, input_shape: Shape) -> int:
    """Number of features of inputs (time, feature); raise for others."""
    if len(input_shape) != 2:
        raise TrainingError(
            f"{name!r} takes inputs (time, feature), not {tuple(input_shape)}. Choose a task in time, such "
            "as 'delayed_match', or a circuit for images, such as architecture='recurrent_conv'"
        )
    return input_shape[1]


def last_readout(units: int, outputs: int) -> Stage:
    """The readout of what a recurrent layer gives at the last moment."""
    return Stage(READOUT, partial(he_weights, (outputs, units)), _apply_to_last, identity)


def _apply_to_last(weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    return functional.linear(inputs[:, -1].flatten(1), weights["weight"], weights["bias"])


def leaky_step(
    leak: float,
    weights: Weights,
    inputs: torch.Tensor,
    heard: torch.Tensor,
    state: torch.Tensor,
) -> torch.Tensor:
    """The state of leaky units after one more input."""
    drive = functional.linear(inputs, weights["weight"], weights["bias"])
    drive = drive + functional.linear(heard, weights["recurrent_weight"])
    return leak * state + (1 - leak) * drive


def _weights(features: int, units: int, gain: float, generator: torch.Generator) -> Weights:
    among = torch.randn(units, units, generator=generator) * gain / sqrt(units)
    return {**he_weights((units, features), generator), "recurrent_weight": among}
