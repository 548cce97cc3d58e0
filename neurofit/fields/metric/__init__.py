"""In which metric a field is a gradient: the usual one, logarithms, a given one, or one searched for."""

from ._coordinates import in_metric, log_weights
from ._gradient import gradient_metric
from ._search import metric_kinds

__all__ = ["gradient_metric", "in_metric", "log_weights", "metric_kinds"]
