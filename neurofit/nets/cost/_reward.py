"""Reward for the right answer, and a policy that earns it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import TrainingError
from .._stages import readout
from ._objective import Objective, objectives, share_right

if TYPE_CHECKING:
    import torch

    from .._stages import Outputs
    from ..material import Batch, Task


@objectives.register("reward")
def reward() -> Objective:
    r"""Reward of acting: an answer is drawn from the softmax of the output, the right one earns 1.

    With the policy :math:`\pi(k) = e^{o_k} / \sum_j e^{o_j}` and the reward :math:`R(k)` of answer :math:`k`,
    1 if it is right and 0 if not, the cost is minus the expected reward,

    .. math::

        L = -\sum_k \pi(k) R(k), \qquad
        -\nabla L = \sum_k \pi(k)\, R(k)\, \nabla \log \pi(k)

    so that the log-probability of actions scaled by reward (Richards et al. 2019, Box 3) has, on actions that
    the policy takes, the same gradient on average. The cost runs from -1 (always right) to 0; an even guess
    costs minus one over the number of classes. Backpropagation of it knows the reward of the answers that
    were not given; ``"reinforce"`` does not.

    Returns
    -------
    Objective

    References
    ----------
    Williams 1992, Machine Learning 8:229, doi:10.1007/BF00992696
    Richards, Lillicrap et al. 2019, Nature Neuroscience 22:1761, doi:10.1038/s41593-019-0520-2
    """
    sources = (
        "Williams 1992, Machine Learning 8:229, doi:10.1007/BF00992696",
        "Richards et al. 2019, Nature Neuroscience 22:1761, doi:10.1038/s41593-019-0520-2",
    )
    return Objective(
        "reward", _answers, _expected, "reward", share_right, references=sources, rewards=one_if_right
    )


def one_if_right(batch: Batch, actions: torch.Tensor) -> torch.Tensor:
    """1 where the action is the class of the example, else 0."""
    if batch.labels.is_floating_point():
        raise TrainingError(
            "an action is rewarded for being the right class, and this task has values to give, of shape "
            f"{tuple(batch.labels.shape)}, not classes; choose a task with classes, such as 'digits'"
        )
    return (actions == batch.labels).to(batch.inputs.dtype)


def _answers(task: Task) -> int:
    if task.n_classes < 2:
        raise TrainingError(
            f"task {task.name!r} has {task.n_classes} classes and 'reward' needs at least two answers to "
            "choose from; choose a task with classes, such as 'digits'"
        )
    return task.n_classes


def _expected(outputs: Outputs, batch: Batch) -> torch.Tensor:
    policy = readout(outputs).softmax(1)
    return -policy.gather(1, batch.labels[:, None])[:, 0]
