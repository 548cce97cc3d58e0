"""Data with a known answer, and files to try a reader on, written as real NWB files."""

from ._familiarity import familiarity
from ._field import field
from ._field_examples import field_tasks
from ._field_rule import RuleField, rule_field
from ._field_weights import weights
from ._population import readouts
from ._quirks import quirks
from ._recording import nwb
from ._session import session, truth

__all__ = [
    "RuleField",
    "familiarity",
    "field",
    "field_tasks",
    "nwb",
    "quirks",
    "readouts",
    "rule_field",
    "session",
    "truth",
    "weights",
]
