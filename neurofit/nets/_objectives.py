"""Objectives: what a network's output should be like, as a loss to bring down."""

from __future__ import annotations

from dataclasses import dataclass
from math import nan, prod
from typing import TYPE_CHECKING

from torch.nn import functional

from ..errors import TrainingError
from ..registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from ._tasks import Batch, Task


def no_accuracy(output: torch.Tensor, batch: Batch) -> float:
    """NaN: an objective without classes has no accuracy."""
    return nan


@dataclass(frozen=True)
class Objective:
    """A cost and the readout that it needs.

    Parameters
    ----------
    name
        Its name in ``nets.objectives``.
    outputs
        ``outputs(task)`` is the number of readout units that it needs of a task.
    loss
        ``loss(output, batch)``, mean over the batch, for an output of shape (batch, outputs).
    units
        Of the loss.
    accuracy
        ``accuracy(output, batch)``, the share of right answers; NaN where there are no classes.
    references
        Who said so.
    """

    name: str
    outputs: Callable[[Task], int]
    loss: Callable[[torch.Tensor, Batch], torch.Tensor]
    units: str
    accuracy: Callable[[torch.Tensor, Batch], float] = no_accuracy
    references: tuple[str, ...] = ()


objectives: Registry[Callable[[], Objective]] = Registry("objective")


@objectives.register("cross_entropy")
def cross_entropy() -> Objective:
    r"""Cross-entropy between the labels and the softmax of the output, in nats.

    .. math:: L = -\log \frac{e^{o_k}}{\sum_j e^{o_j}} \quad\text{for an image of class } k

    A teacher's objective: implausible for an animal, but a useful reference (Richards et al. 2019, Box 3).
    Chance is the log of the number of classes.

    Returns
    -------
    Objective
    """
    return Objective("cross_entropy", _classes, _cross_entropy, "nat", _accuracy)


@objectives.register("autoencoding")
def autoencoding() -> Objective:
    r"""Mean squared error of reconstructing the image, whose pixels have variance about 1.

    .. math:: L = \frac{1}{n} \sum_i (o_i - x_i)^2 \quad\text{over the } n \text{ pixels of an image}

    Labels are not used. An output that ignores the image costs its variance, about 1.

    Returns
    -------
    Objective

    References
    ----------
    Hinton & Salakhutdinov 2006, Science 313:504, doi:10.1126/science.1127647
    """
    source = "Hinton & Salakhutdinov 2006, Science 313:504, doi:10.1126/science.1127647"
    return Objective("autoencoding", _pixels, _reconstruction, "1", references=(source,))


def _classes(task: Task) -> int:
    if task.n_classes < 2:
        raise TrainingError(
            f"task {task.name!r} has {task.n_classes} classes and 'cross_entropy' needs at least two; "
            "choose objective='autoencoding', which needs no labels"
        )
    return task.n_classes


def _pixels(task: Task) -> int:
    return prod(task.input_shape)


def _cross_entropy(output: torch.Tensor, batch: Batch) -> torch.Tensor:
    return functional.cross_entropy(output, batch.labels)


def _accuracy(output: torch.Tensor, batch: Batch) -> float:
    return float((output.argmax(1) == batch.labels).float().mean())


def _reconstruction(output: torch.Tensor, batch: Batch) -> torch.Tensor:
    return functional.mse_loss(output, batch.inputs.flatten(1))
