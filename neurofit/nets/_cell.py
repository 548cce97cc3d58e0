"""One step of a recurrent layer, and the layer that unrolls it over time."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from ._stages import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._stages import Init, Weights


@dataclass(frozen=True)
class Cell:
    r"""The dynamics of a recurrent layer: :math:`s_t = F(w, x_t, z_{t-1}, s_{t-1})`, :math:`z_t = r(s_t)`.

    A unit's state acts on the unit itself through :math:`s`, and on others only through what they hear of
    it, :math:`z`. Each row of each tensor of weights belongs to one unit. A rule that has no way back through
    time, such as e-prop, follows the former and cuts the latter.

    Parameters
    ----------
    rest
        ``rest(batch, like)`` is the state before the first input, (batch, unit), in the precision and on the
        device of ``like``.
    step
        ``step(weights, inputs, heard, state)`` is the state after one more input (batch, feature).
    read
        ``read(state)`` is what the layer gives, (batch, unit), each unit from its own state.
    """

    rest: Callable[[int, torch.Tensor], torch.Tensor]
    step: Callable[[Weights, torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]
    read: Callable[[torch.Tensor], torch.Tensor]


def silence(units: int, batch: int, like: torch.Tensor) -> torch.Tensor:
    """A state of zeros."""
    return like.new_zeros(batch, units)


def recurrent(name: str, init: Init, cell: Cell) -> Stage:
    """The stage that runs ``cell`` over inputs (batch, time, feature) and gives (batch, time, unit)."""
    return Stage(name, init, partial(_unroll, cell), _as_it_is, linear=False, cell=cell, timed=True)


def _unroll(cell: Cell, weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    state = cell.rest(len(inputs), inputs)
    heard = cell.read(state)
    outputs = []
    for now in inputs.unbind(1):
        state = cell.step(weights, now, heard, state)
        heard = cell.read(state)
        outputs.append(heard)
    return torch.stack(outputs, dim=1)


def _as_it_is(drive: torch.Tensor) -> torch.Tensor:
    return drive
