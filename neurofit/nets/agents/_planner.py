"""A planner over a learnt world model: the weights are what it knows, the forward pass is planning."""

from __future__ import annotations

from functools import partial
from math import prod
from typing import TYPE_CHECKING

import torch
from torch.nn.functional import one_hot

from ...errors import TrainingError
from .._stages import Stage, forward, readout
from ..circuits import architectures
from ..circuits._build import READOUT, apply_dense, identity
from . import _policy
from ._rule import AgentRule, Learned, agent_rules, discrete

if TYPE_CHECKING:
    from typing import Any

    from .._stages import Params, Weights
    from ..circuits._build import Shape
    from ..learning._rule import Stages
    from ._environment import Environment
    from ._rule import Experience

PLAN = "plan"
MOVES, REWARDS = "transition_weight", "reward_weight"
UNKNOWN = 1e-3  # experiences that an action counts for before it was tried, spread over all that may follow


@architectures.register("planner")
def planner(
    input_shape: Shape, outputs: int, *, sweeps: int = 50, discount: float = 0.95
) -> tuple[Stage, ...]:
    r"""A planner over a model of the world: transitions and rewards are its weights.

    Layer ``plan`` sweeps :math:`k` times over all states and looks up the one that it is in:

    .. math::

        Q(s, a) \leftarrow r(s, a)
        + \gamma \sum_{s'} \frac{n(s', s, a)}{\sum_j n(j, s, a)} \max_{a'} Q(s', a')

    ``transition_weight`` (next state, state, action) holds the counts n, the last next state being the end,
    which is worth nothing; ``reward_weight`` (action, state) holds r. Change a reward, and the choice changes
    at once. Inputs are states, one input for each; the readout takes the action values over as they are.

    Parameters
    ----------
    input_shape
        Number of states, (state,).
    outputs
        Number of actions.
    sweeps
        k: rewards further away than this are not foreseen.
    discount
        :math:`\gamma`.

    Returns
    -------
    tuple of Stage
        ``plan``, ``readout``.

    References
    ----------
    Sutton 1990, Integrated architectures for learning, planning and reacting, ICML,
    doi:10.1016/B978-1-55860-141-3.50030-4

    Daw, Niv & Dayan 2005, Nature Neuroscience 8:1704, doi:10.1038/nn1560

    Tamar et al. 2016, Value iteration networks, NeurIPS, arXiv:1602.02867
    """
    states = prod(input_shape)
    return (
        Stage(
            PLAN,
            partial(_know_nothing, states, outputs),
            partial(_look_up, sweeps, discount),
            identity,
            linear=False,
        ),
        Stage(READOUT, partial(_as_they_are, outputs), apply_dense, identity),
    )


@agent_rules.register("world_model")
def world_model(*, epsilon: float = 0.1) -> AgentRule:
    r"""Learns what follows and what is earned, by counting: for a planner to plan with.

    .. math:: \Delta n(s_{t+1}, s_t, a_t) = \eta, \qquad \Delta r(s_t, a_t) = \eta\,(r_t - r(s_t, a_t))

    With step :math:`\eta`, rewards are remembered as a running mean; transitions are those of maximum
    likelihood whatever :math:`\eta`. Nothing else changes: what follows from a new reward is found by
    planning. The error told is that of Q-learning on the planned values.

    Parameters
    ----------
    epsilon
        Share of decisions in which any action is taken.

    Returns
    -------
    AgentRule
        For ``architecture="planner"``.

    References
    ----------
    Sutton 1990, Integrated architectures for learning, planning and reacting, ICML,
    doi:10.1016/B978-1-55860-141-3.50030-4

    Daw, Niv & Dayan 2005, Nature Neuroscience 8:1704, doi:10.1038/nn1560
    """

    def act(given: torch.Tensor, environment: Environment, generator: torch.Generator) -> torch.Tensor:
        return _policy.explore(given, generator, epsilon=epsilon)

    sources = (
        "Sutton 1990, Integrated architectures for learning, planning and reacting, ICML, "
        "doi:10.1016/B978-1-55860-141-3.50030-4",
        "Daw, Niv & Dayan 2005, Nature Neuroscience 8:1704, doi:10.1038/nn1560",
    )
    return AgentRule(
        "world_model",
        discrete,
        act,
        _count,
        _model_of,
        optimizer="sgd",
        learning_rate=0.5,
        references=sources,
    )


def _know_nothing(states: int, actions: int, generator: torch.Generator) -> Weights:
    moves = torch.zeros(states + 1, states, actions)
    moves[:-1] = UNKNOWN / states
    return {MOVES: moves, REWARDS: torch.zeros(actions, states)}


def _as_they_are(outputs: int, generator: torch.Generator) -> Weights:
    return {"weight": torch.eye(outputs), "bias": torch.zeros(outputs)}


def _look_up(sweeps: int, discount: float, weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    counts, earned = weights[MOVES].relu(), weights[REWARDS].T
    ahead = (counts / counts.sum(0).clamp(min=1e-12))[:-1].flatten(1).T
    values = earned
    for _ in range(sweeps):
        values = earned + discount * (ahead @ values.max(1).values).reshape(earned.shape)
    return inputs.flatten(1) @ values


def _model_of(stages: Stages, params: Params, episodes: int) -> None:
    """No state of its own; raise unless there is a model to learn."""
    if set(params.get(PLAN, {})) != {MOVES, REWARDS}:
        raise TrainingError(
            "rule 'world_model' learns the transitions and rewards of a planner, and there is none: "
            "choose architecture='planner'"
        )


def _count(stages: Stages, params: Params, experience: Experience, state: Any, discount: float) -> Learned:
    seen, actions = experience.observations.flatten(1).argmax(1), experience.actions
    end = torch.full_like(seen, experience.observations[0].numel())
    after = torch.where(experience.done, end, experience.following.flatten(1).argmax(1))
    moves, earned = (torch.zeros_like(params[PLAN][name]) for name in (MOVES, REWARDS))
    moves.index_put_((after, seen, actions), moves.new_ones(len(seen)), accumulate=True)
    surprise = experience.rewards - params[PLAN][REWARDS][actions, seen]
    times = moves.sum(0).T.clamp(min=1)[actions, seen]
    earned.index_put_((actions, seen), surprise / times, accumulate=True)
    changes = {PLAN: {MOVES: -moves, REWARDS: -earned}}
    still = {name: torch.zeros_like(w) for name, w in params[READOUT].items()}
    return Learned({**changes, READOUT: still}, _error(stages, params, experience, discount), None)


def _error(stages: Stages, params: Params, experience: Experience, discount: float) -> torch.Tensor:
    now, then = (
        readout(forward(stages, params, inputs)) for inputs in (experience.observations, experience.following)
    )
    chosen = (now * one_hot(experience.actions, now.shape[1])).sum(1)
    return experience.rewards + discount * ~experience.done * then.max(1).values - chosen
