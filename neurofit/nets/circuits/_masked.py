"""Circuits in which some connections do not exist: a connectome table over any other architecture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import torch

from ...errors import TrainingError, listing, unknown_name
from .._choice import make
from .._stages import shapes
from ._build import architectures

if TYPE_CHECKING:
    from .._cell import Cell
    from .._choice import Choice
    from .._stages import Init, Lin, Stage, Weights
    from ._build import Shape

    Table = Sequence[Any] | torch.Tensor


@architectures.register("masked")
def masked(
    input_shape: Shape,
    outputs: int,
    *,
    base: Choice = "mlp",
    masks: Mapping[str, Any] | None = None,
) -> tuple[Stage, ...]:
    """Any connectivity: another architecture without the connections that a connectome does not have.

    Weights of connections that do not exist are zero, and stay so under every rule and optimizer. Those
    that exist start larger the fewer a unit has, so that its drive keeps its variance.

    Parameters
    ----------
    input_shape
        Of an input, as ``base`` takes it.
    outputs
        Number of units of the readout.
    base
        The architecture: a name, or a mapping with options.
    masks
        For each layer that has one, a table of 0 and 1 (post, pre): which unit, or feature map, gets from
        which. Where a layer has several tensors of weights, a mapping from their names to tables, such as
        ``{"recurrent": {"recurrent_weight": [[0, 1], [1, 0]]}}``.

    Returns
    -------
    tuple of Stage
        Those of ``base``.

    Raises
    ------
    UnknownNameError
        If there is no such layer or tensor; the nearest one is named.
    TrainingError
        If a table does not have the shape of the weights, or holds anything but 0 and 1.

    Examples
    --------
    >>> from neurofit import nets
    >>> base = {"name": "mlp", "hidden": [2]}
    >>> stages = masked((1, 1, 2), 1, base=base, masks={"hidden1": [[1, 0], [0, 1]]})
    >>> stages[0].masks["weight"].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    stages: tuple[Stage, ...] = make(architectures, base, input_shape, outputs)
    tables = dict(masks or {})
    names = [stage.name for stage in stages]
    for layer in tables:
        if layer not in names:
            raise unknown_name("layer", layer, names)
    return tuple(
        with_masks(stage, _by_tensor(tables[stage.name])) if stage.name in tables else stage
        for stage in stages
    )


def _by_tensor(tables: Any) -> Mapping[str, Table]:
    return tables if isinstance(tables, Mapping) else {"weight": tables}


def with_masks(stage: Stage, tables: Mapping[str, Table]) -> Stage:
    """The stage without the connections that tables, by name of the tensor, lack."""
    wanted = shapes(stage)
    masks = {name: _mask(f"{stage.name}.{name}", table, wanted, name) for name, table in tables.items()}
    return replace(
        stage,
        init=partial(_init, masks, stage.init),
        lin=partial(_lin, masks, stage.lin),
        cell=stage.cell and replace(stage.cell, step=partial(_step, masks, stage.cell)),
        masks=masks,
    )


def _mask(what: str, table: Table, shapes: Mapping[str, torch.Size], name: str) -> torch.Tensor:
    if name not in shapes:
        raise unknown_name("tensor of weights", name, shapes)
    shape = shapes[name]
    try:
        mask = torch.as_tensor(table, dtype=torch.float32)
    except (TypeError, ValueError) as ragged:
        raise TrainingError(f"the mask of {what} is no table: {ragged}") from None
    if mask.shape != shape[: mask.ndim] or mask.ndim < 2:
        raise TrainingError(
            f"the mask of {what} is {tuple(mask.shape)}; its weights (post, pre) are {tuple(shape)}"
        )
    if not torch.isin(mask, torch.tensor([0.0, 1.0])).all():
        raise TrainingError(
            f"the mask of {what} holds {listing(sorted(set(mask.flatten().tolist())), limit=5)}, not 0 and 1"
        )
    return mask.reshape(*mask.shape, *[1] * (len(shape) - mask.ndim)).expand(shape).contiguous()


def _applied(masks: Weights, weights: Weights) -> Weights:
    return {name: w * masks[name].to(w) if name in masks else w for name, w in weights.items()}


def _init(masks: Weights, init: Init, generator: torch.Generator) -> Weights:
    share = {
        name: mask.flatten(1).mean(1).clamp(min=1 / mask[0].numel()).reshape(-1, *[1] * (mask.ndim - 1))
        for name, mask in masks.items()
    }
    drawn = init(generator)
    return _applied(
        masks, {name: w / share[name].sqrt() if name in share else w for name, w in drawn.items()}
    )


def _lin(masks: Weights, lin: Lin, weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    return lin(_applied(masks, weights), inputs)


def _step(
    masks: Weights,
    cell: Cell,
    weights: Weights,
    inputs: torch.Tensor,
    heard: torch.Tensor,
    state: torch.Tensor,
) -> torch.Tensor:
    return cell.step(_applied(masks, weights), inputs, heard, state)
