"""What an NWB file holds, as the parts of a session."""

from ._dandi import open_dandi
from ._inspect import inspect
from ._inspection import Inspection
from ._open import open_nwb

__all__ = ["Inspection", "inspect", "open_dandi", "open_nwb"]
