r"""A layered network with symmetric feedback that settles: what contrastive rules let their networks do.

The rates :math:`h_l` obey, with the input held and feedback of strength :math:`\gamma` through the
transposes of the forward weights (Xie & Seung 2003),

.. math::

    \dot h_l = -h_l + f\!\left(W_l h_{l-1} + b_l + \gamma\, W_{l+1}^\top h_{l+1} - \pi_l\right)

where :math:`\pi` is what pushes the layer from outside. With :math:`\pi = 0` and :math:`f` that does not fall
they descend an energy, that of Hopfield (1984) with layers weighted by :math:`\gamma`; :math:`\Gamma` is the
integral of the inverse of :math:`f`:

.. math:: E = \sum_l \gamma^{l-\text{out}} \left[ \Gamma(h_l) - h_l^\top (W_l h_{l-1} + b_l) \right]

A layer that goes all the way (``step`` 1), the others held, takes the rates that minimise the energy.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, NamedTuple

import torch

from ....errors import listing
from ..._trace import errors_at, trace
from .._rule import needs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from ..._stages import Params, Stage
    from ..._trace import Moment
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages, State

    Rates = dict[str, torch.Tensor]
    Push = Callable[[Rates], Rates]

SETTLING = ("linear_drive", "unit_nonlinearity", "readout_error")


class Circuit(NamedTuple):
    """A network with symmetric feedback, and what it is shown."""

    stages: Stages
    params: Params
    inputs: torch.Tensor
    feedback: float
    moments: Mapping[str, Moment]

    def strength(self, stage: Stage) -> float:
        """How much a layer counts in the energy: 1 for the readout, more below where feedback is weak."""
        return self.feedback ** (self.stages.index(stage) + 1 - len(self.stages))

    def below(self, rates: Rates) -> Rates:
        """What each layer gets from below."""
        names = [stage.name for stage in self.stages]
        return dict(zip(names, [self.inputs, *(rates[name] for name in names[:-1])], strict=True))


def circuit(stages: Stages, params: Params, inputs: torch.Tensor, feedback: float) -> tuple[Circuit, Rates]:
    """The network, and its rates in a forward sweep without feedback, from which it starts."""
    moments = trace(stages, params, inputs)
    rates = {name: moment.output for name, moment in moments.items()}
    return Circuit(stages, params, inputs, feedback, moments), rates


def drives(net: Circuit, rates: Rates) -> Iterator[tuple[Stage, torch.Tensor]]:
    """Each layer's drive from its neighbours, from the lowest up; ``rates`` may change on the way."""
    above = [*(stage.name for stage in net.stages[1:]), None]
    for stage, higher in zip(net.stages, above, strict=True):
        drive = stage.lin(net.params[stage.name], net.below(rates)[stage.name]).detach()
        if higher:
            drive = drive + net.feedback * net.moments[higher].error(rates[higher])
        yield stage, drive


def path(
    net: Circuit,
    rates: Rates,
    *,
    sweeps: int,
    push: Push | None = None,
    clamped: Mapping[str, torch.Tensor] | None = None,
    step: float = 1.0,
) -> Iterator[Rates]:
    """The rates after each sweep over the layers, from the lowest to the readout, until they rest.

    ``push(rates)`` is what pushes layers against the cost, by name, in units of the energy; ``clamped``
    layers keep the rates given.
    """
    for _ in range(sweeps):
        before = rates
        pushes = push(rates) if push else {}
        rates = {**rates, **(clamped or {})}
        for stage, drive in drives(net, rates):
            if clamped and stage.name in clamped:
                continue
            pushed = drive - pushes.get(stage.name, 0) / net.strength(stage)
            rates[stage.name] = torch.lerp(rates[stage.name], stage.post(pushed), step)
        yield rates
        if at_rest(rates, before):
            return


def at_rest(rates: Rates, before: Rates) -> bool:
    """Whether rates have stopped changing, to the precision of their numbers."""
    return all(
        bool((rate - before[name]).abs().max() <= 4 * torch.finfo(rate.dtype).eps * rate.abs().max())
        for name, rate in rates.items()
    )


def settle(net: Circuit, rates: Rates, **how: object) -> Rates:
    """The last rates of a path."""
    return deque(path(net, rates, **how), maxlen=1).pop()  # type: ignore[arg-type]


def nudge(objective: Objective, batch: Batch, beta: float) -> Push:
    """A push of ``beta`` times the gradient of each example's cost."""

    def push(rates: Rates) -> Rates:
        errors = errors_at(rates, objective, batch)
        return {name: beta * len(batch.inputs) * error for name, error in errors.items()}

    return push


def hebbian(net: Circuit, pre: Rates, post: Rates, *, per: float) -> Params:
    """Pre x post of every connection up, summed over the batch, at its layer's strength, over ``per``."""
    below = net.below(pre)
    return {
        stage.name: {
            name: tensor * (net.strength(stage) / per)
            for name, tensor in trace((stage,), net.params, below[stage.name])[stage.name]
            .gradient(post[stage.name])
            .items()
        }
        for stage in net.stages
    }


def less(minuend: Params, subtrahend: Params) -> Params:
    """Difference of two sets of weights."""
    return {
        layer: {name: tensor - subtrahend[layer][name] for name, tensor in weights.items()}
        for layer, weights in minuend.items()
    }


def constant(value: State, stages: Stages, params: Params, generator: torch.Generator) -> State:
    """A rule's state that never changes: what its target, too, has to know of its options."""
    return value


@needs.register("unit_nonlinearity")
def unit_nonlinearity(stages: Stages, objective: Objective) -> str:
    """The rate of each unit depends on its own drive alone, and does not fall as the drive grows."""
    others = listing(stage.name for stage in stages if not _by_units(stage))
    return (
        others
        and f"layers {others} pool, normalise or fall: their units have no rate of their own drive alone"
    )


def _by_units(stage: Stage) -> bool:
    generator = torch.Generator().manual_seed(0)
    low, high = torch.randn((2, 4, 4, 4, 4), generator=generator).sort(0).values
    mixed = torch.rand(low.shape, generator=generator) < 0.5
    of_low, of_high, of_mixed = (probed(stage, x) for x in (low, high, torch.where(mixed, low, high)))
    if of_low is None or of_high is None or of_mixed is None or of_low.shape != low.shape:
        return False
    return torch.equal(of_mixed, torch.where(mixed, of_low, of_high)) and bool((of_low <= of_high).all())


def probed(stage: Stage, drive: torch.Tensor) -> torch.Tensor | None:
    """What a layer makes of any drive; None where it asks for a certain shape, to do more than by units."""
    try:
        return stage.post(drive)
    except (IndexError, RuntimeError, TypeError, ValueError):
        return None
