"""Circuits of one layer that codes its input, and a readout that decodes it."""

from __future__ import annotations

from functools import partial
from math import isqrt, prod
from typing import TYPE_CHECKING

import torch
from torch.nn import functional
from torch.nn.init import orthogonal_

from ...errors import TrainingError
from .._stages import Stage
from ._build import READOUT, apply_dense, architectures, dense, identity

if TYPE_CHECKING:
    from .._stages import Weights
    from ._build import Shape


@architectures.register("linear")
def linear(
    input_shape: Shape, outputs: int, *, units: int | None = None, expansion: str = "none"
) -> tuple[Stage, ...]:
    r"""Linear components of the input, or of its monomials to degree two, and a readout.

    .. math:: y = W z + b, \qquad z = x \;\text{ or }\; (x_i,\; x_i x_j)_{i \le j}

    For rules that look for components: principal, independent, slow. Weights start orthonormal.

    Parameters
    ----------
    input_shape
        Of an input.
    outputs
        Number of units of the readout.
    units
        Number of components; by default as many as there are inputs.
    expansion
        ``"none"``, or ``"quadratic"``: n inputs become n (n + 3) / 2.

    Returns
    -------
    tuple of Stage
        ``components``, ``readout``.

    Raises
    ------
    TrainingError
        If there is no such expansion.

    References
    ----------
    Wiskott & Sejnowski 2002, Neural Computation 14:715, doi:10.1162/089976602317318938
    """
    inputs = prod(input_shape)
    if expansion not in ("none", "quadratic"):
        raise TrainingError(f"expansion is 'none' or 'quadratic', not {expansion!r}")
    n_components = units or inputs
    if expansion == "none":
        code = Stage("components", partial(_orthonormal, (n_components, inputs)), apply_dense, identity)
    else:
        init = partial(_orthonormal, (n_components, inputs * (inputs + 3) // 2))
        code = Stage("components", init, _apply_quadratic, identity, linear=False)
    return code, dense(READOUT, n_components, outputs, identity)


def _orthonormal(shape: tuple[int, int], generator: torch.Generator) -> Weights:
    return {"weight": orthogonal_(torch.empty(shape), generator=generator), "bias": torch.zeros(shape[0])}


def _apply_quadratic(weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    flat = inputs.flatten(1)
    i, j = torch.triu_indices(flat.shape[1], flat.shape[1], device=flat.device)
    return apply_dense(weights, torch.cat([flat, flat[:, i] * flat[:, j]], dim=1))


@architectures.register("sparse")
def sparse(
    input_shape: Shape, outputs: int, *, units: int = 100, threshold: float = 1.0, settling: int = 50
) -> tuple[Stage, ...]:
    r"""Sparse code: units compete, by the locally competitive algorithm, to explain the input; a readout.

    Unit :math:`i` has the feature :math:`d_i = W_i / \lVert W_i \rVert`. Potentials :math:`u` leak, are
    driven by the input and inhibited by active units with a like feature, for ``settling`` steps of a tenth
    of the time constant; activity is what exceeds the threshold, of either sign:

    .. math::

        \tau \dot u_i = d_i \cdot x - u_i - \sum_{j \ne i} (d_i \cdot d_j)\, a_j, \qquad
        a_i = \operatorname{sign}(u_i)\, [\lvert u_i \rvert - \lambda]_+

    At rest, :math:`a` minimises :math:`\frac{1}{2} \lVert x - \sum_i a_i d_i \rVert^2 + \lambda \sum_i
    \lvert a_i \rvert`. Steps are short enough while :math:`\sum_j \lvert d_i \cdot d_j \rvert < 20` over
    the active units: beyond, as with many features that are all alike, the code may oscillate.

    Parameters
    ----------
    input_shape
        Of an input.
    outputs
        Number of units of the readout.
    units
        Number of units that code.
    threshold
        :math:`\lambda`; the projection of white input of variance 1 on a feature has SD 1.
    settling
        Number of steps.

    Returns
    -------
    tuple of Stage
        ``sparse_code``, ``readout``.

    References
    ----------
    Rozell, Johnson, Baraniuk & Olshausen 2008, Neural Computation 20:2526, doi:10.1162/neco.2008.03-07-486
    """
    settle, post = partial(_compete, threshold, settling), partial(functional.softshrink, lambd=threshold)
    code = Stage("sparse_code", partial(_random_features, (units, prod(input_shape))), settle, post, False)
    return code, dense(READOUT, units, outputs, identity)


STEP = 0.1  # of the units' time constant


def _random_features(shape: tuple[int, int], generator: torch.Generator) -> Weights:
    return {"weight": functional.normalize(torch.randn(shape, generator=generator), dim=1)}


def _compete(threshold: float, settling: int, weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    features = functional.normalize(weights["weight"], dim=1)
    drive = inputs.flatten(1) @ features.T
    likeness = features @ features.T - torch.eye(len(features)).to(features)
    potential = torch.zeros_like(drive)
    for _ in range(settling):
        active = functional.softshrink(potential, threshold)
        potential = potential + STEP * (drive - potential - active @ likeness)
    return potential


@architectures.register("sailnet")
def sailnet(input_shape: Shape, outputs: int, *, units: int = 100, settling: int = 50) -> tuple[Stage, ...]:
    r"""Spiking units that inhibit each other, each with a threshold of its own, and a readout.

    Leaky integrate-and-fire units see an input for ``settling`` steps of a tenth of their time constant.
    Where a potential exceeds its threshold the unit spikes, :math:`s_i = 1`, and starts again from 0:

    .. math:: \tau \dot u_i = \sum_k Q_{ik} x_k - u_i - \sum_{m \ne i} [W_{im}]_+\, s_m

    The output is the number of spikes, :math:`n_i`. Its derivative is 0 wherever it has one, so that rules
    which follow gradients teach the readout alone.

    Parameters
    ----------
    input_shape
        Of an input.
    outputs
        Number of units of the readout.
    units
        Number of spiking units.
    settling
        Number of steps.

    Returns
    -------
    tuple of Stage
        ``spikes``, with ``weight`` (:math:`Q`), ``inhibition_weight`` (:math:`W`, none at the start) and
        ``threshold`` (2 at the start); ``readout``.

    References
    ----------
    Zylberberg, Murphy & DeWeese 2011, PLoS Computational Biology 7:e1002250,
    doi:10.1371/journal.pcbi.1002250
    """
    init = partial(_random_spiking, (units, prod(input_shape)))
    code = Stage("spikes", init, partial(_spike, settling), identity, linear=False)
    return code, dense(READOUT, units, outputs, identity)


def _random_spiking(shape: tuple[int, int], generator: torch.Generator) -> Weights:
    return {
        **_random_features(shape, generator),
        "inhibition_weight": torch.zeros(shape[0], shape[0]),
        "threshold": torch.full(shape[:1], 2.0),
    }


def _spike(settling: int, weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    drive = inputs.flatten(1) @ weights["weight"].T
    inhibition = functional.relu(weights["inhibition_weight"])
    inhibition = inhibition - torch.diag(inhibition.diagonal())
    potential = spikes = count = torch.zeros_like(drive)
    for _ in range(settling):
        potential = potential + STEP * (drive - potential - spikes @ inhibition.T)
        # Unlike a comparison, a sign has a derivative: 0.
        spikes = torch.sign(functional.relu(potential - weights["threshold"]))
        potential, count = potential * (1 - spikes), count + spikes
    return count


@architectures.register("map")
def sheet(input_shape: Shape, outputs: int, *, side: int = 8) -> tuple[Stage, ...]:
    r"""Square sheet of units, of which the one whose weights are nearest to the input wins; a readout.

    The drive falls with the distance and the output is the share that each unit wins, close to all or
    nothing where inputs have many dimensions:

    .. math:: a_i = -\frac{1}{2} \lVert x - w_i \rVert^2, \qquad h_i = \frac{e^{a_i}}{\sum_j e^{a_j}}

    Unit :math:`i` lies in row :math:`\lfloor i / \text{side} \rfloor` of the sheet, and column :math:`i`
    modulo the side. Weights start as scattered as inputs of variance 1.

    Parameters
    ----------
    input_shape
        Of an input.
    outputs
        Number of units of the readout.
    side
        Number of units along a side of the sheet.

    Returns
    -------
    tuple of Stage
        ``map``, ``readout``.

    References
    ----------
    Kohonen 1982, Biological Cybernetics 43:59, doi:10.1007/BF00337288
    """
    init = partial(_scattered, (side**2, prod(input_shape)))
    share = partial(torch.softmax, dim=1)
    return Stage("map", init, nearness, share, linear=False), dense(READOUT, side**2, outputs, identity)


def _scattered(shape: tuple[int, int], generator: torch.Generator) -> Weights:
    return {"weight": torch.randn(shape, generator=generator)}


def nearness(weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    """Minus half the squared distance between each input and the weights of each unit."""
    flat, weight = inputs.flatten(1), weights["weight"]
    return flat @ weight.T - (flat.square().sum(1, keepdim=True) + weight.square().sum(1)) / 2


def places(units: int) -> torch.Tensor:
    """Row and column of each unit of a square sheet, (unit, 2)."""
    index = torch.arange(units)
    return torch.stack([index // isqrt(units), index % isqrt(units)], dim=1)
