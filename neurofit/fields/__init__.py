"""Vector fields of weight changes, which tell whether there is an objective behind plasticity."""

from ._coordinates import field_metrics
from ._weight_field import WeightField
from .jacobian import field_estimators

__all__ = ["WeightField", "field_estimators", "field_metrics"]
