"""Vector fields of weight changes, which tell whether there is an objective behind plasticity."""

from ._coordinates import field_metrics
from ._hidden import effective_jacobian
from ._power import power
from ._sensitivity import sensitivity
from ._weight_field import WeightField
from .closed import ClosedField, closed_field, closed_fields, noises, perturbed, walked
from .jacobian import field_estimators
from .metric import gradient_metric, in_metric, log_weights, metric_kinds
from .paths import alignment, alignment_nulls, circulation, irreversibility
from .probes import probe
from .recovery import return_test
from .regression import Field, field_kinds, fit, gradient_share
from .tables import read_weights

__all__ = [
    "ClosedField",
    "Field",
    "WeightField",
    "alignment",
    "alignment_nulls",
    "circulation",
    "closed_field",
    "closed_fields",
    "effective_jacobian",
    "field_estimators",
    "field_kinds",
    "field_metrics",
    "fit",
    "gradient_metric",
    "gradient_share",
    "in_metric",
    "irreversibility",
    "log_weights",
    "metric_kinds",
    "noises",
    "perturbed",
    "power",
    "probe",
    "read_weights",
    "return_test",
    "sensitivity",
    "walked",
]
