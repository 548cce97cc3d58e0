"""What objectives that are made of others share."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from ...errors import TrainingError, listing
from ._layers import as_many_as_answers
from ._objective import no_accuracy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

    from .._stages import Outputs
    from ..material import Batch, Task
    from ._objective import Objective

    Accuracy = Callable[[Outputs, Batch], float]


def agreed(parts: Sequence[Objective]) -> Callable[[Task], int]:
    """How many outputs a readout has that serves all ``parts``; any number, where no part minds."""
    if all(part.outputs is as_many_as_answers for part in parts):
        return as_many_as_answers
    return lambda task: _one_number(parts, task)


def _one_number(parts: Sequence[Objective], task: Task) -> int:
    asked = [(part.name, part.outputs(task)) for part in parts if part.outputs is not as_many_as_answers]
    if len({number for _, number in asked}) > 1:
        raise TrainingError(
            "objectives that are combined share one readout, and these ask for different numbers of outputs: "
            f"{listing(f'{name!r} for {number}' for name, number in asked)}. Choose parts that agree, or "
            "train for one after the other with start="
        )
    return asked[0][1]


def costs(part: Objective, outputs: Outputs, batch: Batch, *, pairs: bool) -> torch.Tensor:
    """The cost of each example to one part; of each pair, where any part compares ``pairs``."""
    return part.losses(*_seen(part, outputs, batch, pairs=pairs))


def accuracy_by(parts: Sequence[Objective], *, pairs: bool) -> Accuracy:
    """Accuracy as the first of ``parts`` has it that knows right from wrong."""
    judges = [part for part in parts if part.accuracy is not no_accuracy]
    return partial(_accuracy, judges[0], pairs) if judges else no_accuracy


def _accuracy(part: Objective, pairs: bool, outputs: Outputs, batch: Batch) -> float:
    return part.accuracy(*_seen(part, outputs, batch, pairs=pairs))


def _seen(part: Objective, outputs: Outputs, batch: Batch, *, pairs: bool) -> tuple[Outputs, Batch]:
    """The batch as ``part`` takes it: one that compares no pairs gets the first of each."""
    if part.pairs or not pairs:
        return outputs, batch
    number = len(batch.inputs) // 2
    first = batch._replace(inputs=batch.inputs[:number], labels=batch.labels[:number])
    return {layer: output[:number] for layer, output in outputs.items()}, first


def sources(parts: Sequence[Objective]) -> tuple[str, ...]:
    """References of all parts, each once."""
    return tuple(dict.fromkeys(source for part in parts for source in part.references))


def over_time(build: Callable[[Sequence[Objective]], Objective], parts: Sequence[Objective]) -> Objective:
    """What ``build`` makes of ``parts``, made anew whenever one of them is taken over by another."""
    switches = sorted({first for part in parts for first, _ in part.schedule})
    schedule = tuple((first, build([part.at(first) for part in parts])) for first in switches)
    return replace(build([part.at(0) for part in parts]), schedule=schedule)
