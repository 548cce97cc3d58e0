"""Bursts carry errors down while events carry activity up."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from ..._trace import backward, direct_errors, trace
from .._checks import positive
from .._rule import Rule, rules
from ._feedback import random_feedback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._stages import Params
    from ..._trace import Errors, Moment
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages

FLOOR = 0.05  # of event rates: a unit that is silent has no bursts to teach with


@rules.register("burst")
def burst(*, gain: float = 1.0, teaching: float = 0.5) -> Rule:
    r"""Burst-dependent plasticity: a synapse potentiates where its unit bursts more than it usually does.

    A unit fires events at rate :math:`e_l = 1 + h_l`, a share :math:`p_l` of which are bursts. Events go
    up; bursts go down, through random feedback :math:`Y`, to apical dendrites, which set the next burst
    probability:

    .. math::

        p_l = \sigma\!\left(\frac{\gamma}{e_l} Y_{l+1}^\top f'(a_{l+1})\, b_{l+1}\right), \qquad
        b_l = p_l\, e_l, \qquad
        \Delta W_l \propto f'(a_l) \left(b_l - \bar p_l\, e_l\right) h_{l-1}^\top

    :math:`\bar p_l` is the burst probability to the same input before there is a teacher, the unit's mean
    over the time of the presentation. The readout has event rate 1 and
    :math:`p = \tfrac12 - \tau\, \partial L / \partial h`, kept in [0, 1]. To first order in
    :math:`\gamma` bursts are a linear code, and the rule is feedback alignment, layer :math:`l` from the top
    scaled by :math:`(\gamma / 4)^l`, which estimates are divided by; beyond that, dendrites that saturate
    pass on less. Payeur et al. give the gain :math:`f'` to the dendrite, :math:`p = \sigma(\gamma f' e^{-1}
    Y b)`; here it acts on what bursts bring about, the same to first order, so that layers whose outputs are
    pooled have it too.

    Parameters
    ----------
    gain
        :math:`\gamma`, how steeply burst probability follows the apical dendrite.
    teaching
        :math:`\tau`, how strongly the teacher moves the readout's burst probability. Where an error exceeds
        :math:`1 / (2 \tau)` it is cut.

    Returns
    -------
    Rule

    Raises
    ------
    TrainingError
        If an option is not above 0.

    References
    ----------
    Payeur, Guerguiev, Zenke, Richards & Naud 2021, Nature Neuroscience 24:1010,
    doi:10.1038/s41593-021-00857-x
    """
    positive("burst", gain=gain, teaching=teaching)
    source = (
        "Payeur, Guerguiev, Zenke, Richards & Naud 2021, Nature Neuroscience 24:1010, "
        "doi:10.1038/s41593-021-00857-x"
    )
    return Rule(
        "burst",
        partial(_update, gain, teaching),
        init=random_feedback,
        needs=("readout_error",),
        references=(source,),
    )


def _update(  # noqa: PLR0913 - what every rule's update takes, and two options
    gain: float,
    teaching: float,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: Params,
    generator: torch.Generator,
) -> Params:
    moments = trace(stages, params, batch.inputs, feedback=state)
    strength = teaching * len(batch.inputs)
    errors, found = direct_errors(moments, objective, batch), {}
    for name, (_, extra) in bursts(moments, errors, gain, strength).items():
        found[name] = -extra / strength
        strength *= gain / 4
    return backward(moments, found, local=True)[0]


def bursts(
    moments: Mapping[str, Moment], errors: Errors, gain: float, strength: float
) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Usual burst rates at the outputs of each layer, and what is added while a teacher tells ``errors``."""
    found: dict[str, tuple[torch.Tensor, torch.Tensor]] = {}
    above: Moment | None = None
    for name, moment in reversed(list(moments.items())):
        if above:
            events = (1 + moment.output).clamp(min=FLOOR)
            usual, extra = (
                gain * above.error(above.delta(rate)) / events for rate in found[above.stage.name]
            )
        else:
            events = torch.ones_like(moment.output)
            usual = extra = torch.zeros_like(events)
        taught = strength * errors[name] if name in errors else 0.0
        rate = events * usual.sigmoid()
        added = events * _rise(usual, extra) - taught
        found[name] = rate, added.clamp(-rate, events - rate)
        strength *= gain / 4
        above = moment
    return found


def _rise(start: torch.Tensor, step: torch.Tensor) -> torch.Tensor:
    """How much the logistic function rises: no difference of near equals, which depth would bring to 0."""
    return -torch.expm1(-step) * (start + step).sigmoid() * (-start).sigmoid()
