"""Few units active at a time."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import torch

from ...errors import TrainingError
from ...registry import Registry
from .._stages import readout
from ._layers import as_many_as_answers, hidden, pixels
from ._objective import Objective, objectives

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._stages import Outputs
    from ..material import Batch

# Activity (batch, unit) to a cost (batch,), the smaller the fewer units carry it.
Measure = Callable[[torch.Tensor], torch.Tensor]
measures: Registry[Measure] = Registry("measure of sparseness")

SILENT = 1e-9
SOURCES = (
    "Olshausen & Field 1996, Nature 381:607, doi:10.1038/381607a0",
    "Treves & Rolls 1991, Network 2:371",
)


@measures.register("treves_rolls")
def treves_rolls(activity: torch.Tensor) -> torch.Tensor:
    """Squared mean over mean square: the share of units that are active, were all active ones alike."""
    # Silence is as dense as can be, or it would be the sparsest code.
    return (activity.abs().mean(1).square() + SILENT) / (activity.square().mean(1) + SILENT)


@measures.register("log")
def logarithmic(activity: torch.Tensor) -> torch.Tensor:
    """Mean of log(1 + h^2), the prior of Olshausen & Field."""
    return activity.square().log1p().mean(1)


@measures.register("l1")
def absolute(activity: torch.Tensor) -> torch.Tensor:
    """Mean of |h|."""
    return activity.abs().mean(1)


@objectives.register("sparseness")
def sparseness(
    *,
    measure: str = "treves_rolls",
    reconstruction: float = 0.0,
    layers: Sequence[str] | None = None,
) -> Objective:
    r"""Sparseness: few units of a layer active at a time; with the reconstruction error, sparse coding.

    .. math::

        L = \frac{1}{|\text{layers}|} \sum_l S(h_l) + \frac{\kappa}{n} \sum_i (o_i - x_i)^2

    where the population sparseness of Treves and Rolls, in :math:`[1/n, 1]`, is

    .. math:: S(h) = \frac{\langle |h| \rangle^2}{\langle h^2 \rangle}

    over the :math:`n` units of a layer. It does not depend on the scale of activity, so that silence is no
    solution. With the measures ``"log"``, :math:`\langle \log(1 + h^2) \rangle`, and ``"l1"``,
    :math:`\langle |h| \rangle`, it is: give these a :math:`\kappa` (``reconstruction``) above 0, or add
    them to another objective with ``"weighted"``.

    Parameters
    ----------
    measure
        ``"treves_rolls"``, ``"log"`` or ``"l1"``.
    reconstruction
        :math:`\kappa`; above 0 the readout gives the pixels of the image, else it is left alone.
    layers
        By default all but the readout.

    Returns
    -------
    Objective

    References
    ----------
    Olshausen & Field 1996, Nature 381:607, doi:10.1038/381607a0
    Treves & Rolls 1991, Network 2:371
    """
    if reconstruction < 0:
        raise TrainingError(f"reconstruction must be 0 or more, not {reconstruction}")
    losses = partial(_sparse, measures[measure], reconstruction, layers)
    outputs = pixels if reconstruction else as_many_as_answers
    return Objective("sparseness", outputs, losses, "1", references=SOURCES)


def _sparse(
    measure: Measure, reconstruction: float, layers: Sequence[str] | None, outputs: Outputs, batch: Batch
) -> torch.Tensor:
    cost = torch.stack([_of_units(measure, output) for output in hidden(outputs, layers)]).mean(0)
    if reconstruction:
        cost = cost + reconstruction * (readout(outputs) - batch.inputs.flatten(1)).square().mean(1)
    return cost


def _of_units(measure: Measure, output: torch.Tensor) -> torch.Tensor:
    """Of a layer's units; where it has a time course, on average over moments."""
    if output.ndim == 3:
        return measure(output.flatten(0, 1)).reshape(output.shape[:2]).mean(1)
    return measure(output.flatten(1))
