"""Features that change slowly while the world moves."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from ...errors import TrainingError
from ._layers import features as so_many
from ._layers import pair
from ._objective import Objective, objectives

if TYPE_CHECKING:
    from .._stages import Outputs
    from ..material import Batch

SILENT = 1e-9
SOURCE = "Wiskott & Sejnowski 2002, Neural Computation 14:715, doi:10.1162/089976602317318938"


@objectives.register("slowness")
def slowness(*, features: int | None = None, decorrelation: float = 1.0) -> Objective:
    r"""Slowness: the readout should change little from one moment to the next, beside how much it varies.

    .. math::

        L = \frac{1}{J} \sum_j \frac{\langle (y_j^{t+1} - y_j^t)^2 \rangle}{\operatorname{var} y_j}
          + \lambda \frac{1}{J (J - 1)} \sum_{j \ne k} \rho_{jk}^2

    for :math:`J` features with correlations :math:`\rho_{jk}`, moments and variances over the batch. The
    first term is 0 for features that do not change in time and 2 for those whose moments are independent,
    or that are silent; it is twice one minus the autocorrelation. The second keeps them from being all the
    same, where slow feature analysis has exact constraints of unit variance and no correlation.

    Parameters
    ----------
    features
        Number of outputs; by default as many as the task has classes.
    decorrelation
        :math:`\lambda`.

    Returns
    -------
    Objective

    References
    ----------
    Wiskott & Sejnowski 2002, Neural Computation 14:715, doi:10.1162/089976602317318938
    """
    if decorrelation < 0:
        raise TrainingError(f"decorrelation must be 0 or more, not {decorrelation}")
    losses = partial(_slowness, decorrelation)
    return Objective(
        "slowness", so_many(features), losses, "1", references=(SOURCE,), separable=False, pairs=True
    )


def _slowness(decorrelation: float, outputs: Outputs, batch: Batch) -> torch.Tensor:
    now, later = pair(outputs)
    centred = torch.cat([now, later])
    centred = centred - centred.mean(0)
    variance = centred.square().mean(0)
    # Divided by nothing, a silent feature would be slower than any other.
    change = ((later - now).square() + 2 * SILENT) / (variance + SILENT)
    return change.mean(1) + decorrelation * _redundancy(centred)


def _redundancy(centred: torch.Tensor) -> torch.Tensor:
    """Mean squared correlation between different features; 0 where there is only one."""
    number = centred.shape[1]
    scaled = centred * torch.rsqrt(centred.square().mean(0) + SILENT)
    correlation = scaled.T @ scaled / len(scaled)
    # With ``triu`` the squared variances on the diagonal need not be subtracted again.
    return 2 * correlation.triu(1).square().sum() / max(number * (number - 1), 1)
