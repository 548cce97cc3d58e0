"""Rules from two distributions of firing rates: novel against familiar stimuli."""

from ._methods import Method
from ._registry import rate_methods
from ._rule import RateRule

__all__ = ["Method", "RateRule", "rate_methods"]
