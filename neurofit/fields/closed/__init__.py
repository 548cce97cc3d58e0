"""Small fields of weight changes whose Jacobian is known: what estimators are tried on."""

from ._field import ClosedField, closed_field, closed_fields
from ._noise import noises
from ._perturbed import perturbed
from ._walked import walked

__all__ = ["ClosedField", "closed_field", "closed_fields", "noises", "perturbed", "walked"]
