"""Rate networks that obey Dale's law by construction."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from ...errors import TrainingError
from .._cell import Cell, silence
from .._cell import recurrent as recurrent_layer
from .._stages import Stage
from ._build import READOUT, architectures, he_weights, identity, relu
from ._recurrent import features_in_time, leaky_step

if TYPE_CHECKING:
    from .._stages import Weights
    from ._build import Shape

RADIUS = 1.5  # spectral radius at the start, as in Song et al.


@architectures.register("excitatory_inhibitory")
def excitatory_inhibitory(
    input_shape: Shape, outputs: int, *, units: int = 100, excitatory: float = 0.8, leak: float = 0.8
) -> tuple[Stage, ...]:
    r"""Excitatory-inhibitory network: Dale's law built in, 80 units that excite and 20 that inhibit.

    .. math::

        x_t = \lambda\, x_{t-1} + (1 - \lambda) (|U| u_t + |W| D\, r_{t-1} + b), \qquad r_t = [x_t]_+

    :math:`D` is diagonal: +1 for the first units, which excite all their targets, -1 for the others. No
    unit acts on itself. Inputs excite, and only excitatory units are read out, by weights :math:`|V|`, as
    projections over long distances are excitatory. Weights are free to be learned by any rule and whatever
    comes out obeys the law, which the constraint ``dale`` brings about by projection instead. At the start
    excitation and inhibition balance in the mean, and the spectral radius is 1.5.

    Parameters
    ----------
    input_shape
        (time, feature).
    outputs
        Number of units of the readout.
    units
        Number of recurrent units.
    excitatory
        Share of them that excite.
    leak
        Share :math:`\lambda` of its state that a unit keeps from one moment to the next.

    Returns
    -------
    tuple of Stage
        ``excitatory_inhibitory``, ``readout``.

    Raises
    ------
    TrainingError
        If inputs have no time, or there is no unit of one kind.

    References
    ----------
    Song, Yang & Wang 2016, PLoS Computational Biology 12:e1004792, doi:10.1371/journal.pcbi.1004792
    """
    features = features_in_time("excitatory_inhibitory", input_shape)
    exciting = round(excitatory * units)
    if not 0 < exciting < units:
        raise TrainingError(
            f"excitatory={excitatory} of {units} units leaves {exciting} that excite and {units - exciting} "
            "that inhibit; there must be some of both"
        )
    cell = Cell(partial(silence, units), partial(_step, exciting, leak), relu)
    weights = partial(_weights, features, units, exciting)
    read = Stage(
        READOUT, partial(he_weights, (outputs, exciting)), partial(_read, exciting), identity, linear=False
    )
    return recurrent_layer("excitatory_inhibitory", weights, cell), read


def _step(
    exciting: int,
    leak: float,
    weights: Weights,
    inputs: torch.Tensor,
    heard: torch.Tensor,
    state: torch.Tensor,
) -> torch.Tensor:
    signed = {
        "weight": weights["weight"].abs(),
        "bias": weights["bias"],
        "recurrent_weight": effective(weights["recurrent_weight"], exciting),
    }
    return leaky_step(leak, signed, inputs, heard, state)


def effective(weight: torch.Tensor, exciting: int) -> torch.Tensor:
    """Recurrent weights with the sign of their unit, none from a unit onto itself."""
    units = weight.shape[-1]
    sign = torch.where(torch.arange(units, device=weight.device) < exciting, 1.0, -1.0).to(weight)
    return weight.abs() * sign * (1 - torch.eye(units).to(weight))


def _read(exciting: int, weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    return functional.linear(inputs[:, -1, :exciting], weights["weight"].abs(), weights["bias"])


def _weights(features: int, units: int, exciting: int, generator: torch.Generator) -> Weights:
    among = torch.randn(units, units, generator=generator).abs()
    among[:, exciting:] *= exciting / (units - exciting)
    radius = torch.linalg.eigvals(effective(among, exciting)).abs().max()
    inward = he_weights((units, features), generator)
    return {**inward, "recurrent_weight": among * RADIUS / radius}
