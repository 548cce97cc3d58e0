"""What two views tell of each other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from ...errors import TrainingError
from ._layers import features as so_many
from ._layers import pair
from ._objective import Objective, objectives

if TYPE_CHECKING:
    from .._stages import Outputs
    from ..material import Batch

SILENT = 1e-12
ORD = "van den Oord, Li & Vinyals 2018, arXiv:1807.03748"
BECKER = "Becker & Hinton 1992, Nature 355:161, doi:10.1038/355161a0"


@objectives.register("mutual_information")
def mutual_information(*, features: int | None = None, temperature: float = 0.1) -> Objective:
    r"""Mutual information of the two views of a pair, bounded from below (InfoNCE).

    .. math::

        L = -\left\langle \log \frac{e^{s(a_i, b_i) / \tau}}{\sum_{j=1}^N e^{s(a_i, b_j) / \tau}}
            \right\rangle_i, \qquad I(a; b) \ge \log N - L

    with the cosine :math:`s` between what the network makes of the one view and of the other, and the
    :math:`N` pairs of a batch: each view is to find its partner among those of others. The bound holds in
    expectation, for batches of independent pairs, and cannot exceed :math:`\log N`. In a network's history
    :math:`N` is 512.

    Parameters
    ----------
    features
        Number of outputs; by default as many as the task has classes.
    temperature
        :math:`\tau`: the smaller, the finer the differences that count.

    Returns
    -------
    Objective

    References
    ----------
    van den Oord, Li & Vinyals 2018, arXiv:1807.03748
    """
    if temperature <= 0:
        raise TrainingError(f"temperature must be above 0, not {temperature}")
    losses = partial(_mismatch, temperature)
    return Objective(
        "mutual_information", so_many(features), losses, "nat", references=(ORD,), separable=False, pairs=True
    )


@objectives.register("becker_hinton")
def becker_hinton(*, features: int | None = None, noise: float = 0.01) -> Objective:
    r"""Mutual information of two views with what they have in common, for Gaussian signals.

    Where both views carry a common signal and independent noise of equal variance, their mean tells of it

    .. math:: I = \frac{1}{2} \log \frac{\operatorname{var}(a + b)}{\operatorname{var}(a - b)}, \qquad L = -I

    nats; of several features, the log of the determinants of the covariances. The objective is exact for
    Gaussian signals and otherwise only a score. Views that agree exactly would tell an infinity: each
    feature is taken to carry noise of its own, a share :math:`\kappa` of its variance, so that one feature
    tells at most :math:`\frac{1}{2} \log(1 + 2 / \kappa)`. Silence tells nothing. Moments are those of the
    batch, which has to hold several times as many pairs as there are features.

    Parameters
    ----------
    features
        Number of outputs; by default as many as the task has classes.
    noise
        :math:`\kappa`.

    Returns
    -------
    Objective

    References
    ----------
    Becker & Hinton 1992, Nature 355:161, doi:10.1038/355161a0
    """
    if noise <= 0:
        raise TrainingError(f"noise must be above 0, not {noise}")
    losses = partial(_disagreement, noise)
    return Objective(
        "becker_hinton", so_many(features), losses, "nat", references=(BECKER,), separable=False, pairs=True
    )


def _mismatch(temperature: float, outputs: Outputs, batch: Batch) -> torch.Tensor:
    first, second = (functional.normalize(view, dim=1) for view in pair(outputs))
    partner = torch.arange(len(first), device=first.device)
    return functional.cross_entropy(first @ second.T / temperature, partner, reduction="none")


def _disagreement(noise: float, outputs: Outputs, batch: Batch) -> torch.Tensor:
    first, second = pair(outputs)
    own = (noise * (_covariance(first) + _covariance(second)).diagonal() + SILENT).diag()
    common, difference = _covariance(first + second) + own, _covariance(first - second) + own
    return (-(torch.logdet(common) - torch.logdet(difference)) / 2).expand(len(first))


def _covariance(view: torch.Tensor) -> torch.Tensor:
    centred = view - view.mean(0)
    return centred.T @ centred / len(view)
