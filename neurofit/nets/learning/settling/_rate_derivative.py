"""Spike-timing-dependent plasticity in rates: presynaptic rate x temporal derivative of postsynaptic rate."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import torch

from .._checks import positive
from .._rule import Rule, rules
from ._settle import SETTLING, circuit, constant, hebbian, less, nudge, path, settle

if TYPE_CHECKING:
    from ..._stages import Params
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages, State
    from ._settle import Rates

STEP = 0.5


@rules.register("rate_derivative")
def rate_derivative(
    *,
    beta: float = 0.02,
    both_ways: bool = True,
    feedback: float = 0.1,
    iterations: int = 50,
) -> Rule:
    r"""Spike timing in rates: presynaptic rate x change of the postsynaptic rate while the output is nudged.

    A timing window that is as deep where post leads as it is high where pre leads makes of slow rates a
    change by their product with a derivative (Xie & Seung 2000). It is integrated over the transition from
    the free equilibrium, at time 0, to the one that a push :math:`\beta\, \partial L / \partial h` down the
    cost leads to, at time :math:`T`:

    .. math::

        \nabla_l = -\frac{\gamma^{l-\text{out}}}{\beta} \int_0^T \left(
          \dot h_l\, h_{l-1}^\top + h_l\, \dot h_{l-1}^\top \right) dt

    The first term is that of the synapse up; the second, that of the synapse back down, whose weight is kept
    equal to the other's, so that a pair takes the sum (``both_ways``). Then the integrand is the derivative
    of a product and the integral is the contrast of equilibrium propagation, with the same target and an
    error of :math:`O(\beta)`. Without the second it is the contrast
    :math:`(h_l^\beta - h_l^0)\, h_{l-1}^\top` of GeneRec, nearest to backpropagation's gradient where the
    feedback :math:`\gamma` is weak. At the free equilibrium nothing changes: the free phase needs no
    plasticity of opposite sign.

    The integral is a sum over sweeps by the trapezoidal rule; in each, rates go half of their way to where
    their neighbours drive them. One update costs at most ``iterations`` sweeps over the layers to settle and
    twice as many in transition.

    Parameters
    ----------
    beta
        How hard the output is nudged.
    both_ways
        Whether the synapse back down adds its change to the weight that the two share.
    feedback
        As of ``contrastive_hebbian``.
    iterations
        Sweeps to settle, at most, and half those of the transition.

    Returns
    -------
    Rule

    References
    ----------
    Xie & Seung 2000, Advances in Neural Information Processing Systems 12:199
    Bengio et al. 2017, Neural Computation 29:555, doi:10.1162/NECO_a_00934
    """
    positive("rate_derivative", beta=beta, feedback=feedback, iterations=iterations)
    return Rule(
        "rate_derivative",
        Integrated(beta, both_ways, iterations),
        target="equilibrium_loss" if both_ways else "backprop",
        init=partial(constant, feedback),
        needs=SETTLING,
        references=(
            "Xie & Seung 2000, Advances in Neural Information Processing Systems 12:199",
            "Bengio et al. 2017, Neural Computation 29:555, doi:10.1162/NECO_a_00934",
        ),
    )


@dataclass(frozen=True)
class Integrated:
    """Presynaptic rate x change of the postsynaptic rate, summed on the way to another equilibrium."""

    beta: float
    both_ways: bool
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
        push = nudge(objective, batch, self.beta)
        way = [free, *path(net, free, sweeps=round(self.iterations / STEP), push=push, step=STEP)]
        # Every moment of every example is an example of one long batch.
        before, after = _joined(way[:-1]), _joined(way[1:])
        throughout = net._replace(inputs=torch.cat([net.inputs] * (len(way) - 1)))
        mean = {name: (rate + after[name]) / 2 for name, rate in before.items()}
        fall = {name: rate - after[name] for name, rate in before.items()}
        integral = partial(hebbian, throughout, per=self.beta * len(net.inputs))
        up = integral(mean, fall)
        return less(up, less(integral(after, mean), integral(before, mean))) if self.both_ways else up


def _joined(moments: list[Rates]) -> Rates:
    return {name: torch.cat([rates[name] for rates in moments]) for name in moments[0]}
