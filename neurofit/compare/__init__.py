"""Brains against models: which layer of which network is most similar to each area."""

from ._areas import areas_to_layers
from ._models import read_models
from .emergent import Tuning, emergent_tuning, probe_gratings, probe_positions, tunings, unit_tuning
from .optimal import constraints, fit_readout, optimal_stimulus

__all__ = [
    "Tuning",
    "areas_to_layers",
    "constraints",
    "emergent_tuning",
    "fit_readout",
    "optimal_stimulus",
    "probe_gratings",
    "probe_positions",
    "read_models",
    "tunings",
    "unit_tuning",
]
