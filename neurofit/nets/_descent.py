"""The training loop: a rule estimates, an optimizer steps, and held-out images tell how it goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch
from torch.nn.utils import get_total_norm

from ..errors import TrainingError
from ..parallel import bar
from ..registry import Registry
from ._stages import connected, draw, forward, moved
from .material import draw_batch

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._constraints import Constraint
    from ._stages import Params, Stage
    from .cost import Objective
    from .learning import Rule
    from .material import Batch, Task

optimizers: Registry[Callable[..., torch.optim.Optimizer]] = Registry("optimizer")


@optimizers.register("adam")
def adam(weights: list[torch.Tensor], *, learning_rate: float) -> torch.optim.Optimizer:
    """Steps of bounded size, by running means of the gradient and its square (Kingma & Ba 2015)."""
    return torch.optim.Adam(weights, lr=learning_rate, fused=True)


@optimizers.register("sgd")
def sgd(weights: list[torch.Tensor], *, learning_rate: float) -> torch.optim.Optimizer:
    """Steps along the gradient."""
    return torch.optim.SGD(weights, lr=learning_rate)


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
    constraint: Constraint | None = None
    frozen: frozenset[str] = frozenset()


class Progress(NamedTuple):
    """How well held-out images go after so many steps, with which weights."""

    step: int
    loss: float
    accuracy: float
    params: Params


class Learned(NamedTuple):
    """The progress from the first step to the last, and where weights and rule ended."""

    progress: list[Progress]
    params: Params
    state: Any


def descend(
    stages: tuple[Stage, ...],
    lesson: Lesson,
    *,
    seed: int,
    device: str,
    start: Params | None = None,
    progress: bool,
) -> Learned:
    """Learn the lesson."""
    rng = np.random.default_rng(seed)
    # Weights have a stream of their own: whatever else is chosen, the same seed starts from the same ones.
    for_weights, for_rule = (torch.Generator().manual_seed(int(s)) for s in rng.integers(2**63, size=2))
    initial = connected(stages, {**draw(stages, for_weights, device), **moved(start or {}, device)})
    if lesson.constraint:
        initial = lesson.constraint(stages, initial, initial)
    params = _copied(initial)
    state = lesson.rule.init(stages, params, for_rule)
    optimizer = _optimizer(params, lesson)
    held_out = draw_batch(lesson.task.held_out, HELD_OUT, rng, device)
    measured = set(np.linspace(0, lesson.steps, MEASUREMENTS + 1).round())
    reached = [_measure(0, stages, params, held_out, lesson.objective)]
    for step in bar(range(1, lesson.steps + 1), progress=progress, description="train"):
        objective = lesson.objective.at(step - 1)
        batch = draw_batch(lesson.task.sample, lesson.batch_size, rng, device)
        estimate = lesson.rule.update(stages, params, objective.arranged(batch), objective, state, for_rule)
        if not _finite(estimate):
            raise _diverged(step, forward(stages, params, batch.inputs), estimate)
        estimate = connected(stages, estimate)
        change = _step(optimizer, params, estimate, decay=lesson.rule.decay, tell=bool(lesson.rule.evolve))
        if lesson.rule.evolve:
            state = lesson.rule.evolve(
                stages, params, objective.arranged(batch), objective, change, state, for_rule
            )
        if lesson.constraint:
            _overwrite(params, lesson.constraint(stages, params, initial))
        if step in measured:
            reached.append(_measure(step, stages, params, held_out, lesson.objective.at(step)))
    return Learned(reached, params, state)


def _optimizer(params: Params, lesson: Lesson) -> torch.optim.Optimizer:
    learned = [w for layer, weights in params.items() if layer not in lesson.frozen for w in weights.values()]
    return optimizers[lesson.optimizer](learned, learning_rate=lesson.learning_rate)


def _step(
    optimizer: torch.optim.Optimizer, params: Params, estimate: Params, *, decay: float, tell: bool
) -> Params:
    """Move the weights, in place, against the estimate of the gradient; ``tell`` what was added to them."""
    if decay:
        for tensor in _tensors(params):
            tensor.mul_(1 - decay)
    before = _copied(params) if tell else {}
    for tensor, gradient in zip(_tensors(params), _tensors(estimate), strict=True):
        tensor.grad = gradient
    optimizer.step()
    return {
        layer: {name: params[layer][name] - old for name, old in weights.items()}
        for layer, weights in before.items()
    }


def _tensors(weights_by_layer: Params) -> list[torch.Tensor]:
    return [tensor for weights in weights_by_layer.values() for tensor in weights.values()]


def _copied(params: Params) -> Params:
    return {
        layer: {name: w.detach().clone() for name, w in weights.items()} for layer, weights in params.items()
    }


def _overwrite(params: Params, allowed: Params) -> None:
    for tensor, new in zip(_tensors(params), _tensors(allowed), strict=True):
        tensor.copy_(new)


@torch.no_grad()
def _measure(
    step: int, stages: tuple[Stage, ...], params: Params, held_out: Batch, objective: Objective
) -> Progress:
    arranged = objective.arranged(held_out)
    outputs = forward(stages, params, arranged.inputs)
    loss = float(objective.loss(outputs, arranged))
    if not np.isfinite(loss):
        raise _diverged(step, outputs, {})
    return Progress(step, loss, objective.accuracy(outputs, arranged), _copied(params))


def _finite(weights_by_layer: Params) -> bool:
    return bool(get_total_norm(_tensors(weights_by_layer), torch.inf).isfinite())


def _diverged(step: int, outputs: dict[str, torch.Tensor], estimate: Params) -> TrainingError:
    """The error that names where it overflowed first: on the way forth or, if not there, on the way back."""
    back = reversed(list(estimate.items()))
    places = [f"the output of layer {layer!r}" for layer, h in outputs.items() if not h.isfinite().all()]
    places += [f"the gradient of layer {layer!r}" for layer, w in back if not _finite({layer: w})]
    return TrainingError(
        f"training diverged at step {step}: {(places or ['the loss'])[0]} is not finite. "
        "Lower learning_rate, or choose optimizer='adam', whose steps are bounded"
    )
