"""What makes a movement good."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ...errors import TrainingError
from .._stages import readout
from ._layers import as_many_as_answers
from ._objective import Objective, objectives

if TYPE_CHECKING:
    import torch

    from .._stages import Outputs
    from ..material import Batch

SOURCE = "Flash & Hogan 1985, Journal of Neuroscience 5:1688, doi:10.1523/JNEUROSCI.05-07-01688.1985"
MOMENTS = 4  # of which the third difference takes one


@objectives.register("smoothness")
def smoothness(*, dt: float = 1.0) -> Objective:
    r"""Smoothness of a movement: the integral of its squared jerk.

    .. math:: L = \frac{1}{2} \int_0^T \sum_d \left(\frac{d^3 x_d}{dt^3}\right)^2 dt

    for a readout that gives positions (batch, time, dimension); the jerk is their third difference. Of all
    movements that go a distance :math:`D` from rest to rest in a time :math:`T`, the least cost is
    :math:`360\, D^2 / T^5`. Alone it asks for standing still, or for a movement of steady acceleration:
    add it to the aim of the movement with ``"weighted"``.

    Parameters
    ----------
    dt
        Seconds from one moment to the next.

    Returns
    -------
    Objective

    References
    ----------
    Flash & Hogan 1985, Journal of Neuroscience 5:1688, doi:10.1523/JNEUROSCI.05-07-01688.1985
    """
    if dt <= 0:
        raise TrainingError(f"dt must be above 0, not {dt}")
    losses = partial(_jerk, dt)
    return Objective("smoothness", as_many_as_answers, losses, "a.u.^2 s^-5", references=(SOURCE,))


def _jerk(dt: float, outputs: Outputs, batch: Batch) -> torch.Tensor:
    path = readout(outputs)
    if path.ndim != 3 or path.shape[1] < MOMENTS:
        raise TrainingError(
            f"'smoothness' is that of outputs (batch, time, dimension) of at least {MOMENTS} moments, and "
            f"the readout gives {tuple(path.shape)}: choose a recurrent architecture whose readout gives an "
            "output at each moment"
        )
    jerk = path.diff(n=3, dim=1) / dt**3
    return jerk.square().sum((1, 2)) * dt / 2
