"""Learning rules: how each weight should change, estimated from one batch."""

from . import (  # noqa: F401 - entering them in the registry is their purpose
    _contrastive,
    _equilibrium,
    _feedback,
    _predictive,
    _rate_derivative,
    _xcal,
)
from ._rule import Rule, check, needs, rules
from ._targets import targets

__all__ = ["Rule", "check", "needs", "rules", "targets"]
