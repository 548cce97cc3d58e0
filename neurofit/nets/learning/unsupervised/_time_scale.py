"""Plasticity of behavioural time scale: one plateau potential teaches what was met seconds before."""

from __future__ import annotations

from functools import partial
from math import exp
from typing import TYPE_CHECKING, NamedTuple

import torch

from ....errors import TrainingError
from ..._trace import direct_errors, error_at, trace
from .. import _dense  # noqa: F401 - it has the need
from .._rule import Rule, rules

if TYPE_CHECKING:
    from ..._stages import Params
    from ..._trace import Moment
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages, State

HALF_UP, STEEP_UP = 0.5, 10.0  # overlap at which potentiation is half of what it can be, and its steepness
HALF_DOWN, STEEP_DOWN = 0.1, 40.0  # the same of depression, which needs less of an overlap


class Lap(NamedTuple):
    """How plasticity runs in time.

    Parameters
    ----------
    step
        Seconds from one moment to the next.
    eligibility, instruction
        Time constants of what an input leaves at its synapses and a plateau in its dendrite, in seconds.
    strongest
        The weight that potentiation leads to.
    up, down
        Rates of potentiation and depression, for each second.
    """

    step: float
    eligibility: float
    instruction: float
    strongest: float
    up: float
    down: float


@rules.register("btsp")
def btsp(  # noqa: PLR0913 - a model of plasticity has as many constants
    *,
    plateaus: float = 0.02,
    step: float = 0.25,
    eligibility: float = 1.5,
    instruction: float = 0.5,
    strongest: float = 1.0,
    up: float = 5.0,
    down: float = 1.0,
) -> Rule:
    r"""Behavioural time-scale plasticity (BTSP): one plateau potential teaches inputs seconds around it.

    .. math::

        \frac{dW_{ij}}{dt} = (W_{\max} - W_{ij})\, k_+\, q_+(E_j I_i) - W_{ij}\, k_-\, q_-(E_j I_i)

    :math:`E_j` is the eligibility that input :math:`j` leaves behind, for seconds; :math:`I_i` the
    instruction that a plateau potential of unit :math:`i` leaves, for less; both peak at 1. The sigmoids
    :math:`q_\pm`, 0 at 0 and 1 at 1, let depression happen at less overlap than potentiation. Weak synapses
    of inputs near a plateau grow and strong ones of inputs some seconds off shrink, whatever the unit's
    activity: one plateau moves the unit's field to where it happened and, as eligibility outlasts
    instruction, to inputs that came before it rather than after.

    Moments are the times of a timed layer's input; else the examples of a batch, in their order, make one
    lap. In each lap a hidden unit has, by chance, one plateau at a random moment. Inputs are rectified
    rates, divided by their largest; biases stay. Change by 1 needs ``optimizer="sgd"`` and
    ``learning_rate=1``. The readout learns by its exact gradient. It claims no gradient. Rates and sigmoids
    are of the published form, with round numbers in place of those fitted to each cell.

    Parameters
    ----------
    plateaus
        Chance that a unit has a plateau in a lap.
    step
        Seconds from one moment to the next.
    eligibility, instruction
        Time constants of the two traces, in seconds.
    strongest
        :math:`W_{\max}`.
    up, down
        :math:`k_+` and :math:`k_-`, for each second.

    Returns
    -------
    Rule

    Raises
    ------
    TrainingError
        If ``plateaus`` is no share, or another option is not above 0.

    References
    ----------
    Bittner, Milstein, Grienberger, Romani & Magee 2017, Science 357:1033, doi:10.1126/science.aan3846
    Milstein et al. 2021, eLife 10:e73046, doi:10.7554/eLife.73046
    """
    lap = Lap(step, eligibility, instruction, strongest, up, down)
    if not 0 <= plateaus <= 1 or min(lap) <= 0:
        raise TrainingError(
            f"plateaus is a share and the others must be above 0, not plateaus={plateaus}, {lap._asdict()}"
        )
    return Rule(
        "btsp",
        partial(_update, lap, plateaus),
        target=None,
        needs=("dense_layers", "readout_alone"),
        references=(
            "Bittner, Milstein, Grienberger, Romani & Magee 2017, Science 357:1033, "
            "doi:10.1126/science.aan3846",
            "Milstein et al. 2021, eLife 10:e73046, doi:10.7554/eLife.73046",
        ),
    )


def _update(  # noqa: PLR0913 - what every rule's update takes, and two options
    lap: Lap,
    plateaus: float,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: State,
    generator: torch.Generator,
) -> Params:
    moments = trace(stages, params, batch.inputs)
    *_, (last, top) = moments.items()
    error = error_at(direct_errors(moments, objective, batch), top)
    estimates = {}
    for name, moment in moments.items():
        rates = _rates(moment)
        estimates[name] = {
            key: -learned(w.detach(), rates, _drawn(plateaus, rates, len(w), generator), lap)
            if w.ndim > 1
            else torch.zeros_like(w)
            for key, w in moment.weights.items()
        }
    return {**estimates, last: top.gradient(top.delta(error))}


def _rates(moment: Moment) -> torch.Tensor:
    """Presynaptic rates (lap, moment, unit)."""
    rates = moment.inputs.relu() if moment.stage.timed else moment.inputs.flatten(1).relu()[None]
    return rates / rates.max().clamp(min=torch.finfo(rates.dtype).tiny)


def _drawn(chance: float, rates: torch.Tensor, units: int, generator: torch.Generator) -> torch.Tensor:
    """When each unit has a plateau, (lap, moment, unit), of 0 and 1."""
    laps, times, _ = rates.shape
    when = torch.randint(times, (laps, 1, units), generator=generator)
    happens = torch.rand(laps, 1, units, generator=generator) < chance
    return torch.zeros(laps, times, units).scatter(1, when, happens.float()).to(rates)


def learned(weight: torch.Tensor, rates: torch.Tensor, plateaus: torch.Tensor, lap: Lap) -> torch.Tensor:
    """Mean change of ``weight`` (unit, pre) over laps.

    Parameters
    ----------
    weight
        Before.
    rates, plateaus
        What synapses get and dendrites do, (lap, moment, pre) and (lap, moment, unit).
    lap
        How plasticity runs in time.

    Returns
    -------
    Tensor (unit, pre)
    """
    taught = plateaus.flatten(0, 1).any(0)
    eligible = _left(rates, exp(-lap.step / lap.eligibility))
    instructed = _left(plateaus[..., taught], exp(-lap.step / lap.instruction))
    now = before = weight[taught].expand(len(rates), -1, -1)
    for e, i in zip(eligible.unbind(1), instructed.unbind(1), strict=True):
        overlap = i[:, :, None] * e[:, None, :]
        up = lap.step * lap.up * _sigmoid(overlap, HALF_UP, STEEP_UP)
        down = lap.step * lap.down * _sigmoid(overlap, HALF_DOWN, STEEP_DOWN)
        # The exact solution over a moment in which both rates are constant: no step is too long.
        goal = lap.strongest * up / (up + down).clamp(min=torch.finfo(up.dtype).tiny)
        now = goal + (now - goal) * torch.exp(-up - down)
    change = torch.zeros_like(weight)
    change[taught] = (now - before).mean(0)
    return change


def _left(signal: torch.Tensor, kept: float) -> torch.Tensor:
    """What is left of a signal (lap, moment, unit) at each moment; 1 at most."""
    left, traces = torch.zeros_like(signal[:, 0]), []
    for now in signal.unbind(1):
        left = torch.maximum(left * kept, now)
        traces.append(left)
    return torch.stack(traces, dim=1)


def _sigmoid(overlap: torch.Tensor, half: float, steepness: float) -> torch.Tensor:
    """From 0 at 0 to 1 at 1."""
    low, high = (1 / (1 + exp(-steepness * (end - half))) for end in (0.0, 1.0))
    return (torch.sigmoid(steepness * (overlap - half)) - low) / (high - low)
