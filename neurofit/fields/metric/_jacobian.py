"""Labelled Jacobians and metrics as arrays, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import RecordingError, SchemaError
from ...names import DRAW, SYNAPSE, SYNAPSE_B

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

Numbers = np.ndarray


def square(array: xr.DataArray, name: str) -> Numbers:
    """Values (..., synapse, synapse_b), with any ``draw`` first; the ids of both dims have to agree."""
    dims = set(array.dims)
    if dims - {DRAW} != {SYNAPSE, SYNAPSE_B} or array.sizes[SYNAPSE] != array.sizes[SYNAPSE_B]:
        raise SchemaError(
            f"not valid {name!r}: got {dict(array.sizes)}; it takes a square ({SYNAPSE!r}, {SYNAPSE_B!r}), "
            f"d f of the first by w of the second, and {DRAW!r} where there are several draws of it."
        )
    both = SYNAPSE in array.coords and SYNAPSE_B in array.coords
    if both and not np.array_equal(array[SYNAPSE], array[SYNAPSE_B]):
        raise SchemaError(f"{SYNAPSE!r} and {SYNAPSE_B!r} of {name!r} are not in the same order.")
    values = array.transpose(..., SYNAPSE, SYNAPSE_B).values.astype(float)
    if not np.isfinite(values).all():
        raise SchemaError(f"{name!r} is not finite: leave out synapses with NaN from both dims.")
    if not values.any():
        raise RecordingError(f"{name!r} is all 0: there is no field to look at.")
    return values


def ids(array: xr.DataArray) -> Mapping[str, Numbers]:
    """Coords of both dims of a square."""
    return {dim: array[dim].values for dim in (SYNAPSE, SYNAPSE_B) if dim in array.coords}


def root_of(metric: xr.DataArray, jacobian: xr.DataArray) -> Numbers:
    """The symmetric root of a metric (synapse, synapse_b), or (synapse) for a diagonal one."""
    alone = metric.dims == (SYNAPSE,)
    values = np.diag(metric.values.astype(float)) if alone else square(metric, "metric")
    if values.shape != (jacobian.sizes[SYNAPSE],) * 2:
        raise SchemaError(f"'metric' is {values.shape}, for {jacobian.sizes[SYNAPSE]} synapses.")
    if SYNAPSE in metric.coords and SYNAPSE in jacobian.coords:
        metric_ids, own = metric[SYNAPSE].values, jacobian[SYNAPSE].values
        if not np.array_equal(metric_ids, own):
            raise SchemaError("'metric' and 'jacobian' differ in 'synapse': give them in one order.")
    if not np.allclose(values, values.T, rtol=1e-8, atol=1e-10 * abs(values).max()):
        raise SchemaError("'metric' is not symmetric: a length is the same both ways. Give (G + G') / 2.")
    size, axes = np.linalg.eigh((values + values.T) / 2)
    if size.min() <= 0:
        raise SchemaError(
            f"'metric' is not positive definite: its least eigenvalue is {size.min():.3g}. Every direction "
            "needs a length above 0."
        )
    return (axes * np.sqrt(size)) @ axes.T
