"""Content-addressable memory with continuous states: the modern Hopfield network."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING

import torch

from ._build import READOUT, architectures, dense, identity

if TYPE_CHECKING:
    from .._stages import Stage
    from ._build import Shape


@architectures.register("associative_memory")
def associative_memory(
    input_shape: Shape, outputs: int, *, slots: int = 64, units: int = 64, sharpness: float = 1.0
) -> tuple[Stage, ...]:
    r"""Content-addressable memory: an input finds the keys that it resembles, and gets what they hold.

    .. math:: p = \operatorname{softmax}(\beta (K x + b)), \qquad v = V p + c

    The modern Hopfield network, whose single update this is: where keys and values are the same patterns it
    recalls the nearest one, with an error that falls exponentially with :math:`\beta` and the distance
    between patterns, and stores a number of them that is exponential in the dimension of :math:`x`. Without
    the bias, which lets slots be more or less ready, it is the attention of an input to the slots.

    Parameters
    ----------
    input_shape
        Of an input, which is taken as one vector.
    outputs
        Number of units of the readout.
    slots
        Number of memories.
    units
        Number of units of what each memory holds.
    sharpness
        :math:`\beta`: how sharply one memory is chosen.

    Returns
    -------
    tuple of Stage
        ``keys``, ``values``, ``readout``.

    References
    ----------
    Ramsauer et al. 2021, ICLR, arXiv:2008.02217
    """
    return (
        address("keys", prod(input_shape), slots, sharpness),
        dense("values", slots, units, identity),
        dense(READOUT, units, outputs, identity),
    )


def address(name: str, inputs: int, slots: int, sharpness: float) -> Stage:
    """The stage in which memories compete for how well their keys match the input."""
    return dense(name, inputs, slots, partial(_compete, sharpness))


def _compete(sharpness: float, drive: torch.Tensor) -> torch.Tensor:
    return torch.softmax(sharpness * drive, dim=-1)
