"""What a learning rule is, and what it may ask of a network and an objective."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ...errors import TrainingError, listing
from ...registry import Registry

if TYPE_CHECKING:
    import torch

    from .._stages import Params, Stage
    from ..cost import Objective
    from ..material import Batch

    Stages = tuple[Stage, ...]
    State = Any
    Update = Callable[[Stages, Params, Batch, Objective, State, torch.Generator], Params]
    Init = Callable[[Stages, Params, torch.Generator], State]
    Evolve = Callable[[Stages, Params, Batch, Objective, Params, State, torch.Generator], State]


def no_state(stages: Stages, params: Params, generator: torch.Generator) -> State:
    """None: the rule keeps nothing between updates."""
    return None


@dataclass(frozen=True)
class Rule:
    """A learning rule: small functions, none of which changes its arguments.

    Parameters
    ----------
    name
        Its name in ``nets.rules``.
    update
        ``update(stages, params, batch, objective, state, generator)`` estimates the gradient: a mapping
        shaped like ``params``. The trainer, and nobody else, steps against it.
    target
        Name in ``nets.targets`` of the gradient that it claims to estimate; None where it claims none.
    init
        ``init(stages, params, generator)`` is the rule's own state at the start, such as feedback weights.
    evolve
        ``evolve(stages, params, batch, objective, change, state, generator)`` is the state after a step:
        ``params`` are the new weights and ``change`` is what the optimizer added to the old ones. None
        where the state stays.
    needs
        What it asks of network and objective: names in ``nets.needs``.
    decay
        Share of each weight that is lost at each step, whatever the optimizer.
    references
        Who said so.
    """

    name: str
    update: Update
    target: str | None = "backprop"
    init: Init = no_state
    evolve: Evolve | None = None
    needs: tuple[str, ...] = ()
    decay: float = 0.0
    references: tuple[str, ...] = ()


rules: Registry[Callable[..., Rule]] = Registry("learning rule")

Need = Callable[["Stages", "Objective"], str]
needs: Registry[Need] = Registry("need of a learning rule")


@needs.register("linear_drive")
def linear_drive(stages: Stages, objective: Objective) -> str:
    """Every layer's drive is linear in its inputs and weights."""
    return _without("have a drive that is not linear in their inputs", [s for s in stages if not s.linear])


@needs.register("readout_error")
def readout_error(stages: Stages, objective: Objective) -> str:
    """The objective speaks of the readout alone, and lets errors travel down from it."""
    return f"objective {objective.name!r} keeps errors local to layers" if objective.local else ""


@needs.register("separable")
def separable(stages: Stages, objective: Objective) -> str:
    """The cost of an example depends on this example alone."""
    return "" if objective.separable else f"objective {objective.name!r} compares examples with each other"


@needs.register("rewards")
def rewards(stages: Stages, objective: Objective) -> str:
    """The objective rewards actions."""
    return "" if objective.rewards else f"objective {objective.name!r} gives no reward to an action"


@needs.register("recurrent_cell")
def recurrent_cell(stages: Stages, objective: Objective) -> str:
    """There is a recurrent layer."""
    return "" if any(stage.cell for stage in stages) else "no layer is recurrent"


def _without(what: str, stages: list[Stage]) -> str:
    return f"layers {listing(stage.name for stage in stages)} {what}" if stages else ""


def check(rule: Rule, stages: Stages, objective: Objective) -> None:
    """Raise where ``rule`` cannot drive these together: why, and which rules can.

    Parameters
    ----------
    rule
        What is to learn.
    stages
        The network.
    objective
        What for.

    Raises
    ------
    TrainingError
        If a need of the rule is not met.
    """
    problems = _problems(rule, stages, objective)
    if problems:
        able = [name for name, make in rules.items() if not _problems(make(), stages, objective)]
        raise TrainingError(
            f"rule {rule.name!r} cannot drive this: {'; '.join(problems)}. Rules that can: {listing(able)}"
        )


def _problems(rule: Rule, stages: Stages, objective: Objective) -> list[str]:
    return [problem for need in rule.needs if (problem := needs[need](stages, objective))]
