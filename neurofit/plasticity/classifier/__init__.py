"""Learning rules told apart by what networks do while they learn."""

from ._classifier import RuleClassifier
from ._observables import observables

__all__ = ["RuleClassifier", "observables"]
