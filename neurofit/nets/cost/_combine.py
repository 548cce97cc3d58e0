"""Objectives made of several: added up, shared out between layers, or one after the other."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import torch

from ...errors import TrainingError, unknown_name
from .._choice import make
from ..circuits._build import READOUT
from ._layers import as_many_as_answers
from ._objective import Objective, objectives
from ._parts import accuracy_by, agreed, costs, over_time, sources

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .._choice import Choice
    from .._stages import Outputs
    from ..material import Batch

MARBLESTONE = "Marblestone, Wayne & Kording 2016, doi:10.3389/fncom.2016.00094"
LOWE = "Löwe, O'Connor & Veeling 2019, arXiv:1905.11786"


@objectives.register("weighted")
def weighted(
    *, parts: Sequence[tuple[Choice, float]] = (("cross_entropy", 1.0), ("sparseness", 0.1))
) -> Objective:
    r"""Weighted sum of objectives: :math:`L = \sum_k w_k L_k`.

    The cost has the units of the first part, the weights turn those of the others into them. Accuracy is
    that of the first part that has one. Where a part compares pairs of inputs, parts that do not are those
    of the first of each pair.

    Parameters
    ----------
    parts
        Pairs of an objective (a name in ``nets.objectives``, or a mapping with options) and its weight.

    Returns
    -------
    Objective

    Raises
    ------
    TrainingError
        If there is no part or, when the network is built, parts ask for different numbers of outputs.
    """
    if not parts:
        raise TrainingError("'weighted' needs at least one part, such as [['cross_entropy', 1.0]]")
    weights = [float(weight) for _, weight in parts]
    return over_time(partial(_add, weights), [make(objectives, choice) for choice, _ in parts])


def _add(weights: Sequence[float], parts: Sequence[Objective]) -> Objective:
    pairs = any(part.pairs for part in parts)
    rewarded = all(part.rewards for part in parts)
    return Objective(
        "weighted",
        agreed(parts),
        partial(_sum, weights, parts, pairs),
        parts[0].units,
        accuracy_by(parts, pairs=pairs),
        sources(parts),
        separable=all(part.separable for part in parts),
        pairs=pairs,
        local=any(part.local for part in parts),
        rewards=partial(_rewards, weights, parts) if rewarded else None,
    )


def _sum(
    weights: Sequence[float], parts: Sequence[Objective], pairs: bool, outputs: Outputs, batch: Batch
) -> torch.Tensor:
    every = [costs(part, outputs, batch, pairs=pairs) for part in parts]
    return torch.stack([weight * cost for weight, cost in zip(weights, every, strict=True)]).sum(0)


def _rewards(
    weights: Sequence[float], parts: Sequence[Objective], batch: Batch, actions: torch.Tensor
) -> torch.Tensor:
    every = [part.rewards(batch, actions) for part in parts if part.rewards]
    return torch.stack([weight * reward for weight, reward in zip(weights, every, strict=True)]).sum(0)


@objectives.register("by_layer")
def by_layer(*, layers: Mapping[str, Choice] | None = None, local: bool = False) -> Objective:
    r"""A different objective for each layer: :math:`L = \sum_l L_l(h_l)`.

    Each objective sees its own layer alone, as if that were the readout: Marblestone et al.'s cost functions
    that differ between areas. With ``local``, errors stay where they arise, so that each layer learns for its
    own objective whatever those above make of it; else lower layers serve the objectives of higher ones too.

    Parameters
    ----------
    layers
        Objective by layer, such as ``{"hidden1": "sparseness", "readout": "cross_entropy"}``, the default
        being cross-entropy of the readout. An objective that asks for a certain number of units, such as
        one for each class, can only be that of the readout.
    local
        Whether errors stay in the layer in which they arise.

    Returns
    -------
    Objective

    Raises
    ------
    TrainingError
        If no layer is named, or one other than the readout is given an objective that asks for a certain
        number of units.

    References
    ----------
    Marblestone, Wayne & Kording 2016, doi:10.3389/fncom.2016.00094
    Löwe, O'Connor & Veeling 2019, arXiv:1905.11786
    """
    chosen = {READOUT: "cross_entropy"} if layers is None else layers
    if not chosen:
        raise TrainingError("'by_layer' needs a layer, such as {'readout': 'cross_entropy'}")
    parts = [make(objectives, choice) for choice in chosen.values()]
    for layer, part in zip(chosen, parts, strict=True):
        if layer != READOUT and part.outputs is not as_many_as_answers:
            raise TrainingError(
                f"objective {part.name!r} asks for a certain number of outputs and cannot be that of layer "
                f"{layer!r}; give it to the readout"
            )
    return over_time(partial(_share_out, list(chosen), local), parts)


def _share_out(layers: Sequence[str], local: bool, parts: Sequence[Objective]) -> Objective:
    pairs = any(part.pairs for part in parts)
    at_readout = [part for layer, part in zip(layers, parts, strict=True) if layer == READOUT]
    return Objective(
        "by_layer",
        agreed(at_readout) if at_readout else as_many_as_answers,
        partial(_sum_over_layers, layers, parts, pairs),
        (at_readout or parts)[0].units,
        accuracy_by(at_readout, pairs=pairs),
        (*sources(parts), MARBLESTONE, LOWE),
        separable=all(part.separable for part in parts),
        pairs=pairs,
        local=local or any(part.local for part in parts),
    )


def _sum_over_layers(
    layers: Sequence[str], parts: Sequence[Objective], pairs: bool, outputs: Outputs, batch: Batch
) -> torch.Tensor:
    every = []
    for layer, part in zip(layers, parts, strict=True):
        if layer not in outputs:
            raise unknown_name("layer", layer, outputs)
        every.append(costs(part, {layer: outputs[layer]}, batch, pairs=pairs))
    return torch.stack(every).sum(0)


@objectives.register("schedule")
def schedule(
    *, stages: Sequence[tuple[int, Choice]] = ((0, "cross_entropy"), (150, "own_failures"))
) -> Objective:
    """Objectives that take over from one another at steps.

    Cost functions change over development and learning, so that one prepares the ground for the next: the
    second hypothesis of Marblestone et al. The step of an objective is the number of updates before the
    first that is made for it. A network's history holds the cost that rules at each step; where units
    change with it, it names one after the other.

    Parameters
    ----------
    stages
        Pairs of the first step and an objective (a name, or a mapping with options), in order from step 0.

    Returns
    -------
    Objective

    Raises
    ------
    TrainingError
        If the first step is not 0 or steps do not increase or, when the network is built, stages ask for
        different numbers of outputs.

    References
    ----------
    Marblestone, Wayne & Kording 2016, doi:10.3389/fncom.2016.00094
    """
    steps = [step for step, _ in stages]
    if not steps or steps[0] != 0 or any(a >= b for a, b in zip(steps, steps[1:], strict=False)):
        raise TrainingError(f"stages of a schedule start at step 0 and at increasing steps, not at {steps}")
    parts = [make(objectives, choice) for _, choice in stages]
    pairs = any(part.pairs for part in parts)
    return replace(
        parts[0],
        name="schedule",
        outputs=agreed(parts),
        losses=partial(costs, parts[0], pairs=pairs),
        units=", then ".join(dict.fromkeys(part.units for part in parts)),
        accuracy=accuracy_by(parts[:1], pairs=pairs),
        references=(*sources(parts), MARBLESTONE),
        separable=all(part.separable for part in parts),
        pairs=pairs,
        local=any(part.local for part in parts),
        rewards=parts[0].rewards if all(part.rewards for part in parts) else None,
        schedule=tuple(zip(steps, parts, strict=True)),
    )
