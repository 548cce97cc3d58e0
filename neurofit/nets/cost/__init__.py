"""Objectives: what a network's activity should be like, as a cost to bring down."""

from . import (  # noqa: F401 - entering them in the registry is their purpose
    _code,
    _combine,
    _information,
    _local_readout,
    _movement,
    _prediction,
    _reward,
    _reweigh,
    _slowness,
    _sparseness,
    _squared_error,
    _supervised,
    _upkeep,
)
from ._objective import Objective, objectives

__all__ = ["Objective", "objectives"]
