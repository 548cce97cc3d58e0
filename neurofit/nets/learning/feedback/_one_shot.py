"""Episodes that are stored at once, and replayed to a network that learns slowly."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import torch

from ....errors import TrainingError
from ...material import Batch
from .._rule import Rule, needs, rules
from ._feedback import propagate

if TYPE_CHECKING:
    from ..._stages import Params
    from ...cost import Objective
    from .._rule import Stages


@needs.register("single_inputs")
def single_inputs(stages: Stages, objective: Objective) -> str:
    """An example is one input, not a pair of them."""
    return f"objective {objective.name!r} compares pairs of inputs" if objective.pairs else ""


class Memory(NamedTuple):
    """What is kept: episodes, and for each a random number, by whose order those are chosen that stay."""

    episodes: Batch
    order: torch.Tensor


@rules.register("one_shot_replay")
def one_shot_replay(*, capacity: int = 500, replayed: int = 32) -> Rule:
    r"""One-shot storage and replay: a fast memory keeps episodes, and interleaves them with what comes in.

    .. math::

        \nabla = \frac{n\, \nabla L(\text{new}) + m\, \nabla L(\text{replayed})}{n + m}

    An episode (an input and its answer) is stored when it is met, once and as it is. At each step
    :math:`m` stored ones are replayed with the :math:`n` new ones to the whole network, which learns from
    both by backpropagation. Once the store is full, what it holds is a random sample, without repeats, of
    all that was ever met, the old as likely as the new. Interleaving is what keeps new learning from undoing
    old where batches do not come at random; where they do, replay changes nothing in the mean. The estimate
    is then unbiased for the gradient over everything met, not on the batch: it claims no target.

    Parameters
    ----------
    capacity
        Number of episodes that the store holds.
    replayed
        :math:`m`, the number replayed at each step, less where the store holds less. 0 is backpropagation.

    Returns
    -------
    Rule

    Raises
    ------
    TrainingError
        If an option is negative.

    References
    ----------
    McClelland, McNaughton & O'Reilly 1995, Psychological Review 102:419, doi:10.1037/0033-295X.102.3.419
    """
    if capacity < 0 or replayed < 0:
        raise TrainingError(
            f"capacity and replayed must be 0 or more, not capacity={capacity}, replayed={replayed}"
        )
    return Rule(
        "one_shot_replay",
        partial(_update, replayed),
        target=None,
        evolve=partial(_store, capacity),
        needs=("separable", "single_inputs"),
        references=(
            "McClelland, McNaughton & O'Reilly 1995, Psychological Review 102:419, "
            "doi:10.1037/0033-295X.102.3.419",
        ),
    )


def _update(
    replayed: int,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: Memory | None,
    generator: torch.Generator,
) -> Params:
    if state is not None:
        chosen = torch.randperm(len(state.order), generator=generator)[:replayed].to(batch.inputs.device)
        batch = _joined(batch, _taken(state.episodes, chosen))
    return propagate(stages, params, batch, objective, None, generator)


def _store(
    capacity: int,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    change: Params,
    state: Memory | None,
    generator: torch.Generator,
) -> Memory:
    order = torch.rand(len(batch.inputs), generator=generator).to(batch.inputs.device)
    met = batch._replace(paired=None)
    if state is not None:
        met, order = _joined(state.episodes, met), torch.cat([state.order, order])
    kept = order.argsort()[:capacity]
    return Memory(_taken(met, kept), order[kept])


def _joined(first: Batch, second: Batch) -> Batch:
    return Batch(torch.cat([first.inputs, second.inputs]), torch.cat([first.labels, second.labels]))


def _taken(batch: Batch, rows: torch.Tensor) -> Batch:
    return Batch(batch.inputs[rows], batch.labels[rows])
