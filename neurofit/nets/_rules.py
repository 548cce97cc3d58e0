"""Learning rules: how each weight should change, estimated from one batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from torch.func import grad

from ..registry import Registry
from ._stages import draw
from ._trace import backward, trace

if TYPE_CHECKING:
    from collections.abc import Callable

    import torch

    from ._objectives import Objective
    from ._stages import Params, Stage
    from ._tasks import Batch

    Stages = tuple[Stage, ...]
    State = Any


def no_state(stages: Stages, params: Params, generator: torch.Generator) -> State:
    """None: the rule keeps nothing between updates."""
    return None


def fixed_state(
    stages: Stages, params: Params, estimate: Params, state: State, generator: torch.Generator
) -> State:
    """The state as it is: what the rule keeps does not change."""
    return state


@dataclass(frozen=True)
class Rule:
    """A learning rule: small functions, none of which changes its arguments.

    Parameters
    ----------
    name
        Its name in ``nets.rules``.
    target
        The gradient that it claims to estimate: ``"backprop"`` is that of the objective.
    update
        ``update(stages, params, batch, objective, state, generator)`` estimates the gradient: a mapping
        shaped like ``params``. The trainer, and nobody else, steps against it.
    init
        ``init(stages, params, generator)`` is the rule's own state at the start, such as feedback weights.
    evolve
        ``evolve(stages, params, estimate, state, generator)`` is the state after a step.
    references
        Who said so.
    """

    name: str
    target: str
    update: Callable[[Stages, Params, Batch, Objective, State, torch.Generator], Params]
    init: Callable[[Stages, Params, torch.Generator], State] = no_state
    evolve: Callable[[Stages, Params, Params, State, torch.Generator], State] = fixed_state
    references: tuple[str, ...] = ()


rules: Registry[Callable[[], Rule]] = Registry("learning rule")


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
    return Rule("backprop", "backprop", _propagate, references=(source,))


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
    source = "Lillicrap et al. 2016, Nature Communications 7:13276, doi:10.1038/ncomms13276"
    return Rule("feedback_alignment", "backprop", _propagate, _random_feedback, references=(source,))


def _random_feedback(stages: Stages, params: Params, generator: torch.Generator) -> Params:
    device = next(iter(params[stages[-1].name].values())).device
    return draw(stages, generator, device)


def _propagate(
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: State,
    generator: torch.Generator,
) -> Params:
    """Errors travel back through the weights that are the rule's state, else through the forward ones."""
    moments = trace(stages, params, batch.inputs, feedback=state)
    error = grad(objective.loss)(moments[stages[-1].name].output, batch)
    gradients, _ = backward(moments, error)
    return gradients
