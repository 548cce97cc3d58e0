"""What an objective is: a cost for each example, on the outputs of any of a network's layers."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan
from typing import TYPE_CHECKING

import torch

from ...registry import Registry
from .._stages import readout

if TYPE_CHECKING:
    from collections.abc import Callable

    from .._stages import Outputs
    from ..material import Batch, Task

    Losses = Callable[[Outputs, Batch], torch.Tensor]
    Rewards = Callable[[Batch, torch.Tensor], torch.Tensor]


def no_accuracy(outputs: Outputs, batch: Batch) -> float:
    """NaN: an objective without classes has no accuracy."""
    return nan


def share_right(outputs: Outputs, batch: Batch) -> float:
    """Share of examples whose largest readout is that of their class."""
    return float((readout(outputs).argmax(1) == batch.labels).float().mean())


@dataclass(frozen=True)
class Objective:
    """A cost and the readout that it needs.

    Parameters
    ----------
    name
        Its name in ``nets.objectives``.
    outputs
        ``outputs(task)`` is the number of readout units that it needs of a task; an error where the task
        lacks what it needs.
    losses
        ``losses(outputs, batch)`` is the cost of each example, (batch,), from the outputs of all layers by
        name, the readout last.
    units
        Of the cost.
    accuracy
        ``accuracy(outputs, batch)``, the share of right answers; NaN where there are no classes.
    references
        Who said so.
    separable
        Whether the cost of an example depends on this example alone. Rules that perturb each example by
        itself need that.
    pairs
        Whether it compares what two inputs make of the network. The first halves of a batch's inputs and of
        the outputs are then those of the first of each pair, and there is one cost for each pair.
    local
        Whether errors stay in the layer in which they arise.
    rewards
        ``rewards(batch, actions)``: the reward of each example's action, an index of the readout, for rules
        that act.
    schedule
        Objectives that take over at steps: pairs of the first step and the objective, in order.
    """

    name: str
    outputs: Callable[[Task], int]
    losses: Losses
    units: str
    accuracy: Callable[[Outputs, Batch], float] = no_accuracy
    references: tuple[str, ...] = ()
    separable: bool = True
    pairs: bool = False
    local: bool = False
    rewards: Rewards | None = None
    schedule: tuple[tuple[int, Objective], ...] = ()

    def loss(self, outputs: Outputs, batch: Batch) -> torch.Tensor:
        """Mean cost over the batch."""
        return self.losses(outputs, batch).mean()

    def arranged(self, batch: Batch) -> Batch:
        """The batch as ``losses`` take it: where inputs are compared in pairs, the second ones come after."""
        if not self.pairs or batch.paired is None:
            return batch
        return batch._replace(
            inputs=torch.cat([batch.inputs, batch.paired]), labels=torch.cat([batch.labels, batch.labels])
        )

    def at(self, step: int) -> Objective:
        """The objective that holds at a step."""
        begun = [objective for first, objective in self.schedule if first <= step]
        return begun[-1].at(step) if begun else self


objectives: Registry[Callable[..., Objective]] = Registry("objective")
