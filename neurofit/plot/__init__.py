"""One figure function for each kind of result; each draws on the Axes given and gives them back."""

from ._evaluation import evaluation, time_course
from ._fields import field_parts, field_power, field_samples, field_shares, field_spectrum
from ._figures import figures, save
from ._layers import layer_map, layer_position, similarity
from ._learning_rules import bias_variance, tuning_change
from ._models import models
from ._plastic_terms import learning_terms, observables, policy_weights
from ._rate_rules import alternatives, quantile_map, rate_rule
from ._rdm import rdm

__all__ = [
    "alternatives",
    "bias_variance",
    "evaluation",
    "field_parts",
    "field_power",
    "field_samples",
    "field_shares",
    "field_spectrum",
    "figures",
    "layer_map",
    "layer_position",
    "learning_terms",
    "models",
    "observables",
    "policy_weights",
    "quantile_map",
    "rate_rule",
    "rdm",
    "save",
    "similarity",
    "time_course",
    "tuning_change",
]
