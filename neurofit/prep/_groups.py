"""Which trials are repeats of one another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SchemaError, unknown_name
from ..names import TRIAL

if TYPE_CHECKING:
    import xarray as xr

Array = np.ndarray[Any, Any]


def groups(responses: xr.DataArray, by: str) -> tuple[Array, Array]:
    """The distinct values of the coord ``by``, sorted, and for each trial the index of its own."""
    if TRIAL not in responses.dims:
        raise SchemaError(f"there are no repeats without dim 'trial'; got dims {responses.dims}")
    on_trials = [str(name) for name, coord in responses.coords.items() if coord.dims == (TRIAL,)]
    if by not in on_trials:
        raise unknown_name("coord of trials", by, on_trials)
    values = responses[by].values
    absent = int(np.count_nonzero(missing(values)))
    if absent:
        raise SchemaError(f"{absent} trials have no {by}; leave them out before grouping")
    return np.unique(values, return_inverse=True)


def missing(values: Array) -> Array:
    """Where ``values`` say nothing: an empty text or NaN."""
    if values.dtype.kind == "f":
        return np.isnan(values)
    return values == "" if values.dtype.kind in "UOT" else np.zeros(values.shape, dtype=bool)
