"""Objectives: what a network's activity should be like, as a cost to bring down."""

# Entering them in the registry is their purpose.
from . import (  # noqa: F401
    _code,
    _combine,
    _information,
    _movement,
    _prediction,
    _reweigh,
    _slowness,
    _sparseness,
    _supervised,
    _upkeep,
)
from ._objective import Objective, objectives

__all__ = ["Objective", "objectives"]
