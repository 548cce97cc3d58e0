"""Feedback weights that change whenever the forward ones do, by the same product of activities."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ....errors import TrainingError
from .._rule import Rule, rules
from ._feedback import propagate, random_feedback

if TYPE_CHECKING:
    import torch

    from ..._stages import Params
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages


@rules.register("kolen_pollack")
def kolen_pollack(*, decay: float = 0.001) -> Rule:
    r"""Kolen-Pollack: forward and feedback weights get the same increments, and both decay.

    .. math::

        W_l \leftarrow (1 - \lambda) W_l + \Delta_l, \qquad B_l \leftarrow (1 - \lambda) B_l + \Delta_l

    Both synapses of a pair of units see :math:`\Delta_l = -\eta\, \delta_l h_{l-1}^\top`, so that no weight
    has to be transported. Their difference shrinks as :math:`|W - B| \propto (1 - \lambda)^t` exactly,
    whatever the objective and the optimizer (a constraint on the weights alone breaks it), so that the rule
    becomes backpropagation with weight decay. Biased until then. The readout gets its exact gradient.

    Parameters
    ----------
    decay
        :math:`\lambda`, the share of each weight that is lost at each step.

    Returns
    -------
    Rule

    Raises
    ------
    TrainingError
        If ``decay`` is no share.

    References
    ----------
    Kolen & Pollack 1994, IEEE International Conference on Neural Networks 3:1375,
    doi:10.1109/ICNN.1994.374486
    Akrout, Wilson, Humphreys, Lillicrap & Tweed 2019, Advances in Neural Information Processing Systems 32,
    arXiv:1904.05391
    """
    if not 0 < decay < 1:
        raise TrainingError(f"decay is a share between 0 and 1, not {decay}")
    return Rule(
        "kolen_pollack",
        propagate,
        init=random_feedback,
        evolve=partial(_follow, decay),
        decay=decay,
        references=(
            "Kolen & Pollack 1994, IEEE International Conference on Neural Networks 3:1375, "
            "doi:10.1109/ICNN.1994.374486",
            "Akrout, Wilson, Humphreys, Lillicrap & Tweed 2019, Advances in Neural Information "
            "Processing Systems 32, arXiv:1904.05391",
        ),
    )


@rules.register("asymmetric_hebbian")
def asymmetric_hebbian() -> Rule:
    r"""Asymmetric Hebbian: feedback weights apart from the forward ones, both by the same Hebbian product.

    .. math::

        W_l \leftarrow W_l - \eta\, \delta_l h_{l-1}^\top, \qquad
        B_l \leftarrow B_l - \eta\, \delta_l h_{l-1}^\top, \qquad
        \delta_l = f'(a_l)\, B_{l+1}^\top \delta_{l+1}

    A change is a product of what the two connected units do: :math:`h` on the way forth, :math:`\delta` on
    the way back. Kolen-Pollack without decay: :math:`W - B` never changes, so the rule stays
    backpropagation where both start equal (Zipser & Rumelhart 1990), and where they do not, the bias falls
    as both outgrow the difference. The readout gets its exact gradient. Amit pairs it with a hinge loss,
    whose error at the readout is a product of activities as well; any objective goes.

    Returns
    -------
    Rule

    References
    ----------
    Amit 2019, Frontiers in Computational Neuroscience 13:18, doi:10.3389/fncom.2019.00018
    """
    source = "Amit 2019, Frontiers in Computational Neuroscience 13:18, doi:10.3389/fncom.2019.00018"
    return Rule(
        "asymmetric_hebbian",
        propagate,
        init=random_feedback,
        evolve=partial(_follow, 0.0),
        references=(source,),
    )


def _follow(
    decay: float,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    change: Params,
    state: Params,
    generator: torch.Generator,
) -> Params:
    return {
        layer: {name: (1 - decay) * b + change[layer][name] for name, b in feedback.items()}
        for layer, feedback in state.items()
    }
