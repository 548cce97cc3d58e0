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

    State = tuple[torch.Tensor, ...]


@dataclass(frozen=True)
class Cell:
    """The dynamics of a recurrent layer.

    Parameters
    ----------
    rest
        ``rest(batch, like)`` is the state before the first input: tensors (batch, unit), in the precision
        and on the device of ``like``.
    step
        ``step(weights, inputs, state)`` is the state after one more input (batch, feature).
    read
        ``read(state)`` is what the layer gives, (batch, unit).
    leak
        Share of its state that a unit keeps from one step to the next where nothing else acts on it: the
        diagonal part of the dynamics, along which e-prop passes eligibility on.
    """

    rest: Callable[[int, torch.Tensor], State]
    step: Callable[[Weights, torch.Tensor, State], State]
    read: Callable[[State], torch.Tensor]
    leak: float = 0.0


def recurrent(name: str, init: Init, cell: Cell) -> Stage:
    """The stage that runs ``cell`` over inputs (batch, time, feature) and gives (batch, time, unit)."""
    return Stage(name, init, partial(_unroll, cell), _as_it_is, linear=False, cell=cell, timed=True)


def _unroll(cell: Cell, weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    state = cell.rest(len(inputs), inputs)
    outputs = []
    for now in inputs.unbind(1):
        state = cell.step(weights, now, state)
        outputs.append(cell.read(state))
    return torch.stack(outputs, dim=1)


def _as_it_is(drive: torch.Tensor) -> torch.Tensor:
    return drive
