"""Along paths of weights: alignment with a known loss, circulation, and irreversibility."""

from ._alignment import alignment
from ._circulation import circulation
from ._irreversibility import irreversibility
from ._nulls import alignment_nulls

__all__ = ["alignment", "alignment_nulls", "circulation", "irreversibility"]
