"""Predicting what comes next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import TrainingError
from .._stages import readout
from ._layers import needs_pairs, pixels
from ._objective import Objective, objectives

if TYPE_CHECKING:
    import torch

    from .._stages import Outputs
    from ..material import Batch, Task

SOURCE = "Singer et al. 2018, eLife 7:e31557, doi:10.7554/eLife.31557"


@objectives.register("temporal_prediction")
def temporal_prediction() -> Objective:
    r"""Mean squared error of predicting the next image, whose pixels have variance about 1.

    .. math:: L = \frac{1}{n} \sum_i (o_i - x_i^{t+1})^2 \quad\text{over the } n \text{ pixels}

    For tasks whose inputs come in pairs: the second of a pair is what follows. An output that ignores the
    image costs the variance, about 1; one that says "as now" costs the mean squared change.

    Returns
    -------
    Objective

    References
    ----------
    Singer et al. 2018, eLife 7:e31557, doi:10.7554/eLife.31557
    """
    return Objective("temporal_prediction", _next_pixels, _surprise, "1", references=(SOURCE,))


def _next_pixels(task: Task) -> int:
    needs_pairs("temporal_prediction", task)
    return pixels(task)


def _surprise(outputs: Outputs, batch: Batch) -> torch.Tensor:
    if batch.paired is None:
        raise TrainingError("'temporal_prediction' needs a batch with what comes next, in 'paired'")
    return (readout(outputs) - batch.paired.flatten(1)).square().mean(1)
