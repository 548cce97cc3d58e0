"""Brains against models: which layer of which network is most similar to each area."""

from ._areas import areas_to_layers
from ._models import read_models

__all__ = ["areas_to_layers", "read_models"]
