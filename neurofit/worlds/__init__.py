"""Worlds that agents and animals act in: transitions and rewards, planning, empowerment, information gain."""

from ._counts import count_transitions
from ._information import empowerment, information_gain
from ._mdp import MDP
from ._places import gridworld, labyrinth
from ._plan import evaluate_policy, soft_value_iteration, value_iteration
from ._rollout import rollout

__all__ = [
    "MDP",
    "count_transitions",
    "empowerment",
    "evaluate_policy",
    "gridworld",
    "information_gain",
    "labyrinth",
    "rollout",
    "soft_value_iteration",
    "value_iteration",
]
