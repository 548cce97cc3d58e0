"""Units with a layer of their own: dendritic branches that each see a part of the input."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import numpy as np
import torch

from ...errors import TrainingError
from ._build import READOUT, architectures, dense, identity, nonlinearities
from ._masked import with_masks

if TYPE_CHECKING:
    from .._stages import Stage
    from ._build import Shape


@architectures.register("dendritic")
def dendritic(
    input_shape: Shape,
    outputs: int,
    *,
    hidden: tuple[int, ...] = (32,),
    branches: int = 4,
    branch: str = "sigmoid",
    soma: str = "tanh",
    wiring: int = 0,
) -> tuple[Stage, ...]:
    r"""Units with dendrites: each sums the outputs of its own nonlinear branches, which share no input.

    .. math:: d_{jk} = s\!\left(\sum_{i \in B_{jk}} w_{jki}\, x_i + b_{jk}\right), \qquad
              h_j = f\!\left(\sum_k u_{jk}\, d_{jk} + c_j\right)

    Each unit is a network of two layers: every input contacts it once, on one of its branches
    :math:`B_{jk}`, by chance. With linear branches it would be a plain unit.

    Parameters
    ----------
    input_shape
        (channel, y, x) of an image.
    outputs
        Number of units of the readout.
    hidden
        Number of units of each layer.
    branches
        Of each unit; at most as many as it has inputs.
    branch
        Nonlinearity of the branches: a name in ``nets.nonlinearities``.
    soma
        Nonlinearity of the units.
    wiring
        Seed of which input contacts which branch.

    Returns
    -------
    tuple of Stage
        ``branches1``, ``soma1``, ``branches2``, ..., ``readout``.

    Raises
    ------
    TrainingError
        If there are more branches than inputs.

    References
    ----------
    Poirazi, Brannon & Mel 2003, Neuron 37:989, doi:10.1016/S0896-6273(03)00149-1
    Jones & Kording 2021, Neural Computation 33:1554, doi:10.1162/neco_a_01390
    """
    rng = np.random.default_rng(wiring)
    sizes = (prod(input_shape), *hidden)
    if not 1 <= branches <= min(sizes[:-1]):
        raise TrainingError(f"each unit has 1 to {min(sizes[:-1])} branches here, not {branches}")
    layers: list[Stage] = []
    for depth in range(1, len(sizes)):
        inputs, units = sizes[depth - 1], sizes[depth]
        dendrites = dense(f"branches{depth}", inputs, units * branches, nonlinearities[branch])
        cell_body = dense(f"soma{depth}", units * branches, units, nonlinearities[soma])
        own = torch.eye(units).repeat_interleave(branches, dim=1)
        layers += [
            with_masks(dendrites, {"weight": _contacts(inputs, units, branches, rng)}),
            with_masks(cell_body, {"weight": own}),
        ]
    return *layers, dense(READOUT, sizes[-1], outputs, identity)


def _contacts(inputs: int, units: int, branches: int, rng: np.random.Generator) -> torch.Tensor:
    """Table (unit x branch, input): each unit's inputs, dealt to its branches in turn."""
    on = rng.permuted(np.tile(np.arange(inputs) % branches, (units, 1)), axis=1)
    return torch.from_numpy((on[:, None] == np.arange(branches)[None, :, None]).reshape(-1, inputs) * 1.0)
