"""Rules that send errors back: through the forward weights, or through others."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..._stages import draw
from ..._trace import backward, direct_errors, trace
from .._rule import Rule, rules

if TYPE_CHECKING:
    import torch

    from ..._stages import Params
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages, State


@rules.register("backprop")
def backprop() -> Rule:
    r"""Backpropagation: the exact gradient of the objective.

    .. math:: \delta_l = f'(a_l)\, W_{l+1}^\top \delta_{l+1}, \qquad \nabla_l = \delta_l\, h_{l-1}^\top

    Errors travel back through the very weights that activity travelled forth through, which is why it is
    the reference for other rules rather than a mechanism of the brain.

    Returns
    -------
    Rule

    References
    ----------
    Rumelhart, Hinton & Williams 1986, Nature 323:533, doi:10.1038/323533a0
    """
    source = "Rumelhart, Hinton & Williams 1986, Nature 323:533, doi:10.1038/323533a0"
    return Rule("backprop", propagate, references=(source,))


@rules.register("feedback_alignment")
def feedback_alignment() -> Rule:
    r"""Feedback alignment: errors travel back through fixed random weights.

    .. math:: \delta_l = f'(a_l)\, B_{l+1}^\top \delta_{l+1}, \qquad \nabla_l = \delta_l\, h_{l-1}^\top

    :math:`B_l` has the shape of :math:`W_l` and is drawn once from the distribution that :math:`W_l` was
    drawn from. It is biased: the forward weights come to align with the feedback, so that the angle between
    its deltas and those of backpropagation falls while learning. The readout gets its exact gradient.

    Returns
    -------
    Rule

    References
    ----------
    Lillicrap, Cownden, Tweed & Akerman 2016, Nature Communications 7:13276, doi:10.1038/ncomms13276
    """
    source = (
        "Lillicrap, Cownden, Tweed & Akerman 2016, Nature Communications 7:13276, doi:10.1038/ncomms13276"
    )
    return Rule("feedback_alignment", propagate, init=random_feedback, references=(source,))


def random_feedback(stages: Stages, params: Params, generator: torch.Generator) -> Params:
    """Weights drawn as the forward ones were, apart from them, in their precision and on their device."""
    drawn = draw(stages, generator, "cpu")
    return {
        layer: {name: drawn[layer][name].to(w) for name, w in weights.items()}
        for layer, weights in params.items()
    }


def propagate(
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: State,
    generator: torch.Generator,
) -> Params:
    """Errors travel back through the weights that are the rule's state, else through the forward ones."""
    moments = trace(stages, params, batch.inputs, feedback=state)
    return backward(moments, direct_errors(moments, objective, batch), local=objective.local)[0]
