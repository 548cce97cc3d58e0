"""Learning rules inferred from firing rates, weights and behaviour."""

from .rates import RateRule, null_test, power, rate_alternatives, rate_methods

__all__ = ["RateRule", "null_test", "power", "rate_alternatives", "rate_methods"]
