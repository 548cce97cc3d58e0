"""Recordings in, results out."""

from ._atomic import beside
from ._store import load, save
from .door import fingerprint
from .nwb import Inspection, inspect, open_dandi, open_nwb
from .session import from_arrays

__all__ = [
    "Inspection",
    "beside",
    "fingerprint",
    "from_arrays",
    "inspect",
    "load",
    "open_dandi",
    "open_nwb",
    "save",
]
