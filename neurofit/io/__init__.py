"""Recordings in, results out."""

from ._atomic import beside
from ._brainio import from_brainio, to_brainio
from ._many import open_many
from ._pynapple import from_pynapple, to_pynapple
from ._requirements import Requirements, check_requirements
from ._store import load, save
from ._write_nwb import read_result, write_nwb
from .door import fingerprint
from .nwb import Inspection, inspect, open_dandi, open_nwb
from .session import from_arrays

__all__ = [
    "Inspection",
    "Requirements",
    "beside",
    "check_requirements",
    "fingerprint",
    "from_arrays",
    "from_brainio",
    "from_pynapple",
    "inspect",
    "load",
    "open_dandi",
    "open_many",
    "open_nwb",
    "read_result",
    "save",
    "to_brainio",
    "to_pynapple",
    "write_nwb",
]
