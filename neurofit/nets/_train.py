"""Train a network: a task, an architecture, an objective and a learning rule, each chosen by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..errors import TrainingError
from ..names import STEP
from ..provenance import label, stamp
from ._architectures import architectures
from ._descent import Lesson, descend
from ._network import Network
from ._objectives import objectives
from ._rules import rules
from ._tasks import tasks
from ._threads import one_thread

if TYPE_CHECKING:
    from ._descent import Progress


def train(  # noqa: PLR0913 - the four choices and how to descend are what a user says
    task: str,
    *,
    architecture: str = "mlp",
    objective: str = "cross_entropy",
    rule: str = "backprop",
    steps: int = 300,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    optimizer: str = "adam",
    rng: int | np.random.Generator | None = None,
    device: str = "cpu",
    progress: bool = True,
) -> Network:
    r"""Train a network from scratch.

    At each step the rule estimates the gradient :math:`g` of the objective from one batch, and the
    optimizer moves the weights against it; for ``"sgd"``, :math:`W \leftarrow W - \eta\, g`.

    Parameters
    ----------
    task
        What to learn: a name in ``nets.tasks``.
    architecture
        A name in ``nets.architectures``.
    objective
        A name in ``nets.objectives``.
    rule
        A name in ``nets.rules``.
    steps
        Number of updates; 0 gives the untrained network that the same ``rng`` starts from.
    batch_size
        Number of images for each update.
    learning_rate
        Of the optimizer.
    optimizer
        A name in ``nets.optimizers``.
    rng
        Seed of the weights, the batches and the rule. A generator gives a seed, which ``recipe`` keeps.
    device
        Where torch computes. Numbers are repeatable on one kind of device.
    progress
        Whether to show a bar.

    Returns
    -------
    Network
        With its ``history``: loss and accuracy on held-out images, at 21 steps from the first to the last.

    Raises
    ------
    UnknownNameError
        If a choice does not exist; the nearest one is named.
    TrainingError
        If the choices do not fit together, or training diverged; the step and the layer are named.

    Examples
    --------
    >>> network = train("digits", rng=0, progress=False)
    >>> network.layers
    ('hidden1', 'hidden2', 'readout')
    >>> bool(network.history.accuracy[-1] > 0.9)
    True
    """
    _check(steps=steps, batch_size=batch_size, learning_rate=learning_rate)
    seed = _seed(rng)
    lesson = Lesson(
        tasks[task](), objectives[objective](), rules[rule](), steps, batch_size, learning_rate, optimizer
    )
    outputs = lesson.objective.outputs(lesson.task)
    stages = architectures[architecture](lesson.task.input_shape, outputs)
    recipe: dict[str, Any] = {
        "task": task,
        "architecture": architecture,
        "objective": objective,
        "rule": rule,
        "steps": steps,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "optimizer": optimizer,
        "seed": seed,
        "input_shape": list(lesson.task.input_shape),
        "outputs": outputs,
    }
    with one_thread():
        initial, params, reached = descend(stages, lesson, seed=seed, device=device, progress=progress)
    history = stamp(
        _history(reached, lesson),
        "nets.train",
        references=[*lesson.task.references, *lesson.objective.references, *lesson.rule.references],
        **recipe,
    )
    return Network(stages, params, initial, recipe, history)


def _history(reached: list[Progress], lesson: Lesson) -> xr.Dataset:
    step, loss, accuracy = (xr.DataArray(list(column), dims=STEP) for column in zip(*reached, strict=True))
    objective = lesson.objective
    return xr.Dataset(
        {
            "loss": label(loss, units=objective.units, long_name=f"{objective.name}, held-out images"),
            "accuracy": label(accuracy, units="1", long_name="share of held-out images that are right"),
        },
        coords={STEP: label(step, units="1", long_name="number of updates")},
    )


def _seed(rng: int | np.random.Generator | None) -> int:
    """``rng`` if it is a seed, else one drawn from it: a recipe must be able to make its network again."""
    if isinstance(rng, (int, np.integer)):
        return int(rng)
    return int(np.random.default_rng(rng).integers(2**32))


def _check(*, steps: int, batch_size: int, learning_rate: float) -> None:
    wanted = {
        f"steps must be 0 or more, not {steps}": steps >= 0,
        f"batch_size must be 1 or more, not {batch_size}": batch_size >= 1,
        f"learning_rate must be above 0, not {learning_rate}": learning_rate > 0,
    }
    wrong = [phrase for phrase, fine in wanted.items() if not fine]
    if wrong:
        raise TrainingError("; ".join(wrong))
