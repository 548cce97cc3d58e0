"""What is asked of responses before they are computed with, and how units are named."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from ..errors import SchemaError, listing
from ..names import TIME, TRIAL, UNIT, UNIT_ID

if TYPE_CHECKING:
    import xarray as xr

    from ._groups import Array


def need_dims(responses: xr.DataArray, *dims: str) -> None:
    """Raise unless ``responses`` have all of ``dims``."""
    problems = [f"missing dim {dim!r}" for dim in dims if dim not in responses.dims]
    if problems:
        raise SchemaError(
            f"{'; '.join(problems)}. Got dims {responses.dims}. Rename with data.rename(old='new'); "
            "see docs/schemas.md."
        )


def part_of_time(responses: xr.DataArray, window: tuple[float, float]) -> xr.DataArray:
    """``responses`` where ``time``, the left edge of the bin, is in ``[a, b)``."""
    need_dims(responses, TIME)
    if TIME not in responses.coords:
        raise SchemaError("dim 'time' has no coord; add one with assign_coords(time=...), in seconds")
    # To the nanosecond: an axis of time that was computed may call zero -5e-17.
    time, ends = np.round(responses[TIME].values, 9), np.round(np.asarray(window, np.float64), 9)
    inside = np.flatnonzero((time >= ends[0]) & (time < ends[1]))
    if not inside.size:
        where = f"goes from {time[0]:g} to {time[-1]:g} s" if time.size else "is empty"
        raise SchemaError(f"no bin begins in [{window[0]}, {window[1]}) s: time {where}")
    return responses.isel({TIME: inside})


def trials_by_units(responses: xr.DataArray) -> xr.DataArray:
    """Responses (trial, unit) in double precision: their mean over time where there is such a dim."""
    need_dims(responses, TRIAL, UNIT)
    further = [str(dim) for dim in responses.dims if dim not in (TRIAL, UNIT, TIME)]
    if further:
        raise SchemaError(f"one value for each unit is wanted; choose one entry of {listing(further)} first")
    doubled = responses.astype(np.float64)
    return (doubled.mean(TIME) if TIME in responses.dims else doubled).transpose(TRIAL, UNIT)


def unit_names(responses: xr.DataArray | xr.Dataset, chosen: Array) -> list[str]:
    """The ids of the ``chosen`` units, or their places where they have none."""
    ids = responses[UNIT_ID].values if UNIT_ID in responses.coords else np.arange(responses.sizes[UNIT])
    return [str(name) for name in ids[chosen].tolist()]


def tell_units(responses: xr.DataArray, chosen: Array, what: str, *, stacklevel: int = 3) -> None:
    """Warn that ``what`` holds for the ``chosen`` units, by name, if there are any."""
    if np.any(chosen):
        names = listing(unit_names(responses, chosen), limit=10)
        warnings.warn(f"{what} in {np.count_nonzero(chosen)} units: {names}.", stacklevel=stacklevel)
