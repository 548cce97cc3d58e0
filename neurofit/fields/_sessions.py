"""Sessions at equal intervals, and what was designed in perturbations."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..errors import AlignmentError, RecordingError, SchemaError, listing
from ..names import SESSION_INDEX, SYNAPSE, SYNAPSE_B, TRIAL

UNEQUAL = 0.05  # of an interval, by which one may differ and still count as a whole one
LAGS = {"none": 0, "lag1": 1, "lag2": 2}


def covariance_of(delta: xr.DataArray, told: xr.DataArray | float | None) -> xr.DataArray:
    """The covariance of the design: as told, or white with the mean square of ``delta``."""
    if told is None:
        return (delta**2).mean((TRIAL, SYNAPSE))
    told = told if isinstance(told, xr.DataArray) else xr.DataArray(float(told))
    sizes = {SYNAPSE: delta.sizes[SYNAPSE], SYNAPSE_B: delta.sizes[SYNAPSE]}
    if set(told.dims) not in (set(), {SYNAPSE}, {SYNAPSE, SYNAPSE_B}) or any(
        size != sizes[str(dim)] for dim, size in told.sizes.items()
    ):
        raise SchemaError(
            f"covariance is a number, (synapse,) or (synapse, synapse_b) of "
            f"{sizes[SYNAPSE]}; got {dict(told.sizes)}"
        )
    for dim in told.dims:
        if dim in told.coords and SYNAPSE in delta.coords and not np.array_equal(told[dim], delta[SYNAPSE]):
            raise AlignmentError(f"covariance has other labels along {dim!r} than delta, or another order")
    values = told.to_numpy().astype(float)
    sizes_of_it = np.linalg.eigvalsh(values) if values.ndim == 2 and np.isfinite(values).all() else values
    if not (np.isfinite(values).all() and (sizes_of_it > 0).all() and np.allclose(values, values.T)):
        raise SchemaError("covariance has to be finite, symmetric and positive definite; variances above 0")
    return told.astype(float)


def times_of(data: xr.Dataset, times: xr.DataArray | None, axis: str) -> np.ndarray:
    """When sessions were, as numbers that increase; dates in days."""
    count = data.sizes[SESSION_INDEX]
    told = np.asarray(data[SESSION_INDEX] if times is None else times)
    if times is None and told.dtype.kind not in "iufmM":
        return np.arange(float(count))
    if told.dtype.kind == "M":
        told = told - told[:1]
    values = (told / np.timedelta64(1, "D") if told.dtype.kind == "m" else told).astype(float)
    if values.shape != (count,):
        raise SchemaError(f"times are {count} numbers, one for each {axis}; got shape {values.shape}")
    wrong = np.flatnonzero(~(np.diff(values) > 0) | ~np.isfinite(values[1:]))
    if len(wrong):
        raise SchemaError(
            f"times have to increase; they do not after {axis} {listing(wrong, limit=5)}: sort sessions"
        )
    return values


def evenly(data: xr.Dataset, times: np.ndarray, rate: str) -> xr.Dataset:
    """Sessions at equal intervals, with gaps filled by missing ones; as they are for differences."""
    steps = np.diff(times)
    if len(steps) and rate == "logarithm":
        interval = float(np.quantile(steps, 0.5, method="lower"))
        whole = np.maximum(np.round(steps / interval), 1)
        if (np.abs(steps / interval - whole) > UNEQUAL).any() or whole.sum() > 10 * len(times):
            raise RecordingError(
                f"intervals between sessions are not equal, from {steps.min():.3g} to {steps.max():.3g}: "
                "take rate='difference' if weights change little in them, or sessions at equal intervals"
            )
        places = np.concatenate([[0], whole.cumsum()]).astype(int)
        data = data.assign_coords({SESSION_INDEX: places}).reindex({SESSION_INDEX: np.arange(places[-1] + 1)})
        times = times[0] + (times[-1] - times[0]) / places[-1] * np.arange(places[-1] + 1)
    return data.assign(times=(SESSION_INDEX, times))


def duration(dt: float) -> float:
    """``dt``, if it is one."""
    if not 0 < dt < np.inf:
        raise SchemaError(f"dt is a time above 0, not {dt}")
    return float(dt)


def lag_of(instrument: str | xr.DataArray) -> int:
    """How many sessions before the step its instrument is; 0 where that is another measurement."""
    if isinstance(instrument, xr.DataArray):
        return 0
    if instrument not in LAGS:
        raise SchemaError(f"instrument is one of {list(LAGS)} or a second measurement, not {instrument!r}")
    return LAGS[instrument]
