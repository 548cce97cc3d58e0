"""One figure function for each kind of result; each draws on the Axes given and gives them back."""

from ._figures import figures, save
from ._layers import layer_map, layer_position, similarity
from ._models import models
from ._rdm import rdm

__all__ = ["figures", "layer_map", "layer_position", "models", "rdm", "save", "similarity"]
