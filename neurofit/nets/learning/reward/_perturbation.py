"""Rules that try changes, of weights or of units, and keep to what lowered the cost."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.func import vmap

from ....errors import unknown_name
from ..._trace import trace
from .._checks import positive
from .._rule import Rule, rules
from ._kick import costs, credit, kick, normal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ..._stages import Params
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages, State

    Trials = Callable[[Stages, Params, Batch, Objective, float, torch.Generator], Params]

AT_ONCE = 128  # forward passes of the serial forms that share memory


@rules.register("node_perturbation")
def node_perturbation(*, sigma: float = 0.01, mode: str = "parallel") -> Rule:
    r"""Node perturbation: jiggle the drive of each unit and see what the cost does.

    With the drives :math:`a_l`, noise :math:`\xi_l` of mean 0 and variance 1 for every unit, every position
    of a feature map and every example, and the cost :math:`L` of this example,

    .. math::

        \delta_l = \frac{L(a + \sigma \xi) - L(a)}{\sigma}\, \xi_l, \qquad \nabla_l = \delta_l\, h_{l-1}^\top

    where :math:`h_{l-1}` is the input without noise. Unbiased as :math:`\sigma \to 0`, with an error of order
    :math:`\sigma^2`; its variance grows with the number of units: for one example the squared length of
    :math:`\delta` is that of the true one times the number of units + 2. With ``mode="serial"`` units are
    moved by :math:`\sigma` one at a time, a forward pass for each (Widrow & Lehr): no noise, and an error of
    order :math:`\sigma`. In a layer that unrolls its own dynamics, its output over time is what is moved, and
    the weights behind it get their share by backpropagation through the layer's own time.

    Parameters
    ----------
    sigma
        Standard deviation, or size, of the perturbation, in units of the drive. Below about .001, rounding in
        single precision drowns the change of the cost.
    mode
        ``"parallel"``, all units at once, or ``"serial"``, one after the other.

    Returns
    -------
    Rule

    Raises
    ------
    TrainingError
        If ``sigma`` is not above 0.
    UnknownNameError
        If there is no such mode.

    References
    ----------
    Widrow & Lehr 1990, Proceedings of the IEEE 78:1415
    Werfel, Xie & Seung 2005, Neural Computation 17:2699, doi:10.1162/089976605774320539
    Fiete & Seung 2006, Physical Review Letters 97:048104, doi:10.1103/PhysRevLett.97.048104
    """
    sources = (
        "Widrow & Lehr 1990, Proceedings of the IEEE 78:1415",
        "Werfel, Xie & Seung 2005, Neural Computation 17:2699, doi:10.1162/089976605774320539",
        "Fiete & Seung 2006, Physical Review Letters 97:048104, doi:10.1103/PhysRevLett.97.048104",
    )
    trials = _checked("node_perturbation", sigma, mode, {"parallel": _nodes, "serial": _nodes_in_turn})
    return Rule(
        "node_perturbation",
        partial(_update, trials, sigma),
        needs=("separable", "shared_cost"),
        references=sources,
    )


@rules.register("weight_perturbation")
def weight_perturbation(*, sigma: float = 0.001, mode: str = "parallel") -> Rule:
    r"""Weight perturbation: jiggle each weight and see what the cost does.

    With noise :math:`\psi` of mean 0 and variance 1 for every weight, drawn once for a batch, and the mean
    cost :math:`L` of the batch,

    .. math:: \nabla = \frac{L(W + \sigma \psi) - L(W)}{\sigma}\, \psi

    Unbiased as :math:`\sigma \to 0`, with an error of order :math:`\sigma^2`; for :math:`D` weights the noise
    of one estimate then has :math:`D + 1` times the squared length of the gradient, whatever the size of the
    batch. Where :math:`\sigma` times the trace of the Hessian comes near the length of the gradient,
    curvature adds to the noise. With ``mode="serial"`` weights are moved by :math:`\sigma` one at a time, a
    forward pass for each (Jabri & Flower): no noise, and an error of order :math:`\sigma`.

    Parameters
    ----------
    sigma
        Standard deviation, or size, of the perturbation, in units of the weights. Below about .0001,
        rounding in single precision drowns the change of the cost.
    mode
        As of ``node_perturbation``, with weights in the place of units.

    Returns
    -------
    Rule

    Raises
    ------
    TrainingError, UnknownNameError
        As ``node_perturbation`` does.

    References
    ----------
    Jabri & Flower 1992, IEEE Transactions on Neural Networks 3:154
    Cauwenberghs 1993, Advances in Neural Information Processing Systems 5:244
    Werfel, Xie & Seung 2005, Neural Computation 17:2699, doi:10.1162/089976605774320539
    """
    sources = (
        "Jabri & Flower 1992, IEEE Transactions on Neural Networks 3:154",
        "Cauwenberghs 1993, Advances in Neural Information Processing Systems 5:244",
        "Werfel, Xie & Seung 2005, Neural Computation 17:2699, doi:10.1162/089976605774320539",
    )
    trials = _checked("weight_perturbation", sigma, mode, {"parallel": _weights, "serial": _weights_in_turn})
    return Rule(
        "weight_perturbation", partial(_update, trials, sigma), needs=("shared_cost",), references=sources
    )


def _checked(rule: str, sigma: float, mode: str, modes: Mapping[str, Trials]) -> Trials:
    positive(rule, sigma=sigma)
    if mode not in modes:
        raise unknown_name(f"mode of {rule!r}", mode, modes)
    return modes[mode]


@torch.no_grad()
def _update(
    trials: Trials,
    sigma: float,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: State,
    generator: torch.Generator,
) -> Params:
    return trials(stages, params, batch, objective, sigma, generator)


def _nodes(
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    sigma: float,
    generator: torch.Generator,
) -> Params:
    moments = trace(stages, params, batch.inputs)
    noise = {name: normal(moment.drive, generator) for name, moment in moments.items()}
    kicked = kick(stages, {name: sigma * xi for name, xi in noise.items()})
    rise = costs(kicked, params, batch, objective) - costs(stages, params, batch, objective)
    return credit(moments, noise, rise / sigma)


def _nodes_in_turn(
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    sigma: float,
    generator: torch.Generator,
) -> Params:
    moments = trace(stages, params, batch.inputs)
    before = costs(stages, params, batch, objective)
    compared = len(batch.inputs) // len(before)  # inputs that share a cost: each is moved by itself

    def rise(name: str, of_one: torch.Tensor) -> torch.Tensor:
        moved = sigma * of_one.expand(compared, len(before), *of_one.shape[2:]).flatten(0, 1)
        return (costs(kick(stages, {name: moved}), params, batch, objective) - before) / sigma

    gradients = {}
    for name, moment in moments.items():
        shape = moment.drive.shape[1:]
        each = torch.eye(compared * shape.numel()).to(moment.drive).reshape(-1, compared, 1, *shape)
        rises = vmap(partial(rise, name), chunk_size=AT_ONCE)(each)
        delta = rises.reshape(compared, shape.numel(), -1).transpose(1, 2).reshape(-1, *shape)
        gradients[name] = moment.gradient(delta / len(before))
    return gradients


def _weights(
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    sigma: float,
    generator: torch.Generator,
) -> Params:
    noise = {
        layer: {name: normal(w, generator) for name, w in weights.items()}
        for layer, weights in params.items()
    }
    moved = {
        layer: {name: w + sigma * noise[layer][name] for name, w in weights.items()}
        for layer, weights in params.items()
    }
    rise = costs(stages, moved, batch, objective).mean() - costs(stages, params, batch, objective).mean()
    return {
        layer: {name: rise / sigma * psi for name, psi in weights.items()} for layer, weights in noise.items()
    }


def _weights_in_turn(
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    sigma: float,
    generator: torch.Generator,
) -> Params:
    before = costs(stages, params, batch, objective).mean()

    def rise(layer: str, name: str, of_one: torch.Tensor) -> torch.Tensor:
        weights = {
            **params[layer],
            name: params[layer][name] + sigma * of_one.reshape_as(params[layer][name]),
        }
        return (costs(stages, {**params, layer: weights}, batch, objective).mean() - before) / sigma

    return {
        layer: {
            name: vmap(partial(rise, layer, name), chunk_size=AT_ONCE)(torch.eye(w.numel()).to(w)).reshape_as(
                w
            )
            for name, w in weights.items()
        }
        for layer, weights in params.items()
    }
