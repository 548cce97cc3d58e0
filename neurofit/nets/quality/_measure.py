"""A rule's estimates beside its target, batch by batch, at one moment of training."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from .._descent import Learned, Lesson, descend
from ..learning import targets
from ..material import draw_batch
from ._kernels import Products

if TYPE_CHECKING:
    from .._stages import Params, Stage
    from ..material import Batch

    Vectors = dict[str, np.ndarray]


class Trial(NamedTuple):
    """A network that has learned for a while, how it did, and where torch computes it."""

    stages: tuple[Stage, ...]
    lesson: Lesson
    learned: Learned
    device: str


def trained(stages: tuple[Stage, ...], lesson: Lesson, seed: int, device: str) -> Trial:
    """The network after the lesson's steps."""
    return Trial(stages, lesson, descend(stages, lesson, seed=seed, device=device, progress=False), device)


def products(trial: Trial, *, batches: int, draws: int, rng: np.random.Generator) -> dict[str, Products]:
    """Inner products by layer: ``draws`` estimates on each of so many ``batches``."""
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    found: dict[str, list[tuple[np.ndarray, np.ndarray, float]]] = {s.name: [] for s in trial.stages}
    once = 1 if _draws_nothing(trial, rng, generator) else draws
    for _ in range(batches):
        for layer, entry in _on_one_batch(trial, once, rng, generator).items():
            found[layer].append(entry)
    return {layer: _products(entries, once) for layer, entries in found.items()}


def _draws_nothing(trial: Trial, rng: np.random.Generator, generator: torch.Generator) -> bool:
    """Whether the rule makes no use of its generator."""
    lesson = trial.lesson
    batch = lesson.objective.arranged(draw_batch(lesson.task.sample, lesson.batch_size, rng, trial.device))
    before = generator.get_state()
    _estimate(trial, batch, generator)
    return torch.equal(before, generator.get_state())


def _on_one_batch(
    trial: Trial, draws: int, rng: np.random.Generator, generator: torch.Generator
) -> dict[str, tuple[np.ndarray, np.ndarray, float]]:
    """Mean estimate, target, and mean square of the estimates, by layer."""
    lesson, learned = trial.lesson, trial.learned
    batch = lesson.objective.arranged(draw_batch(lesson.task.sample, lesson.batch_size, rng, trial.device))
    sums: Vectors = {}
    squares = dict.fromkeys((stage.name for stage in trial.stages), 0.0)
    for _ in range(draws):
        for layer, estimate in _flat(_estimate(trial, batch, generator)).items():
            sums[layer] = sums[layer] + estimate if layer in sums else estimate
            squares[layer] += float(estimate @ estimate)
    goal = targets[str(lesson.rule.target)]
    target = _flat(goal(trial.stages, learned.params, batch, lesson.objective, learned.state))
    return {layer: (sums[layer] / draws, target[layer], squares[layer] / draws) for layer in sums}


def _estimate(trial: Trial, batch: Batch, generator: torch.Generator) -> Params:
    lesson, learned = trial.lesson, trial.learned
    return lesson.rule.update(
        trial.stages,
        learned.params,
        batch,
        lesson.objective,
        learned.state,
        generator,
    )


def _flat(params: Params) -> Vectors:
    """All weights of each layer in a row, in double precision."""
    return {
        layer: torch.cat([w.detach().flatten() for w in weights.values()]).cpu().double().numpy()
        for layer, weights in params.items()
    }


def _products(entries: list[tuple[np.ndarray, np.ndarray, float]], draws: int) -> Products:
    means, goals = (np.stack([entry[at] for entry in entries]) for at in (0, 1))
    squares = np.array([entry[2] for entry in entries])
    return Products(means @ means.T, means @ goals.T, goals @ goals.T, squares, draws)
