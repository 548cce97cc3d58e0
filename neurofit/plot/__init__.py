"""One figure function for each kind of result; each draws on the Axes given and gives them back."""

from ._evaluation import evaluation, time_course
from ._figures import figures, save
from ._layers import layer_map, layer_position, similarity
from ._learning_rules import bias_variance, tuning_change
from ._models import models
from ._rdm import rdm

__all__ = [
    "bias_variance",
    "evaluation",
    "figures",
    "layer_map",
    "layer_position",
    "models",
    "rdm",
    "save",
    "similarity",
    "time_course",
    "tuning_change",
]
