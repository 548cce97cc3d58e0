"""Objectives that compare the readout with an answer: a class, a reconstruction."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from torch.nn import functional

from ...errors import TrainingError
from .._stages import readout
from ._objective import Objective, objectives, share_right

if TYPE_CHECKING:
    import torch

    from .._stages import Outputs
    from ..material import Batch, Task


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
    return Objective("cross_entropy", needs_classes, _cross_entropy, "nat", share_right)


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


def needs_classes(task: Task) -> int:
    if task.n_classes < 2:
        raise TrainingError(
            f"task {task.name!r} has {task.n_classes} classes and 'cross_entropy' needs at least two; "
            "choose objective='autoencoding', which needs no labels"
        )
    return task.n_classes


def _pixels(task: Task) -> int:
    return prod(task.input_shape)


def _cross_entropy(outputs: Outputs, batch: Batch) -> torch.Tensor:
    return functional.cross_entropy(readout(outputs), batch.labels, reduction="none")


def _reconstruction(outputs: Outputs, batch: Batch) -> torch.Tensor:
    return (readout(outputs) - batch.inputs.flatten(1)).square().mean(1)
