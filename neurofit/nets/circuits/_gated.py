"""Gated working memory: units that decide when to keep and when to take up."""

from __future__ import annotations

from functools import partial
from math import sqrt
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from .._cell import Cell, silence
from .._cell import recurrent as recurrent_layer
from ._build import architectures, he_weights, identity
from ._recurrent import features_in_time, last_readout

if TYPE_CHECKING:
    from .._stages import Stage, Weights
    from ._build import Shape

PARTS = ("", "update_", "reset_")


@architectures.register("gated")
def gated(input_shape: Shape, outputs: int, *, units: int = 64) -> tuple[Stage, ...]:
    r"""Gated working memory: units whose update gate holds or overwrites them, read at the last moment.

    .. math::

        z_t &= \sigma(U_z u_t + W_z h_{t-1} + b_z), \qquad r_t = \sigma(U_r u_t + W_r h_{t-1} + b_r) \\
        h_t &= z_t\, h_{t-1} + (1 - z_t) \tanh\!\left(U u_t + r_t\, (W h_{t-1}) + b\right)

    The gated recurrent unit of Cho et al.; with :math:`z = 1` a unit holds its content exactly. The reset
    gate acts on what a unit hears rather than on what others say, so that each gate is its unit's own.

    Parameters
    ----------
    input_shape
        (time, feature).
    outputs
        Number of units of the readout.
    units
        Number of gated units.

    Returns
    -------
    tuple of Stage
        ``gated``, ``readout``.

    Raises
    ------
    TrainingError
        If inputs have no time.

    References
    ----------
    Cho et al. 2014, EMNLP 1724, doi:10.3115/v1/D14-1179
    """
    features = features_in_time("gated", input_shape)
    cell = Cell(partial(silence, units), _step, identity)
    layer = recurrent_layer("gated", partial(_weights, features, units), cell)
    return layer, last_readout(units, outputs)


def _step(weights: Weights, inputs: torch.Tensor, heard: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
    from_inputs = [functional.linear(inputs, weights[f"{p}weight"], weights[f"{p}bias"]) for p in PARTS]
    from_units = [functional.linear(heard, weights[f"{p}recurrent_weight"]) for p in PARTS]
    keep, reset = (torch.sigmoid(from_inputs[part] + from_units[part]) for part in (1, 2))
    return keep * state + (1 - keep) * torch.tanh(from_inputs[0] + reset * from_units[0])


def _weights(features: int, units: int, generator: torch.Generator) -> Weights:
    weights: dict[str, torch.Tensor] = {}
    for part in PARTS:
        drawn = he_weights((units, features), generator)
        weights |= {f"{part}{name}": w for name, w in drawn.items()}
        among = torch.randn(units, units, generator=generator) / sqrt(units)
        weights[f"{part}recurrent_weight"] = among
    return weights
