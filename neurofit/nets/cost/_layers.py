"""Which layers an objective speaks of, and how many outputs it asks for."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING

from ...errors import TrainingError, listing, unknown_name
from .._stages import readout
from ..material import tasks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

    from .._stages import Outputs
    from ..material import Task


def as_many_as_answers(task: Task) -> int:
    """As many outputs as the task has classes or values: for objectives that can do with any number."""
    return task.n_classes or task.n_targets or 1


def pixels(task: Task) -> int:
    """One output for each entry of an input."""
    return prod(task.input_shape)


def features(number: int | None) -> Callable[[Task], int]:
    """``number`` outputs; any, where there is none."""
    if number is None:
        return as_many_as_answers
    if number < 1:
        raise TrainingError(f"features must be 1 or more, not {number}")
    return partial(_always, number)


def _always(number: int, task: Task) -> int:
    return number


def needs_pairs(objective: str, task: Task) -> None:
    """Raise where nothing comes with the inputs of a task."""
    if not task.paired:
        paired = [name for name, make in tasks.items() if make().paired]
        raise TrainingError(
            f"objective {objective!r} needs pairs of inputs, and nothing comes with those of task "
            f"{task.name!r}. Tasks with pairs: {listing(paired)}"
        )


def hidden(outputs: Outputs, layers: Sequence[str] | None) -> list[torch.Tensor]:
    """Outputs of these layers; by default of all but the readout, or of the only one there is."""
    if layers is None:
        return list(outputs.values())[:-1] or [readout(outputs)]
    return named(outputs, layers)


def named(outputs: Outputs, layers: Sequence[str]) -> list[torch.Tensor]:
    """Outputs of these layers."""
    for layer in layers:
        if layer not in outputs:
            raise unknown_name("layer", layer, outputs)
    return [outputs[layer] for layer in layers]


def pair(outputs: Outputs) -> tuple[torch.Tensor, torch.Tensor]:
    """The readout for the first and the second of each pair, (pair, unit)."""
    first, second = readout(outputs).flatten(1).chunk(2)
    return first, second
