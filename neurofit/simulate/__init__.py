"""Data with a known answer, written as real NWB files."""

from ._population import readouts
from ._session import session, truth

__all__ = ["readouts", "session", "truth"]
