"""Sessions at equal intervals, and what was designed in perturbations."""

from __future__ import annotations

import numpy as np
import xarray as xr

from ..errors import RecordingError, SchemaError, listing
from ..names import SESSION_INDEX, SYNAPSE, SYNAPSE_B, TRIAL

UNEQUAL = 0.01  # of an interval, by which intervals may differ and still count as equal
LAGS = {"none": 0, "lag1": 1, "lag2": 2}


def covariance_of(delta: xr.DataArray, told: xr.DataArray | float | None) -> xr.DataArray:
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
    return told.astype(float)


def times_of(data: xr.Dataset, times: xr.DataArray | None, axis: str) -> np.ndarray:
    count = data.sizes[SESSION_INDEX]
    if times is None:
        labels = data[SESSION_INDEX].values
        return labels.astype(float) if labels.dtype.kind in "iuf" else np.arange(float(count))
    told = np.asarray(times)
    if told.dtype.kind == "M":
        told = told - told[:1]
    values = (told / np.timedelta64(1, "D") if told.dtype.kind == "m" else told).astype(float)
    if values.shape != (count,):
        raise SchemaError(f"times are {count} numbers, one for each {axis}; got shape {values.shape}")
    wrong = np.flatnonzero(~(np.diff(values) > 0))
    if len(wrong):
        raise SchemaError(
            f"times have to increase; they do not after {axis} {listing(wrong, limit=5)}: sort sessions"
        )
    return values


def evenly(data: xr.Dataset, times: np.ndarray, rate: str) -> xr.Dataset:
    """Sessions at equal intervals, with gaps filled by missing ones; as they are for differences."""
    steps = np.diff(times)
    if len(steps) and rate == "logarithm":
        interval = float(steps.min())
        at = (times - times[0]) / interval
        if (np.abs(at - np.round(at)) > UNEQUAL * np.maximum(at, 1)).any() or at[-1] > 10 * len(at):
            raise RecordingError(
                f"intervals between sessions are not equal, from {steps.min():.3g} to {steps.max():.3g}: "
                "take rate='difference' if weights change little in them, or sessions at equal intervals"
            )
        places = np.round(at).astype(int)
        data = data.assign_coords({SESSION_INDEX: places}).reindex({SESSION_INDEX: np.arange(places[-1] + 1)})
        times = times[0] + interval * np.arange(places[-1] + 1)
    return data.assign(times=(SESSION_INDEX, times))


def duration(dt: float) -> float:
    """``dt``, if it is one."""
    if not dt > 0:
        raise SchemaError(f"dt is a time above 0, not {dt}")
    return float(dt)


def lag_of(instrument: str | xr.DataArray) -> int:
    """How many sessions before the step its instrument is; 0 where that is another measurement."""
    if isinstance(instrument, xr.DataArray):
        return 0
    if instrument not in LAGS:
        raise SchemaError(f"instrument is one of {list(LAGS)} or a second measurement, not {instrument!r}")
    return LAGS[instrument]
