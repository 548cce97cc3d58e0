"""e-prop: recurrent networks that learn forward in time, by eligibility traces and learning signals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.func import grad, vmap

from ....errors import unknown_name
from ..._stages import draw
from ..._trace import backward, direct_errors, error_at, trace
from .._rule import Rule, needs, no_state, rules

if TYPE_CHECKING:
    from ..._cell import Cell
    from ..._stages import Params, Weights
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Evolve, Init, Stages, State

SOURCE = "Bellec et al. 2020, Nature Communications 11:3625, doi:10.1038/s41467-020-17236-y"


@needs.register("recurrent_below")
def recurrent_below(stages: Stages, objective: Objective) -> str:
    """The recurrent layer is the first and the only one: nothing learns below it."""
    late = [stage.name for stage in stages[1:] if stage.cell]
    return f"recurrent layers {', '.join(late)} are not the first" if late else ""


@rules.register("e_prop")
def e_prop(*, feedback: str = "symmetric", decay: float = 1e-3) -> Rule:
    r"""e-prop: eligibility traces times learning signals, without a way back through time.

    For a recurrent unit :math:`j` with state :math:`s` and output :math:`z = r(s)`,

    .. math::

        \epsilon^t_{ji} = \frac{\partial s^t_j}{\partial s^{t-1}_j} \epsilon^{t-1}_{ji}
                          + \frac{\partial s^t_j}{\partial W_{ji}}, \qquad
        \nabla_{ji} = \sum_t L^t_j\, r'(s^t_j)\, \epsilon^t_{ji}, \qquad
        L^t_j = \sum_k B_{kj}\, \delta^t_k

    where the derivatives are a unit's own, what it hears of others being held: the leak of ``recurrent``,
    the update gate of ``gated``. The learning signal :math:`L` brings the readout's delta to each unit, at
    the moment at which it arises. This is the exact gradient where units do not hear each other; else it
    lacks all that a unit brings about through others, which biases it the more the stronger recurrent
    weights are. The readout gets its exact gradient.

    Parameters
    ----------
    feedback
        ``"symmetric"``: :math:`B` are the readout's weights. ``"random"``: they are drawn from the same
        distribution and stay. ``"adaptive"``: they are drawn so, and then change as the readout does while
        all weights decay, so that they come to be alike.
    decay
        With ``"adaptive"``: share of each weight that is lost at each step.

    Returns
    -------
    Rule

    Raises
    ------
    UnknownNameError
        If there is no such feedback; the nearest one is named.

    References
    ----------
    Bellec et al. 2020, Nature Communications 11:3625, doi:10.1038/s41467-020-17236-y
    """
    kinds = {
        "symmetric": Feedback(no_state),
        "random": Feedback(_drawn),
        "adaptive": Feedback(_drawn, Following(decay), decay),
    }
    if feedback not in kinds:
        raise unknown_name("feedback", feedback, kinds)
    kind = kinds[feedback]
    return Rule(
        "e_prop",
        _update,
        init=kind.init,
        evolve=kind.evolve,
        needs=("recurrent_cell", "recurrent_below"),
        decay=kind.decay,
        references=(SOURCE,),
    )


@dataclass(frozen=True)
class Feedback:
    """Weights that bring the readout's error to the units, and how they change."""

    init: Init
    evolve: Evolve | None = None
    decay: float = 0.0


@dataclass(frozen=True)
class Following:
    """Feedback weights that lose a share, and change as the forward ones do."""

    decay: float

    def __call__(
        self,
        stages: Stages,
        params: Params,
        batch: Batch,
        objective: Objective,
        change: Params,
        state: State,
        generator: torch.Generator,
    ) -> Params:
        """The feedback weights after a step."""
        return {
            layer: {name: (1 - self.decay) * w + change[layer][name] for name, w in weights.items()}
            for layer, weights in state.items()
        }


def _drawn(stages: Stages, params: Params, generator: torch.Generator) -> Params:
    return {
        layer: {name: w.to(params[layer][name]) for name, w in weights.items()}
        for layer, weights in draw(stages, generator, "cpu").items()
    }


def _update(
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: State,
    generator: torch.Generator,
) -> Params:
    moments = trace(stages, params, batch.inputs, feedback=state)
    errors = direct_errors(moments, objective, batch)
    first, lowest = stages[0], stages[1].name
    above = {name: moment for name, moment in moments.items() if name != first.name}
    gradients, deltas = backward(above, errors, local=objective.local)
    signal = error_at(errors, moments[first.name])
    if not objective.local:
        signal = signal + moments[lowest].error(deltas[lowest])
    assert first.cell is not None
    return {first.name: _by_eligibility(first.cell, params[first.name], batch.inputs, signal), **gradients}


@torch.no_grad()
def _by_eligibility(cell: Cell, weights: Weights, inputs: torch.Tensor, signals: torch.Tensor) -> Weights:
    """Sum over time and batch of signal (batch, time, unit) times eligibility (batch, unit, ...)."""

    def total(weights: Weights, now: torch.Tensor, heard: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        return cell.step(weights, now[None], heard[None], state[None]).sum()

    # While what is heard is held, each row of weights and each entry of the state acts on its own unit alone.
    own = vmap(grad(total, argnums=(0, 3)), in_dims=(None, 0, 0, 0))
    slope = grad(lambda state: cell.read(state).sum())
    state = cell.rest(len(inputs), inputs)
    eligibility = {name: w.new_zeros(len(inputs), *w.shape) for name, w in weights.items()}
    gradient = {name: torch.zeros_like(w) for name, w in weights.items()}
    for now, signal in zip(inputs.unbind(1), signals.unbind(1), strict=True):
        heard = cell.read(state)
        fresh, kept = own(weights, now, heard, state)
        state = cell.step(weights, now, heard, state)
        weighted = signal * slope(state)
        for name, trace_before in eligibility.items():
            share = kept.reshape(*kept.shape, *[1] * (trace_before.ndim - 2))
            eligibility[name] = share * trace_before + fresh[name]
            gradient[name] += torch.einsum("bu,bu...->u...", weighted, eligibility[name])
    return gradient
