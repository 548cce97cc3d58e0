"""Optimal stimuli: what drives a unit or an area most, by ascent through a fitted network."""

from ._limits import constraints
from ._readout import fit_readout
from ._stimulus import optimal_stimulus

__all__ = ["constraints", "fit_readout", "optimal_stimulus"]
