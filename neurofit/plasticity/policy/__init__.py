"""Learning rules of behaviour, from choices trial by trial."""

from ._generate import simulate_choices
from ._policy_rule import PolicyRule
from ._rules import PolicyLearning, policy_rules

__all__ = ["PolicyLearning", "PolicyRule", "policy_rules", "simulate_choices"]
