"""SAILnet: a sparse code from spikes, local plasticity and inhibition."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from .._checks import positive
from .._rule import Rule, needs, rules
from ._code import code_learner, lacks

if TYPE_CHECKING:
    from ..._stages import Weights
    from ..._trace import Moment
    from ...cost import Objective
    from .._rule import Stages, State


@needs.register("spikes")
def spikes(stages: Stages, objective: Objective) -> str:
    """The first layer is one of spiking units that inhibit each other, as in architecture ``"sailnet"``."""
    return lacks(stages, "spikes", "sailnet")


@rules.register("sailnet")
def sailnet(
    *, rate: float = 0.05, inhibition: float = 1.0, feature: float = 0.01, threshold: float = 0.1
) -> Rule:
    r"""SAILnet: Hebbian features, anti-Hebbian inhibition and thresholds that hold each unit's firing rate.

    With the numbers of spikes :math:`n` for an input :math:`x`, averaged over the batch:

    .. math::

        \Delta Q_{ik} = \beta\, n_i (x_k - n_i Q_{ik}), \qquad
        \Delta W_{im} = \alpha\, (n_i n_m - p^2), \qquad
        \Delta \theta_i = \gamma\, (n_i - p)

    :math:`W` stays at or above 0 and never inhibits its own unit. At rest every unit fires :math:`p` spikes
    an input, and pairs that inhibit each other fire as often together as independent ones would. Each
    synapse uses what is at hand: its two units, its own weight. It descends no objective; the one chosen
    teaches the readout alone. Rates are relative to each other, so choose ``optimizer="sgd"``, with
    ``learning_rate=1`` for those of the source.

    Parameters
    ----------
    rate
        :math:`p`, spikes of each unit for each input.
    inhibition
        :math:`\alpha`.
    feature
        :math:`\beta`; it should be well below the others, which have to keep up with it.
    threshold
        :math:`\gamma`.

    Returns
    -------
    Rule

    Raises
    ------
    TrainingError
        If a number is not above 0.

    References
    ----------
    Zylberberg, Murphy & DeWeese 2011, PLoS Computational Biology 7:e1002250,
    doi:10.1371/journal.pcbi.1002250
    """
    positive("sailnet", rate=rate, inhibition=inhibition, feature=feature, threshold=threshold)
    source = (
        "Zylberberg, Murphy & DeWeese 2011, PLoS Computational Biology 7:e1002250, "
        "doi:10.1371/journal.pcbi.1002250"
    )
    learn = partial(_learn, rate, inhibition, feature, threshold)
    update = code_learner(learn)
    return Rule(
        "sailnet",
        update,
        target=None,
        needs=("spikes", "readout_alone"),
        references=(source,),
    )


def _learn(
    rate: float, inhibition: float, feature: float, threshold: float, moment: Moment, state: State
) -> Weights:
    weights, count, inputs = moment.weights, moment.output, moment.inputs.flatten(1)
    together = count.T @ count / len(count)
    often = together.diagonal().unsqueeze(1)
    towards = together - rate**2
    towards.fill_diagonal_(0)
    # What does not inhibit cannot inhibit less.
    held = (weights["inhibition_weight"] <= 0) & (towards < 0)
    return {
        "weight": -feature * (count.T @ inputs / len(count) - often * weights["weight"]),
        "inhibition_weight": -inhibition * towards.masked_fill(held, 0),
        "threshold": -threshold * (count.mean(0) - rate),
    }
