"""Data with a known answer, and files to try a reader on, written as real NWB files."""

from ._familiarity import familiarity
from ._population import readouts
from ._quirks import quirks
from ._recording import nwb
from ._session import session, truth

__all__ = ["familiarity", "nwb", "quirks", "readouts", "session", "truth"]
