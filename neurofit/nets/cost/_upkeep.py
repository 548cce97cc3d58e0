"""What activity costs the circuit itself."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from .._stages import readout
from ._layers import as_many_as_answers, hidden, named
from ._objective import Objective, objectives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._stages import Outputs
    from ..material import Batch

TURRIGIANO = "Turrigiano 2008, Cell 135:422, doi:10.1016/j.cell.2008.10.008"
TODOROV = "Todorov & Jordan 2002, Nature Neuroscience 5:1226, doi:10.1038/nn963"
HARRIS = "Harris & Wolpert 1998, Nature 394:780, doi:10.1038/29528"


@objectives.register("homeostasis")
def homeostasis(*, rate: float = 0.1, layers: Sequence[str] | None = None) -> Objective:
    r"""Homeostasis: each unit's mean activity over the batch should be at its set point.

    .. math:: L = \frac{1}{J} \sum_j \left(\langle h_j \rangle - r\right)^2

    over all units :math:`j` of the layers; in a recurrent layer the mean is over time too. What a unit does
    with single images is free, so that it goes with any other objective in ``"weighted"``.

    Parameters
    ----------
    rate
        The set point :math:`r`, in units of activity.
    layers
        By default all but the readout.

    Returns
    -------
    Objective

    References
    ----------
    Turrigiano 2008, Cell 135:422, doi:10.1016/j.cell.2008.10.008
    """
    losses = partial(_off_rate, rate, layers)
    return Objective(
        "homeostasis", as_many_as_answers, losses, "1", references=(TURRIGIANO,), separable=False
    )


@objectives.register("effort")
def effort(*, layers: Sequence[str] | None = None) -> Objective:
    r"""Effort: mean squared activity, by default of the readout.

    .. math:: L = \frac{1}{n} \sum_i o_i^2

    over the units of an output and, where it lasts, its moments. For motor commands it is also the variance,
    in units of the squared coefficient of variation, of noise whose SD grows with the command (Harris &
    Wolpert 1998). Alone it asks for silence: add it to another objective with ``"weighted"``.

    Parameters
    ----------
    layers
        By default the readout alone.

    Returns
    -------
    Objective

    References
    ----------
    Todorov & Jordan 2002, Nature Neuroscience 5:1226, doi:10.1038/nn963
    Harris & Wolpert 1998, Nature 394:780, doi:10.1038/29528
    """
    return Objective(
        "effort", as_many_as_answers, partial(_effort, layers), "1", references=(TODOROV, HARRIS)
    )


def _off_rate(rate: float, layers: Sequence[str] | None, outputs: Outputs, batch: Batch) -> torch.Tensor:
    means = torch.cat([_mean_of_units(output) for output in hidden(outputs, layers)])
    return (means - rate).square().mean().expand(len(readout(outputs)))


def _mean_of_units(output: torch.Tensor) -> torch.Tensor:
    """Of outputs (batch, unit), (batch, channel, y, x) or (batch, time, unit)."""
    over = (0, 1) if output.ndim == 3 else (0,)
    return output.mean(over).flatten()


def _effort(layers: Sequence[str] | None, outputs: Outputs, batch: Batch) -> torch.Tensor:
    chosen = [readout(outputs)] if layers is None else named(outputs, layers)
    return torch.cat([output.flatten(1) for output in chosen], dim=1).square().mean(1)
