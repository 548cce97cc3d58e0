"""Learning rules of behaviour, from choices trial by trial."""

from ._generate import simulate_choices
from ._rules import PolicyLearning, policy_rules

__all__ = ["PolicyLearning", "policy_rules", "simulate_choices"]
