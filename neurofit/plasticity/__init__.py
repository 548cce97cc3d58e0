"""Learning rules inferred from firing rates, weights and behaviour."""

from .rates import RateRule, rate_methods

__all__ = ["RateRule", "rate_methods"]
