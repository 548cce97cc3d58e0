"""What a learning rule of an agent is, and the eligibility traces that most of them share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import torch

from ...errors import TrainingError
from ...registry import Registry
from .._stages import forward, readout
from .._trace import backward, per_example, trace

if TYPE_CHECKING:
    from .._stages import Params
    from ..learning._rule import Stages
    from ._environment import Environment


class Experience(NamedTuple):
    """One decision in each of several episodes, as tensors; ``following`` is what was seen afterwards."""

    observations: torch.Tensor
    actions: torch.Tensor
    rewards: torch.Tensor
    following: torch.Tensor
    done: torch.Tensor


class Learned(NamedTuple):
    """What a rule makes of experience: a change, to be stepped against, and an error for each episode."""

    estimate: Params
    error: torch.Tensor
    state: Any


@dataclass(frozen=True)
class AgentRule:
    """A learning rule of an agent: small functions, none of which changes its arguments.

    Parameters
    ----------
    name
        Its name in ``nets.agent_rules``.
    outputs
        ``outputs(environment)``: how many readout units it needs; an error where it cannot act there.
    act
        ``act(readout, environment, generator)``: an action for each episode, from the readout
        (episode, unit).
    learn
        ``learn(stages, params, experience, state, discount)``: the ``estimate`` that the trainer steps
        against, the reward-prediction error of each episode, and the state afterwards.
    begin
        ``begin(stages, params, episodes)``: the rule's own state at the start.
    optimizer, learning_rate
        What suits it, unless something else is asked for.
    references
        Who said so.
    """

    name: str
    outputs: Callable[[Environment], int]
    act: Callable[[torch.Tensor, Environment, torch.Generator], torch.Tensor]
    learn: Callable[[Stages, Params, Experience, Any, float], Learned]
    begin: Callable[[Stages, Params, int], Any]
    optimizer: str = "adam"
    learning_rate: float = 3e-3
    references: tuple[str, ...] = ()


agent_rules: Registry[Callable[..., AgentRule]] = Registry("learning rule of agents")

OfReadout = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]


@dataclass(frozen=True)
class Traced:
    r"""Learning by an error and an eligibility trace.

    .. math::

        \delta_t = r_t + \gamma\, \hat v(s_{t+1}) - v(s_t, a_t), \qquad
        z_t = \gamma \lambda k_t\, z_{t-1} + \nabla g(s_t, a_t), \qquad
        \Delta W = \delta_t z_t

    with :math:`\hat v = 0` after an end, and the trace of each episode its own. The gradient of :math:`g`
    goes back through the network from ``score``, its gradient at the readout.

    Parameters
    ----------
    value
        ``value(readout, actions)``: :math:`v`, what was expected.
    ahead
        ``ahead(readout)`` of what is seen next: :math:`\hat v`.
    score
        ``score(readout, actions)``: gradient of :math:`g` at the readout.
    lasting
        :math:`\lambda`, in [0, 1].
    kept
        ``kept(readout, actions)``: :math:`k`, whether the trace survives the action; always where None.
    """

    value: OfReadout
    ahead: Callable[[torch.Tensor], torch.Tensor]
    score: OfReadout
    lasting: float
    kept: OfReadout | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.lasting <= 1:
            raise TrainingError(f"the trace must be in [0, 1], not {self.lasting}")

    def begin(self, stages: Stages, params: Params, episodes: int) -> Params:
        """No trace yet."""
        return {
            layer: {name: w.new_zeros(episodes, *w.shape) for name, w in weights.items()}
            for layer, weights in params.items()
        }

    def learn(
        self, stages: Stages, params: Params, experience: Experience, state: Params, discount: float
    ) -> Learned:
        """The change, the error, and the trace that is left."""
        moments = trace(stages, params, experience.observations)
        given, going = moments[stages[-1].name].output, ~experience.done
        expected = self.ahead(readout(forward(stages, params, experience.following)))
        error = experience.rewards + discount * going * expected - self.value(given, experience.actions)
        error = error.detach()
        errors = {stages[-1].name: self.score(given, experience.actions)}
        gradients = per_example(moments, backward(moments, errors)[1])
        fade = torch.full_like(error, discount * self.lasting)
        if self.kept is not None:
            fade = fade * self.kept(given, experience.actions)
        tags = _combined(lambda old, new: _scaled(fade, old) + new, state, gradients)
        estimate = {
            layer: {name: -_scaled(error, tag).mean(0) for name, tag in weights.items()}
            for layer, weights in tags.items()
        }
        left = _combined(lambda tag, _: _scaled(going.to(error), tag), tags, gradients)
        return Learned(estimate, error, left)


def _scaled(factor: torch.Tensor, by_episode: torch.Tensor) -> torch.Tensor:
    return factor.reshape(-1, *(1 for _ in by_episode.shape[1:])) * by_episode


def _combined(function: Callable[..., torch.Tensor], first: Params, second: Params) -> Params:
    return {
        layer: {name: function(tensor, second[layer][name]) for name, tensor in weights.items()}
        for layer, weights in first.items()
    }


def discrete(environment: Environment) -> int:
    """Number of actions; raise where actions cannot be numbered."""
    if environment.continuous:
        raise TrainingError(
            f"environment {environment.name!r} has continuous actions, and this rule chooses among numbered "
            "ones. Rules that can act there: actor_critic, reinforce, td_lambda"
        )
    return environment.outputs
