"""Rules from two distributions of firing rates: novel against familiar stimuli."""

from ._alternatives import Alternative
from ._alternatives import alternatives as rate_alternatives
from ._calibration import null_test, power
from ._families import Family
from ._families import families as rate_families
from ._methods import Method
from ._registry import rate_methods
from ._rule import RateRule

__all__ = [
    "Alternative",
    "Family",
    "Method",
    "RateRule",
    "null_test",
    "power",
    "rate_alternatives",
    "rate_families",
    "rate_methods",
]
