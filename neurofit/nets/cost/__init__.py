"""Objectives: what a network's activity should be like, as a cost to bring down."""

from . import _reward, _squared_error, _supervised  # noqa: F401 - entering them in the registry is their purpose
from ._objective import Objective, objectives

__all__ = ["Objective", "objectives"]
