"""Learning rules: how each weight should change, estimated from one batch."""

from . import (  # noqa: F401 - entering them in the registry is their purpose
    feedback,
    reward,
    settling,
    unsupervised,
)
from ._rule import Rule, check, needs, rules
from ._targets import targets

__all__ = ["Rule", "check", "needs", "rules", "targets"]
