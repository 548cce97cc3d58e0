"""Equilibrium propagation: the contrast of two equilibria, free and nudged, is a gradient."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch
from torch.autograd import grad
from torch.func import vjp

from ....errors import TrainingError
from ..._trace import errors_at
from .._checks import positive
from .._rule import Rule, rules
from .._targets import targets
from ._settle import SETTLING, at_rest, circuit, constant, hebbian, less, nudge, settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..._stages import Params
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages, State
    from ._settle import Circuit, Rates

ENOUGH = 2000


@rules.register("equilibrium_propagation")
def equilibrium_propagation(
    *, beta: float = 0.1, symmetric: bool = True, feedback: float = 0.1, iterations: int = 50
) -> Rule:
    r"""Equilibrium propagation: the free equilibrium against one that is nudged to lower cost.

    The network settles (to :math:`h^0`); then it goes on under a push :math:`\beta\, \partial L / \partial h`
    down the cost (to :math:`h^\beta`), the cost being added to the energy :math:`E` of the circuit:
    :math:`F = E + \beta L`. The layered energy with feedback of strength :math:`\gamma` is

    .. math:: E = \sum_l \gamma^{l-\text{out}} \left[ \Gamma(h_l) - h_l^\top (W_l h_{l-1} + b_l) \right],
       \qquad h_l = f(W_l h_{l-1} + b_l + \gamma W_{l+1}^\top h_{l+1}) \text{ at rest}

    .. math::

        \nabla_l = \frac{1}{\beta} \left[ \frac{\partial E}{\partial W_l} \right]_0^\beta
          = -\frac{\gamma^{l-\text{out}}}{\beta} \left( h_l^\beta {h_{l-1}^\beta}^\top
          - h_l^0 {h_{l-1}^0}^\top \right)

    Its target is the gradient of the cost at the free equilibrium, ``"equilibrium_loss"``, which it misses by
    :math:`O(\beta)` with one nudged phase, and by :math:`O(\beta^2)` where the nudges :math:`\beta` and
    :math:`-\beta` are set against each other. In either case the phases must have settled. The feedback
    weights are the transposes of the forward ones. :math:`\gamma = 1` has the symmetric weights of Scellier &
    Bengio, whose energy has :math:`h^2 / 2` for :math:`\Gamma`: the same for their hard sigmoid. The weaker
    the feedback, the nearer the free equilibrium is to the forward sweep by which networks are read here, the
    faster it is reached, and the nearer the target is to backpropagation's gradient. Strong feedback can have
    several equilibria; weak feedback leaves deep layers little contrast, of order
    :math:`\beta \gamma^{\text{out} - l}`, which the precision of numbers has to carry.

    One update costs at most ``iterations`` sweeps over the layers in each of two phases, or of three where
    symmetric; they end at rest.

    Parameters
    ----------
    beta
        How hard the output is nudged; above the inverse of the cost's curvature that phase may not settle.
    symmetric
        Whether a nudge of :math:`-\beta` takes the place of the free phase in the contrast.
    feedback, iterations
        As of ``contrastive_hebbian``.

    Returns
    -------
    Rule

    References
    ----------
    Scellier & Bengio 2017, Frontiers in Computational Neuroscience 11:24, doi:10.3389/fncom.2017.00024
    Laborieux et al. 2021, Frontiers in Neuroscience 15:633674, doi:10.3389/fnins.2021.633674
    """
    positive("equilibrium_propagation", beta=beta, feedback=feedback, iterations=iterations)
    return Rule(
        "equilibrium_propagation",
        Nudged(beta, symmetric, iterations),
        target="equilibrium_loss",
        init=partial(constant, feedback),
        needs=SETTLING,
        references=(
            "Scellier & Bengio 2017, Frontiers in Computational Neuroscience 11:24, "
            "doi:10.3389/fncom.2017.00024",
            "Laborieux et al. 2021, Frontiers in Neuroscience 15:633674, doi:10.3389/fnins.2021.633674",
        ),
    )


@dataclass(frozen=True)
class Nudged:
    """The contrast of equilibria, free and nudged or nudged either way."""

    beta: float
    symmetric: bool
    iterations: int

    def __call__(
        self,
        stages: Stages,
        params: Params,
        batch: Batch,
        objective: Objective,
        state: State,
        generator: torch.Generator,
    ) -> Params:
        """The estimate."""
        net, start = circuit(stages, params, batch.inputs, state)
        free = settle(net, start, sweeps=self.iterations)

        def nudged(by: float) -> Rates:
            return settle(net, free, sweeps=self.iterations, push=nudge(objective, batch, by))

        plus, minus = nudged(self.beta), nudged(-self.beta) if self.symmetric else free
        apart = (2 * self.beta if self.symmetric else self.beta) * len(batch.inputs)
        return less(hebbian(net, minus, minus, per=apart), hebbian(net, plus, plus, per=apart))


@targets.register("equilibrium_loss")
def equilibrium_loss(
    stages: Stages, params: Params, batch: Batch, objective: Objective, state: State
) -> Params:
    r"""Exact gradient of the cost at the free equilibrium, by recurrent backpropagation.

    With :math:`h = G(h, W)` at rest, the gradient is :math:`(\partial G / \partial W)^\top \lambda` where
    :math:`\lambda = \partial L / \partial h + (\partial G / \partial h)^\top \lambda` (Almeida 1987;
    Pineda 1987, doi:10.1103/PhysRevLett.59.2229). Of equilibrium propagation it shares the dynamics, not
    the contrast. ``state`` is the strength of the feedback.
    """
    net, start = circuit(stages, params, batch.inputs, state)
    rates = _fixed_point(lambda rates: settle(net, rates, sweeps=1), start)
    leaves = {
        layer: {name: tensor.detach().requires_grad_() for name, tensor in weights.items()}
        for layer, weights in params.items()
    }
    rates = {name: rate.detach().requires_grad_() for name, rate in rates.items()}
    with torch.enable_grad():
        following = _following(net, leaves, rates)
    errors = errors_at(rates, objective, batch)

    def back(adjoint: Rates) -> Rates:
        backed = grad(following, list(rates.values()), list(adjoint.values()), retain_graph=True)
        return {name: errors.get(name, 0) + passed for name, passed in zip(rates, backed, strict=True)}

    silent = {name: torch.zeros_like(rate) for name, rate in rates.items()}
    adjoint = _fixed_point(back, silent)
    tensors = [tensor for weights in leaves.values() for tensor in weights.values()]
    found = iter(grad(following, tensors, list(adjoint.values())))
    return {layer: {name: next(found) for name in weights} for layer, weights in leaves.items()}


def _fixed_point(follow: Callable[[Rates], Rates], rates: Rates) -> Rates:
    for _ in range(ENOUGH):
        before, rates = rates, follow(rates)
        if at_rest(rates, before):
            return rates
    raise TrainingError(
        f"the network does not come to rest within {ENOUGH} sweeps, so that it has no equilibrium loss: "
        "choose weaker feedback, a nonlinearity with bounds, or smaller weights"
    )


def _following(net: Circuit, params: Params, rates: Rates) -> list[torch.Tensor]:
    """What all rates would be next, differentiably in them and in the weights of either direction."""
    following, below = [], net.below(rates)
    for stage, higher in zip(net.stages, [*net.stages[1:], None], strict=True):
        drive = stage.lin(params[stage.name], below[stage.name])
        if higher:
            _, back, *_ = vjp(lambda h, up=higher: up.lin(params[up.name], h), rates[stage.name])
            drive = drive + net.feedback * back(rates[higher.name])[0]
        following.append(stage.post(drive))
    return following
