"""Learning rules: how each weight should change, estimated from one batch."""

from . import (  # noqa: F401 - entering them in the registry is their purpose
    _agrel,
    _burst,
    _contrastive,
    _dendritic,
    _direct,
    _discontinuity,
    _eprop,
    _equilibrium,
    _feedback,
    _hebbian,
    _ica,
    _one_shot,
    _perturbation,
    _predictive,
    _rate_derivative,
    _reciprocal,
    _reinforce,
    _sailnet,
    _self_organising_map,
    _sign_concordant,
    _slow_features,
    _sparse_coding,
    _target_propagation,
    _three_factor,
    _time_scale,
    _weight_mirror,
    _xcal,
)
from ._rule import Rule, check, needs, rules
from ._targets import targets

__all__ = ["Rule", "check", "needs", "rules", "targets"]
