"""The training loop: a rule estimates, an optimizer steps, and held-out images tell how it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from ..errors import TrainingError
from ..parallel import bar
from ..registry import Registry
from ._stages import draw, forward
from ._tasks import draw_batch

if TYPE_CHECKING:
    from ._objectives import Objective
    from ._rules import Rule
    from ._stages import Params, Stage
    from ._tasks import Batch, Task

optimizers: Registry[type[torch.optim.Optimizer]] = Registry("optimizer")
optimizers.register("adam")(torch.optim.Adam)
optimizers.register("sgd")(torch.optim.SGD)

HELD_OUT = 512
MEASUREMENTS = 20


@dataclass(frozen=True)
class Lesson:
    """What is learned, to what end, how, and how long."""

    task: Task
    objective: Objective
    rule: Rule
    steps: int
    batch_size: int
    learning_rate: float
    optimizer: str


class Progress(NamedTuple):
    """How well held-out images go after so many steps."""

    step: int
    loss: float
    accuracy: float


def descend(
    stages: tuple[Stage, ...], lesson: Lesson, *, seed: int, device: str, progress: bool
) -> tuple[Params, Params, list[Progress]]:
    """Weights at the start, weights at the end, and the progress on the way."""
    rng = np.random.default_rng(seed)
    # Weights have a stream of their own: whatever else is chosen, the same seed starts from the same ones.
    for_weights, for_rule = (torch.Generator().manual_seed(int(s)) for s in rng.integers(2**63, size=2))
    initial = draw(stages, for_weights, device)
    params = {layer: {name: w.clone() for name, w in weights.items()} for layer, weights in initial.items()}
    state = lesson.rule.init(stages, params, for_rule)
    optimizer = _optimizer(params, lesson)
    held_out = draw_batch(lesson.task.held_out, HELD_OUT, rng, device)
    measured = set(np.linspace(0, lesson.steps, MEASUREMENTS + 1).round())
    reached = [_measure(0, stages, params, held_out, lesson.objective)]
    for step in bar(range(1, lesson.steps + 1), progress=progress, description="train"):
        batch = draw_batch(lesson.task.sample, lesson.batch_size, rng, device)
        estimate = lesson.rule.update(stages, params, batch, lesson.objective, state, for_rule)
        if not _finite(estimate):
            raise _diverged(step, forward(stages, params, batch.inputs), estimate)
        _step(optimizer, params, estimate)
        state = lesson.rule.evolve(stages, params, estimate, state, for_rule)
        if step in measured:
            reached.append(_measure(step, stages, params, held_out, lesson.objective))
    return initial, params, reached


def _optimizer(params: Params, lesson: Lesson) -> torch.optim.Optimizer:
    tensors = [tensor for weights in params.values() for tensor in weights.values()]
    return optimizers[lesson.optimizer](tensors, lr=lesson.learning_rate)  # type: ignore[call-arg]


def _step(optimizer: torch.optim.Optimizer, params: Params, estimate: Params) -> None:
    """Move the weights, in place, against the estimate of the gradient."""
    for layer, weights in params.items():
        for name, tensor in weights.items():
            tensor.grad = estimate[layer][name]
    optimizer.step()
    optimizer.zero_grad()


def _measure(
    step: int, stages: tuple[Stage, ...], params: Params, held_out: Batch, objective: Objective
) -> Progress:
    outputs = forward(stages, params, held_out.inputs)
    output = outputs[stages[-1].name]
    loss = float(objective.loss(output, held_out))
    if not np.isfinite(loss):
        raise _diverged(step, outputs, {})
    return Progress(step, loss, objective.accuracy(output, held_out))


def _finite(weights_by_layer: Params) -> bool:
    sums = [tensor.sum() for weights in weights_by_layer.values() for tensor in weights.values()]
    return bool(torch.stack(sums).isfinite().all())


def _diverged(step: int, outputs: dict[str, torch.Tensor], estimate: Params) -> TrainingError:
    """The error that names where it overflowed first: on the way forth or, if not there, on the way back."""
    back = reversed(list(estimate.items()))
    places = [f"the output of layer {layer!r}" for layer, h in outputs.items() if not h.isfinite().all()]
    places += [f"the gradient of layer {layer!r}" for layer, w in back if not _finite({layer: w})]
    return TrainingError(
        f"training diverged at step {step}: {(places or ['the loss'])[0]} is not finite. "
        "Lower learning_rate, or choose optimizer='adam', whose steps are bounded"
    )
