"""What a file holds and what is wrong with it, found without reading its bulk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import RecordingError
from ..names import START_TIME, STOP_TIME, TRIAL
from ._door import opened
from ._inspection import Column, Inspection, Series, Table, Units
from ._nwb import about, read_intervals
from ._report import Report
from ._tables import described_units, spike_index

if TYPE_CHECKING:
    import xarray as xr

    from ._columns import Array
    from ._door import Recording


def inspect(path: str | Path, *, allow_external: bool = False) -> Inspection:
    """What an NWB file holds and what is wrong with it, without reading spikes or continuous data.

    Parameters
    ----------
    path
        An NWB 2 file (HDF5).
    allow_external
        Whether parts of the recording may lie in other files.

    Returns
    -------
    Inspection
        Printable; with ``.units``, ``.tables`` (columns with several values that come back several times are
        candidates for the stimulus), ``.continuous`` and ``.issues``.

    Raises
    ------
    RecordingError
        If the file is not a readable NWB 2 file.

    Examples
    --------
    >>> print(inspect("session.nwb"))
    Traceback (most recent call last):
    ...
    neurofit.errors.RecordingError: there is no file session.nwb
    """
    report = Report()
    with opened(path, report=report, allow_external=allow_external) as recording:
        series = _series(recording)
        units = _units(recording, report, is_alone=not series)
        tables = read_intervals(recording, {}, report)
        said = about(recording, report)
    return Inspection(
        source=Path(path).name,
        about=said,
        units=units,
        tables=tuple(_table(name, table) for name, table in tables.items()),
        continuous=series,
        issues=tuple(report.entries),
    )


def _units(recording: Recording, report: Report, *, is_alone: bool) -> Units | None:
    try:
        stored, _ = spike_index(recording)
    except RecordingError as error:
        if recording.nwb.units is None and not is_alone:
            report.note("no table of units", where="units", action="no /spikes")
            return None
        report.defect(str(error), where="units", action="cannot be opened as a session")
        stored = ()
    if recording.nwb.units is None:
        return None
    ids, area, columns = described_units(recording, {}, report)
    areas, counts = np.unique(area, return_counts=True)
    by_size = np.argsort(-counts, kind="stable")
    in_areas = {str(areas[rank]): int(counts[rank]) for rank in by_size}
    return Units(len(ids), len(stored), in_areas, tuple(columns))


def _table(name: str, table: xr.Dataset) -> Table:
    columns = tuple(_column(str(column), values.values) for column, values in table.items())
    times = [table[time].values for time in (START_TIME, STOP_TIME) if time in table]
    finite = np.concatenate([time[np.isfinite(time)] for time in times] or [np.empty(0)])
    span = (float(finite.min()), float(finite.max())) if finite.size else (np.nan, np.nan)
    return Table(name, table.sizes[TRIAL], span, columns)


def _column(name: str, values: Array) -> Column:
    counts = np.unique(values, return_counts=True)[1]
    return Column(name, len(counts), int(np.count_nonzero(counts == 1)), int(counts.max(initial=0)))


def _series(recording: Recording) -> tuple[Series, ...]:
    series = [
        Series(
            name=item.name,
            path=recording.stored(item).name,
            shape=_shape(item.data),
            rate=item.rate,
            unit=item.unit or "",
        )
        for item in recording.all("TimeSeries")
    ]
    return tuple(sorted(series, key=lambda entry: entry.path))


def _shape(data: Any) -> tuple[int, ...]:
    return tuple(map(int, getattr(data, "shape", None) or np.shape(data)))
