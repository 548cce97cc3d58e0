"""Whether the spikes lie where the rest of the recording lies."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...names import ROW_SIZE, SPIKE_TIME, STOP_TIME, TIME

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr

    from ..session._report import Report

# Spikes are a thousand times as late in milliseconds; fifty times is more than any recording runs on alone.
MILLISECONDS = 50
LONG_AFTER = 60.0  # s


def check_extent(spikes: xr.Dataset | None, rest: Iterable[xr.Dataset], report: Report) -> None:
    """Report spikes long after all other data of the recording end, and those that may be in milliseconds."""
    end = max((_end(part) for part in rest), default=0.0)
    if spikes is None or end <= 0:
        return
    spike_time = spikes[SPIKE_TIME].values
    # Comparisons with NaN are false, and take far less memory than the spike times.
    if np.count_nonzero(spike_time > MILLISECONDS * end) > spike_time.size / 2:
        told = f"half of the spikes come after {MILLISECONDS} times the {end:g} s of all else"
        report.defect(f"{told}: are they in milliseconds?", where="units")
        return
    late = np.flatnonzero((spike_time > end + max(end, LONG_AFTER)) & (spike_time < np.inf))
    if late.size:
        unit = np.searchsorted(np.cumsum(spikes[ROW_SIZE].values), late, side="right")
        told = f"spikes long after all else, which ends at {end:g} s"
        report.defect(told, where="units", rows=np.unique(unit))


def _end(part: xr.Dataset) -> float:
    times = [part[name].values for name in (STOP_TIME, TIME) if name in part.variables]
    return max((float(time.max(initial=0, where=np.isfinite(time))) for time in times), default=0.0)
