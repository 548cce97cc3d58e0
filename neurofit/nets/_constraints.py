"""Constraints that weights keep whatever the rule: what is projected back after each step."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import torch

from ..errors import TrainingError
from ..registry import Registry

if TYPE_CHECKING:
    from ._stages import Params, Stage, Weights

# From the layers, weights, and the weights at the start: the nearest weights that are allowed.
Constraint = Callable[[tuple["Stage", ...], "Params", "Params"], "Params"]

constraints: Registry[Callable[..., Constraint]] = Registry("constraint")


@constraints.register("dale")
def dale(*, excitatory: float = 0.8) -> Constraint:
    """Dale's law: a unit excites all its targets or inhibits all of them, and never changes sides.

    The first units of each layer excite, the others inhibit; what a layer gets from outside the network
    may have either sign. A weight that would change its sign is set to zero; at the start, weights take the
    sign of their unit. In a convolution a unit is a feature map; biases are free.

    Parameters
    ----------
    excitatory
        Share of the units of a layer that excite.

    Returns
    -------
    Constraint

    Raises
    ------
    TrainingError
        If ``excitatory`` is no share.

    References
    ----------
    Song, Yang & Wang 2016, PLoS Computational Biology 12:e1004792, doi:10.1371/journal.pcbi.1004792
    """
    if not 0 <= excitatory <= 1:
        raise TrainingError(f"excitatory is a share from 0 to 1, not {excitatory}")
    return partial(_dale, excitatory)


def _dale(excitatory: float, stages: tuple[Stage, ...], params: Params, initial: Params) -> Params:
    """Weights (post, pre, ...) with the sign of their unit; at the start, ``params`` are ``initial``."""
    allowed: dict[str, Weights] = {}
    units = 0  # of the layer below; none for what comes from outside
    for stage in stages:
        weights = params[stage.name]
        allowed[stage.name] = {
            name: _signed(w, units, excitatory, fold=params is initial) if units and w.ndim > 1 else w
            for name, w in weights.items()
        }
        units = max(len(w) for w in weights.values())
    return allowed


def _signed(weight: torch.Tensor, units: int, excitatory: float, *, fold: bool) -> torch.Tensor:
    # A feature map that is read as a whole is as many inputs as it has places.
    unit = torch.arange(weight.shape[1], device=weight.device) // max(weight.shape[1] // units, 1)
    sign = torch.where(unit < round(excitatory * units), 1, -1).to(weight.dtype)
    sign = sign.reshape(1, -1, *[1] * (weight.ndim - 2))
    return weight.abs() * sign if fold else (weight * sign).clamp(min=0) * sign
