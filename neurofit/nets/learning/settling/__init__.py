"""Rules that let activity settle: errors are what it settles away from, or between two ways of settling."""

from . import (  # noqa: F401 - entering them in the registry is their purpose
    _contrastive,
    _equilibrium,
    _predictive,
    _rate_derivative,
    _xcal,
)
