"""Learning rules: how each weight should change, estimated from one batch."""

from . import (  # noqa: F401 - entering them in the registry is their purpose
    _burst,
    _dendritic,
    _direct,
    _feedback,
    _hebbian,
    _one_shot,
    _reciprocal,
    _sign_concordant,
    _target_propagation,
    _time_scale,
    _weight_mirror,
)
from ._rule import Rule, check, needs, rules
from ._targets import targets

__all__ = ["Rule", "check", "needs", "rules", "targets"]
