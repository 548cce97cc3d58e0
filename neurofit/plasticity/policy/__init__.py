"""Learning rules of behaviour, from choices trial by trial."""

from ._compare import compare_policy_rules
from ._generate import simulate_choices
from ._policy_rule import PolicyRule
from ._rules import PolicyLearning, policy_rules

__all__ = ["PolicyLearning", "PolicyRule", "compare_policy_rules", "policy_rules", "simulate_choices"]
