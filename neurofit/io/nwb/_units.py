"""What a table of units tells beside spike times: when each was observed, its waveform, its electrode."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from ...names import (
    ELECTRODE_ID,
    OBSERVATION,
    OBSERVATIONS,
    OBSERVED_START,
    OBSERVED_STOP,
    ROW_SIZE,
    SPIKE_TIME,
    UNIT,
    WAVEFORM_CHANNEL,
    WAVEFORM_MEAN,
    WAVEFORM_SAMPLE,
    WAVEFORM_SD,
)
from ..door._door import is_a
from ..door._survey import refuse_overclaims, shape_of
from ..session._columns import as_column, text
from ._parts import MOST_VALUES

if TYPE_CHECKING:
    import xarray as xr

    from ..door._door import Recording
    from ..session._columns import Array
    from ..session._report import Report

WHERE = "units"
POSITION = ("x", "y", "z")


def with_more(spikes: xr.Dataset, recording: Recording, report: Report) -> xr.Dataset:
    """``spikes`` with the time that each unit was observed for, its waveform and its electrode, if given."""
    units = recording.nwb.units
    own = {name: units[name] for name in units.colnames}
    if "obs_intervals" in own:
        spikes = _with_observations(spikes, own["obs_intervals"], report)
    if "electrodes" in own:
        spikes = spikes.assign_coords(_electrodes(own["electrodes"], spikes, report))
    if "waveforms" in own:
        size = " x ".join(map(str, shape_of(_flat(own["waveforms"]))))
        report.note(f"waveforms of single spikes, {size}", where=f"{WHERE}/waveforms", action="left out")
    stored = recording.stored(units)
    waveforms = {
        name: _waveform(own[name], stored[name].attrs, spikes.sizes[UNIT], report)
        for name in (WAVEFORM_MEAN, WAVEFORM_SD)
        if name in own
    }
    return spikes.assign({name: held for name, held in waveforms.items() if held is not None})


def _flat(column: Any) -> Any:
    """The data of ``column``, however often they are indexed; nothing is read."""
    while is_a(column, "VectorIndex"):
        column = column.target
    return column.data


def _with_observations(spikes: xr.Dataset, column: Any, report: Report) -> xr.Dataset:
    """``spikes`` with the intervals in which each unit was observed; what does not fit is told."""
    where = f"{WHERE}/obs_intervals"
    is_ragged, data = is_a(column, "VectorIndex"), _flat(column)
    refuse_overclaims(data, where)
    ends = np.asarray(column.data[:]).astype(np.int64) if is_ragged else np.arange(1, len(data) + 1)
    counts = np.diff(ends, prepend=0)
    fits = shape_of(data)[1:] == (2,) and len(counts) == spikes.sizes[UNIT]
    if not fits or np.any(counts < 0) or counts.sum() != len(data):
        report.defect("not a start and a stop for each interval of each unit", where=where, action="left out")
        return spikes
    start, stop = np.asarray(data[:], dtype=np.float64).T
    if counts.size:
        _check_observations(spikes, np.split(start, ends[:-1]), np.split(stop, ends[:-1]), where, report)
    return spikes.assign(
        {
            OBSERVED_START: (OBSERVATION, start, {"units": "s", "long_name": "start of observation"}),
            OBSERVED_STOP: (OBSERVATION, stop, {"units": "s", "long_name": "end of observation"}),
            OBSERVATIONS: (UNIT, counts, {"units": "1", "long_name": "observations of each unit"}),
        }
    )


def _check_observations(
    spikes: xr.Dataset, starts: list[Array], stops: list[Array], where: str, report: Report
) -> None:
    bad: dict[str, list[int]] = {"NaN or infinite": [], "reversed": [], "overlapping or unsorted": []}
    outside: dict[int, int] = {}
    trains = np.split(spikes[SPIKE_TIME].values, np.cumsum(spikes[ROW_SIZE].values)[:-1])
    for unit, (train, start, stop) in enumerate(zip(trains, starts, stops, strict=True)):
        if not np.isfinite([start, stop]).all():
            bad["NaN or infinite"].append(unit)
        elif np.any(stop < start):
            bad["reversed"].append(unit)
        else:
            if np.any(start[1:] < stop[:-1]):
                bad["overlapping or unsorted"].append(unit)
            outside[unit] = _outside(train, start, stop)
    for kind, units in bad.items():
        if units:
            report.defect(f"{kind} intervals of observation", where=where, rows=units)
    never = [unit for unit, start in enumerate(starts) if not start.size]
    if never:
        report.note("no interval of observation", where=where, rows=never)
    units = [unit for unit, count in outside.items() if count]
    if units:
        told = f"spikes outside the time observed ({sum(outside.values()):,})"
        report.defect(told, where=WHERE, rows=units)


def _outside(train: Array, start: Array, stop: Array) -> int:
    """Number of spikes that lie in none of the intervals; both their ends belong to them."""
    train = train[np.isfinite(train)]
    begun = np.searchsorted(np.sort(start), train, side="right")
    ended = np.searchsorted(np.sort(stop), train, side="left")
    return int(np.count_nonzero(begun == ended))


def _waveform(column: Any, attrs: Any, units: int, report: Report) -> Any:
    """The waveform of each unit as a variable; None, and a note, where it cannot be held."""
    shape, where = shape_of(column.data), f"{WHERE}/{column.name}"
    dims = (UNIT, WAVEFORM_SAMPLE, WAVEFORM_CHANNEL)[: len(shape)]
    if is_a(column, "VectorIndex") or len(shape) not in (2, 3) or shape[0] != units:
        report.note("not one waveform for each unit", where=where, action="left out")
        return None
    if prod(shape) > MOST_VALUES:
        report.note(f"{prod(shape):,} values", where=where, action="left out")
        return None
    refuse_overclaims(column.data, where)
    said = {"units": text(attrs.get("unit", "volts")), "long_name": column.name.replace("_", " ")}
    if "sampling_rate" in attrs:
        said["sampling_rate"] = float(attrs["sampling_rate"])
    return dims, np.asarray(column.data[:]), said


def _electrodes(column: Any, spikes: xr.Dataset, report: Report) -> dict[str, Any]:
    """Id and position of the electrode of each unit, where each has one."""
    is_ragged = is_a(column, "VectorIndex")
    region = column.target if is_ragged else column
    rows = np.asarray(region.data[:]).astype(np.int64)
    ends = np.asarray(column.data[:]) if is_ragged else np.arange(1, len(rows) + 1)
    if len(ends) != spikes.sizes[UNIT] or np.any(np.diff(ends, prepend=0) != 1):
        report.note("not one electrode for each unit", where=f"{WHERE}/electrodes", action="ids left out")
        return {}
    table = region.table
    if table is None or np.any((rows < 0) | (rows >= len(table.id))):
        return {}  # The report on their areas tells of electrodes that do not exist.
    columns = {ELECTRODE_ID: np.asarray(table.id[:])}
    for axis in POSITION:
        values = as_column(table[axis][:]) if axis in table.colnames else None
        if values is not None and values.dtype.kind in "iuf":
            columns[f"electrode_{axis}"] = values
    return {name: (UNIT, values[rows]) for name, values in columns.items() if name not in spikes.coords}
