"""Objectives of a layer that has an answer of its own."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, TypeVar

import torch

from ...errors import TrainingError
from .._choice import make
from .._stages import readout
from ..circuits._build import READOUT
from ._layers import as_many_as_answers
from ._objective import Objective, objectives
from ._parts import over_time

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .._choice import Choice
    from .._stages import Outputs
    from ..material import Batch

Told = TypeVar("Told")

MOSTAFA = (
    "Mostafa, Ramesh & Cauwenberghs 2018, Frontiers in Neuroscience 12:608, doi:10.3389/fnins.2018.00608"
)


@objectives.register("local_readout")
def local_readout(*, of: Choice = "own_failures", classes: int = 10, seed: int = 0) -> Objective:
    r"""What a layer's own answer costs, read out of it by fixed random weights.

    .. math:: L = \ell(R h), \qquad R_{kj} \sim \mathcal{N}(0, 1 / n)

    The weights R from the layer's n outputs to the classes are drawn once and never change, so that what is
    learnt is learnt by the layer. Given to the layers of ``by_layer`` with ``local=True``, each learns from
    the answer that can be read out of itself, whatever those above make of it; with ``own_failures``, the
    default, each module only from what it gets wrong itself (Marblestone et al.'s third hypothesis).

    Parameters
    ----------
    of
        The objective of the answer: a name in ``nets.objectives``, or a mapping with options.
    classes
        Number of classes that R tells apart: that of the task, or more.
    seed
        Of the random weights.

    Returns
    -------
    Objective

    Raises
    ------
    TrainingError
        If there is no class, or, in training, fewer than there are.

    References
    ----------
    Mostafa, Ramesh & Cauwenberghs 2018, Frontiers in Neuroscience 12:608, doi:10.3389/fnins.2018.00608
    """
    if classes < 1:
        raise TrainingError(f"classes must be 1 or more, not {classes}")
    return over_time(partial(_read_out, classes, seed), [make(objectives, of)])


def _read_out(classes: int, seed: int, parts: Sequence[Objective]) -> Objective:
    (part,) = parts
    answer = partial(_answer, classes, seed)
    return replace(
        part,
        name="local_readout",
        outputs=as_many_as_answers,
        losses=partial(_judged, part.losses, answer),
        accuracy=partial(_judged, part.accuracy, answer),
        references=(*part.references, MOSTAFA),
        rewards=None,
    )


def _judged(
    judge: Callable[[Outputs, Batch], Told],
    answer: Callable[[Outputs, Batch], Outputs],
    outputs: Outputs,
    batch: Batch,
) -> Told:
    return judge(answer(outputs, batch), batch)


def _answer(classes: int, seed: int, outputs: Outputs, batch: Batch) -> Outputs:
    highest = int(batch.labels.max()) if batch.labels.numel() else 0
    if highest >= classes:
        raise TrainingError(
            f"'local_readout' tells {classes} classes apart, and there are {highest + 1} or more; give their "
            "number as classes="
        )
    layer = readout(outputs).flatten(1)
    return {READOUT: layer @ _weights(layer.shape[1], classes, seed).to(layer)}


@cache
def _weights(inputs: int, classes: int, seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(inputs, classes, generator=generator, dtype=torch.float64) / inputs**0.5
