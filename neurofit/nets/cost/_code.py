"""How many nats it takes to tell an image: the objective of predictive coding."""

from __future__ import annotations

from functools import partial
from math import log, pi, sqrt
from typing import TYPE_CHECKING

from ...errors import TrainingError
from .._stages import readout
from ._layers import named, pixels
from ._objective import Objective, objectives

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from .._stages import Outputs
    from ..material import Batch

SOURCES = (
    "Rao & Ballard 1999, Nature Neuroscience 2:79, doi:10.1038/4580",
    "Hinton & Zemel 1994, Advances in Neural Information Processing Systems 6:3",
)


@objectives.register("description_length")
def description_length(
    *, sd: float = 0.5, spread: float = 0.1, precision: float = 0.1, layers: Sequence[str] | None = None
) -> Objective:
    r"""Description length: nats to tell an image by a code and by what the code leaves unpredicted.

    The code is the activity :math:`h` of a layer, told under a Laplacian prior of scale :math:`b`
    (``spread``); the readout :math:`o` predicts the image :math:`x` from it, and the residual is told under
    a Gaussian of SD :math:`\sigma`. Everything is told in bins of width :math:`\epsilon` (``precision``):

    .. math::

        L = \sum_i \left[\frac{(x_i - o_i)^2}{2 \sigma^2} + \log \frac{\sqrt{2\pi}\,\sigma}{\epsilon}\right]
          + \sum_j \left[\frac{|h_j|}{b} + \log \frac{2 b}{\epsilon}\right]

    This is the objective of predictive coding (Richards et al. 2019, Box 3): its first sum is the energy of
    the neurons that signal errors, its second keeps the code cheap. The length is that of a message where
    bins are narrow beside :math:`\sigma` and :math:`b`; its gradient does not depend on them. At rest, with
    blank output, only the image is paid for.

    Parameters
    ----------
    sd
        SD of the residuals of the pixels, which have SD about 1.
    spread
        Mean absolute activity that the code expects of a unit.
    precision
        Width of the bins.
    layers
        Layers whose activity is told; by default the last one before the readout, from which it can be
        computed.

    Returns
    -------
    Objective

    References
    ----------
    Rao & Ballard 1999, Nature Neuroscience 2:79, doi:10.1038/4580
    Hinton & Zemel 1994, Advances in Neural Information Processing Systems 6:3
    """
    if min(sd, spread, precision) <= 0:
        raise TrainingError(f"sd, spread and precision must be above 0, not {sd}, {spread} and {precision}")
    losses = partial(_length, sd, spread, precision, layers)
    return Objective("description_length", pixels, losses, "nat", references=SOURCES)


def _length(
    sd: float, spread: float, precision: float, layers: Sequence[str] | None, outputs: Outputs, batch: Batch
) -> torch.Tensor:
    residual = readout(outputs) - batch.inputs.flatten(1)
    length = (residual.square() / (2 * sd**2) + log(sqrt(2 * pi) * sd / precision)).sum(1)
    told = list(outputs)[-2:-1] if layers is None else layers
    for code in named(outputs, told):
        length = length + (code.flatten(1).abs() / spread + log(2 * spread / precision)).sum(1)
    return length
