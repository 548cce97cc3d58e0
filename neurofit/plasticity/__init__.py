"""Learning rules inferred from firing rates, weights and behaviour."""

from .rates import RateRule, null_test, power, rate_alternatives, rate_methods
from .taylor import NetworkRule, TaylorRule, choice_trajectories, plastic_trajectories

__all__ = [
    "NetworkRule",
    "RateRule",
    "TaylorRule",
    "choice_trajectories",
    "null_test",
    "plastic_trajectories",
    "power",
    "rate_alternatives",
    "rate_methods",
]
