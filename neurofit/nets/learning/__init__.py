"""Learning rules: how each weight should change, estimated from one batch."""

from . import (  # noqa: F401 - entering them in the registry is their purpose
    _agrel,
    _eprop,
    _feedback,
    _perturbation,
    _reinforce,
    _three_factor,
    _burst,
    _dendritic,
    _direct,
    _hebbian,
    _reciprocal,
    _sign_concordant,
    _target_propagation,
    _weight_mirror,
    _ica,
    _sailnet,
    _self_organising_map,
    _slow_features,
    _sparse_coding,
)
from ._rule import Rule, check, needs, rules
from ._targets import targets

__all__ = ["Rule", "check", "needs", "rules", "targets"]
