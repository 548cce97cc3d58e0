"""Emergent tuning: what units of a trained layer, or of an area, prefer that untrained ones do not."""

from ._arena import Grid, Place
from ._gratings import Orientation, SpatialFrequency
from ._prevalence import emergent_tuning
from ._probes import probe_gratings, probe_positions
from ._tunings import Tuning, tunings
from ._units import unit_tuning

__all__ = [
    "Grid",
    "Orientation",
    "Place",
    "SpatialFrequency",
    "Tuning",
    "emergent_tuning",
    "probe_gratings",
    "probe_positions",
    "tunings",
    "unit_tuning",
]
