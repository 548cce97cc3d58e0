"""The symmetric and the antisymmetric part of a Jacobian, from perturbations and from sessions."""

from ._pairs import carried_over
from ._registry import Estimator, Trials, chosen, field_estimators
from ._spectrum import Spectrum, fixed_point_kind, spectrum
from ._steps import Steps, flips, logarithm, strength
from ._sums import Estimate, Indices, Sums

__all__ = [
    "Estimate",
    "Estimator",
    "Indices",
    "Spectrum",
    "Steps",
    "Sums",
    "Trials",
    "carried_over",
    "chosen",
    "field_estimators",
    "fixed_point_kind",
    "flips",
    "logarithm",
    "spectrum",
    "strength",
]
