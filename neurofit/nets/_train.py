"""Train a network: a task, an architecture, an objective and a learning rule, each chosen by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..errors import TrainingError, listing, unknown_name
from ..names import STEP
from ..provenance import label, stamp
from ._choice import as_json, make
from ._constraints import constraints
from ._descent import Lesson, descend
from ._network import Network
from ._stages import shapes
from ._threads import one_thread
from .circuits import architectures
from .cost import objectives
from .learning import check, rules
from .material import IMAGE_DIMS, tasks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ._choice import Choice
    from ._descent import Progress
    from ._stages import Params, Stage


def train(  # noqa: PLR0913 - the four choices and how to descend are what a user says
    task: Choice,
    *,
    architecture: Choice = "mlp",
    objective: Choice = "cross_entropy",
    rule: Choice = "backprop",
    constraint: Choice | None = None,
    start: Network | None = None,
    frozen: Sequence[str] = (),
    steps: int = 300,
    batch_size: int = 32,
    learning_rate: float = 1e-3,
    optimizer: str = "adam",
    rng: int | np.random.Generator | None = None,
    device: str = "cpu",
    progress: bool = True,
) -> Network:
    r"""Train a network.

    At each step the rule estimates the gradient :math:`g` of the objective from one batch, and the
    optimizer moves the weights against it; for ``"sgd"``, :math:`W \leftarrow W - \eta\, g`.

    What is chosen by name may have options: ``rule={"name": "node_perturbation", "sigma": 0.1}``.

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
    constraint
        A name in ``nets.constraints``: what weights keep to whatever the rule.
    start
        A network whose weights to start from, where layers have the same names and shapes; other layers,
        such as a readout of another size, start afresh.
    frozen
        Names of layers that keep their weights.
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
        If the choices do not fit together (why, and which would), or training diverged; the step and the
        layer are named.

    Examples
    --------
    >>> network = train("digits", rng=0, progress=False)
    >>> network.layers
    ('hidden1', 'hidden2', 'readout')
    >>> bool(network.history.accuracy[-1] > 0.9)
    True
    """
    _check(steps=steps, batch_size=batch_size, learning_rate=learning_rate)
    choices = {"task": task, "architecture": architecture, "objective": objective, "rule": rule}
    if constraint is not None:
        choices["constraint"] = constraint
    descent = {
        "steps": steps,
        "batch_size": batch_size,
        "learning_rate": learning_rate,
        "optimizer": optimizer,
    }
    lesson = _lesson(choices, descent, frozen)
    stages = _stages(architecture, lesson)
    recipe = {
        **{kind: as_json(choice) for kind, choice in choices.items()},
        **descent,
        "seed": _seed(rng),
        **_further(lesson, start),
    }
    with one_thread():
        first = _fitting(start, stages) if start else None
        learned = descend(stages, lesson, seed=recipe["seed"], device=device, start=first, progress=progress)
    history = stamp(
        _history(learned.progress, lesson),
        "nets.train",
        sources=[start.history] if start else [],
        references=[*lesson.task.references, *lesson.objective.references, *lesson.rule.references],
        **recipe,
    )
    return Network(stages, tuple(reached.params for reached in learned.progress), recipe, history)


def _lesson(choices: Mapping[str, Choice], descent: Mapping[str, Any], frozen: Sequence[str]) -> Lesson:
    return Lesson(
        make(tasks, choices["task"]),
        make(objectives, choices["objective"]),
        make(rules, choices["rule"]),
        **descent,
        constraint=make(constraints, choices["constraint"]) if "constraint" in choices else None,
        frozen=frozenset(frozen),
    )


def _stages(architecture: Choice, lesson: Lesson) -> tuple[Stage, ...]:
    """The layers; raise where the choices do not fit together."""
    outputs = lesson.objective.outputs(lesson.task)
    stages = make(architectures, architecture, lesson.task.input_shape, outputs)
    for of_step in (lesson.objective, *(objective for _, objective in lesson.objective.schedule)):
        check(lesson.rule, stages, of_step)
    layers = [stage.name for stage in stages]
    for layer in lesson.frozen:
        if layer not in layers:
            raise unknown_name("layer", layer, layers)
    if lesson.objective.pairs and not lesson.task.paired:
        paired = [name for name, task in tasks.items() if task().paired]
        raise TrainingError(
            f"objective {lesson.objective.name!r} compares pairs of inputs, and nothing comes with those of "
            f"task {lesson.task.name!r}. Tasks with pairs: {listing(paired) or 'none'}"
        )
    return stages


def _further(lesson: Lesson, start: Network | None) -> dict[str, Any]:
    """What makes the network's layers again, and what not every recipe has."""
    further = {
        "dims": None if lesson.task.dims == IMAGE_DIMS[1:] else list(lesson.task.dims),
        "start": dict(start.recipe) if start else None,
        "frozen": sorted(lesson.frozen),
    }
    return {
        "input_shape": list(lesson.task.input_shape),
        "outputs": lesson.objective.outputs(lesson.task),
        **{name: value for name, value in further.items() if value},
    }


def _fitting(start: Network, stages: tuple[Stage, ...]) -> Params:
    """The weights of ``start`` for each layer that is in both with the same shapes."""
    wanted = {stage.name: shapes(stage) for stage in stages}
    fitting = {
        layer: weights
        for layer, weights in start.params.items()
        if wanted.get(layer) == {name: w.shape for name, w in weights.items()}
    }
    if not fitting:
        raise TrainingError(
            f"no layer of '{start.name}' has the name and the shape of one of these: {listing(wanted)}. "
            "Start from a network of the same architecture"
        )
    return fitting


def _history(reached: list[Progress], lesson: Lesson) -> xr.Dataset:
    columns = zip(*(progress[:3] for progress in reached), strict=True)
    step, loss, accuracy = (xr.DataArray(list(column), dims=STEP) for column in columns)
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
