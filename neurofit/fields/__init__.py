"""Vector fields of weight changes, which tell whether there is an objective behind plasticity."""

from ._coordinates import field_metrics
from ._hidden import effective_jacobian
from ._power import power
from ._sensitivity import sensitivity
from ._weight_field import WeightField
from .closed import closed_field, closed_fields, perturbed, walked
from .jacobian import field_estimators
from .paths import alignment, alignment_nulls, circulation, irreversibility

__all__ = [
    "WeightField",
    "alignment",
    "alignment_nulls",
    "circulation",
    "closed_field",
    "closed_fields",
    "effective_jacobian",
    "field_estimators",
    "field_metrics",
    "irreversibility",
    "perturbed",
    "power",
    "sensitivity",
    "walked",
]
