"""Rules that learn from reward as it comes: actor-critic, temporal differences, REINFORCE, Q-learning."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn.functional import one_hot

from . import _policy
from ._rule import AgentRule, Traced, agent_rules, discrete

if TYPE_CHECKING:
    from ._environment import Environment

SUTTON = "Sutton & Barto 2018, Reinforcement Learning: An Introduction, 2nd edition, MIT Press"
SCHULTZ = "Schultz, Dayan & Montague 1997, Science 275:1593, doi:10.1126/science.275.5306.1593"
WILLIAMS = "Williams 1992, Machine Learning 8:229, doi:10.1007/BF00992696"
WATKINS = "Watkins & Dayan 1992, Machine Learning 8:279, doi:10.1007/BF00992698"


@agent_rules.register("actor_critic")
def actor_critic(*, trace: float = 0.8, value_weight: float = 1.0, sigma: float = 0.3) -> AgentRule:
    r"""Actor-critic with eligibility traces: one prediction error teaches the policy and the value.

    .. math::

        \delta_t = r_t + \gamma V(s_{t+1}) - V(s_t), \qquad
        z_t = \gamma \lambda z_{t-1} + \nabla \left(\log \pi(a_t \mid s_t) + c\, V(s_t)\right), \qquad
        \Delta W = \delta_t z_t

    The last readout unit is the value, the others are the policy: a softmax over actions or, where actions
    are continuous, the mean of a normal distribution. With :math:`\lambda = 1` and weights held, the changes
    of an episode add up to REINFORCE with the value as baseline, whose expectation is the gradient of the
    return (but for the discount of late states, which is left out as usual); with less it is biased by what
    the value gets wrong (Sutton & Barto, section 13.5).

    Parameters
    ----------
    trace
        :math:`\lambda`.
    value_weight
        c, how fast the value learns compared with the policy.
    sigma
        Standard deviation of continuous actions.

    Returns
    -------
    AgentRule

    References
    ----------
    Sutton & Barto 2018, Reinforcement Learning: An Introduction, 2nd edition, MIT Press

    Schultz, Dayan & Montague 1997, Science 275:1593, doi:10.1126/science.275.5306.1593
    """

    def score(given: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        policy = _policy.score(given[:, :-1], actions, sigma=_width(actions, sigma))
        return torch.cat([policy, torch.full_like(given[:, -1:], value_weight)], dim=1)

    def act(given: torch.Tensor, environment: Environment, generator: torch.Generator) -> torch.Tensor:
        return _policy.act(given[:, :-1], generator, sigma=sigma if environment.continuous else None)

    traced = Traced(lambda given, _: given[:, -1], lambda given: given[:, -1], score, trace)
    return AgentRule(
        "actor_critic",
        lambda environment: environment.outputs + 1,
        act,
        traced.learn,
        traced.begin,
        references=(SUTTON, SCHULTZ),
    )


@agent_rules.register("td_lambda")
def td_lambda(*, trace: float = 0.8) -> AgentRule:
    r"""Prediction by temporal differences: the value of acting at random.

    .. math::

        \delta_t = r_t + \gamma V(s_{t+1}) - V(s_t), \qquad
        z_t = \gamma \lambda z_{t-1} + \nabla V(s_t), \qquad \Delta W = \delta_t z_t

    With one input for each state it converges, with falling steps, to the exact value whatever
    :math:`\lambda`; with weights held and :math:`\lambda = 1` the changes of an episode add up to those of
    Monte Carlo, :math:`\sum_t (G_t - V(s_t)) \nabla V(s_t)`. With a nonlinear network it may diverge.

    Parameters
    ----------
    trace
        :math:`\lambda`.

    Returns
    -------
    AgentRule
        One readout unit, the value. Actions are drawn evenly; continuous ones from a standard normal
        distribution.

    References
    ----------
    Sutton 1988, Machine Learning 3:9, doi:10.1007/BF00115009

    Schultz, Dayan & Montague 1997, Science 275:1593, doi:10.1126/science.275.5306.1593
    """
    source = "Sutton 1988, Machine Learning 3:9, doi:10.1007/BF00115009"
    traced = Traced(_first, lambda given: given[:, 0], lambda given, _: torch.ones_like(given), trace)
    return AgentRule(
        "td_lambda", lambda _: 1, _at_random, traced.learn, traced.begin, references=(source, SCHULTZ)
    )


@agent_rules.register("reinforce")
def reinforce(*, sigma: float = 0.3) -> AgentRule:
    r"""REINFORCE: what was done is made more likely by the reward that followed it.

    .. math::

        z_t = \gamma z_{t-1} + \nabla \log \pi(a_t \mid s_t), \qquad \Delta W = r_t z_t

    Over an episode with weights held this is :math:`\sum_t G_t \nabla \log \pi(a_t \mid s_t)`, unbiased and
    noisy: there is no baseline. ``{"name": "actor_critic", "trace": 1.0}`` has one.

    Parameters
    ----------
    sigma
        Standard deviation of continuous actions.

    Returns
    -------
    AgentRule

    References
    ----------
    Williams 1992, Machine Learning 8:229, doi:10.1007/BF00992696
    """

    def score(given: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
        return _policy.score(given, actions, sigma=_width(actions, sigma))

    def act(given: torch.Tensor, environment: Environment, generator: torch.Generator) -> torch.Tensor:
        return _policy.act(given, generator, sigma=sigma if environment.continuous else None)

    traced = Traced(lambda given, _: 0 * given[:, 0], lambda given: 0 * given[:, 0], score, 1.0)
    return AgentRule(
        "reinforce",
        lambda environment: environment.outputs,
        act,
        traced.learn,
        traced.begin,
        references=(WILLIAMS,),
    )


@agent_rules.register("q_learning")
def q_learning(*, trace: float = 0.0, epsilon: float = 0.1) -> AgentRule:
    r"""Q-learning: the value of each action, if the best ones are taken afterwards.

    .. math::

        \delta_t = r_t + \gamma \max_a Q(s_{t+1}, a) - Q(s_t, a_t), \qquad
        z_t = \gamma \lambda z_{t-1} [a_t \text{ is the best}] + \nabla Q(s_t, a_t), \qquad
        \Delta W = \delta_t z_t

    With one input for each state, falling steps and every action tried without end it converges to the
    optimal values, whatever is done meanwhile; with a network it may diverge.

    Parameters
    ----------
    trace
        :math:`\lambda`; the trace is cut where another than the best action is tried (Watkins).
    epsilon
        Share of decisions in which any action is taken.

    Returns
    -------
    AgentRule

    References
    ----------
    Watkins & Dayan 1992, Machine Learning 8:279, doi:10.1007/BF00992698
    """

    def best(given: torch.Tensor) -> torch.Tensor:
        return given.max(1).values

    def act(given: torch.Tensor, environment: Environment, generator: torch.Generator) -> torch.Tensor:
        return _policy.explore(given, generator, epsilon=epsilon)

    traced = Traced(
        _of_action,
        best,
        lambda given, actions: one_hot(actions, given.shape[1]).to(given),
        trace,
        lambda given, actions: (_of_action(given, actions) == best(given)).to(given),
    )
    return AgentRule("q_learning", discrete, act, traced.learn, traced.begin, references=(WATKINS,))


def _first(given: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
    return given[:, 0]


def _of_action(given: torch.Tensor, actions: torch.Tensor) -> torch.Tensor:
    return given.gather(1, actions[:, None])[:, 0]


def _width(actions: torch.Tensor, sigma: float) -> float | None:
    return sigma if actions.is_floating_point() else None


def _at_random(given: torch.Tensor, environment: Environment, generator: torch.Generator) -> torch.Tensor:
    if environment.continuous:
        drawn = torch.randn(len(given), environment.outputs, generator=generator)
    else:
        drawn = torch.randint(environment.outputs, (len(given),), generator=generator)
    return drawn.to(given.device)
