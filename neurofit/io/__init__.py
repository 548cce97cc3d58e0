"""Recordings in, results out."""

from ._arrays import from_arrays
from ._atomic import beside
from ._inspect import inspect
from ._inspection import Inspection
from ._nwb import open_nwb
from ._store import load, save

__all__ = ["Inspection", "beside", "from_arrays", "inspect", "load", "open_nwb", "save"]
