"""Squared error to the values that a task asks for, or to one for the right class and zero for the others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from ...errors import TrainingError
from .._stages import readout
from ._objective import Objective, no_accuracy, objectives, share_right
from ._reward import one_if_right

if TYPE_CHECKING:
    import torch

    from .._stages import Outputs
    from ..material import Batch, Task


@objectives.register("squared_error")
def squared_error() -> Objective:
    r"""Squared error of the output.

    .. math:: L = \frac{1}{2} \sum_k (o_k - t_k)^2

    The target :math:`t` is what the task asks for or, where it has classes, 1 for the right one and 0 for the
    others. That is the reward of each answer, and the outputs that minimise the cost are the expected
    rewards: rules that act, such as ``"agrel"``, learn these as the values of actions.

    Returns
    -------
    Objective

    References
    ----------
    Rumelhart, Hinton & Williams 1986, Nature 323:533, doi:10.1038/323533a0
    """
    source = "Rumelhart, Hinton & Williams 1986, Nature 323:533, doi:10.1038/323533a0"
    return Objective(
        "squared_error", _values, _half_squares, "1", _accuracy, references=(source,), rewards=one_if_right
    )


def _values(task: Task) -> int:
    if task.n_targets:
        return task.n_targets
    if task.n_classes < 2:
        raise TrainingError(
            f"task {task.name!r} has neither values to give nor at least two classes, and 'squared_error' "
            "needs one of them; choose objective='autoencoding', which needs neither"
        )
    return task.n_classes


def _half_squares(outputs: Outputs, batch: Batch) -> torch.Tensor:
    answer = readout(outputs)
    return (answer - _wanted(batch, answer)).flatten(1).square().sum(1) / 2


def _wanted(batch: Batch, answer: torch.Tensor) -> torch.Tensor:
    if batch.labels.is_floating_point():
        return batch.labels
    return functional.one_hot(batch.labels, answer.shape[1]).to(answer)


def _accuracy(outputs: Outputs, batch: Batch) -> float:
    return (no_accuracy if batch.labels.is_floating_point() else share_right)(outputs, batch)
