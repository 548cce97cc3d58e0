"""Learning rules inferred from firing rates, weights and behaviour."""

from .bci import feedback_bias, simulate_bci
from .classifier import RuleClassifier, observables
from .policy import PolicyLearning, PolicyRule, compare_policy_rules, policy_rules, simulate_choices
from .rates import RateRule, null_test, power, rate_alternatives, rate_families, rate_methods
from .taylor import NetworkRule, TaylorRule, choice_trajectories, plastic_trajectories

__all__ = [
    "NetworkRule",
    "PolicyLearning",
    "PolicyRule",
    "RateRule",
    "RuleClassifier",
    "TaylorRule",
    "choice_trajectories",
    "compare_policy_rules",
    "feedback_bias",
    "null_test",
    "observables",
    "plastic_trajectories",
    "policy_rules",
    "power",
    "rate_alternatives",
    "rate_families",
    "rate_methods",
    "simulate_bci",
    "simulate_choices",
]
