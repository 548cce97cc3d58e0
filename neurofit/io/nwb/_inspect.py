"""What a file holds and what is wrong with it, found without reading its bulk."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np

from ...errors import RecordingError
from ...names import START_TIME, STOP_TIME, TRIAL
from ..door._door import read
from ..door._storage import base_name
from ..door._survey import shape_of
from ..session._report import Report
from ..session._session import unit_coords
from ._extent import check_extent
from ._inspection import Column, Inspection, Series, Table, Units
from ._open import about, read_intervals, read_spikes
from ._parts import part_names, read_parts
from ._tables import described_units, spike_index
from ._unread import note_unread

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

    from ..door._door import Recording
    from ..session._columns import Array


def inspect(path: str | Path, *, deep: bool = False, allow_external: bool = False) -> Inspection:
    """What an NWB file holds and what is wrong with it, by default without reading spikes or continuous data.

    Parameters
    ----------
    path
        An NWB 2 file (HDF5 or Zarr), or the address of one on a server (``https://...``).
    deep
        Whether to read the spikes and all continuous series too, for what is wrong with their values.
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

    def look(recording: Recording) -> Inspection:
        series = _series(recording)
        units = _units(recording, report, is_alone=not series)
        tables = read_intervals(recording, {}, report)
        note_unread(recording, report)
        if deep:
            _read_all(recording, tables, report)
        return Inspection(
            source=base_name(path),
            about=about(recording, report),
            units=units,
            tables=tuple(_table(name, table) for name, table in tables.items()),
            continuous=series,
            issues=(),
        )

    found = read(path, look, report=report, allow_external=allow_external)
    return replace(found, issues=tuple(report.entries))


def _read_all(recording: Recording, tables: dict[str, xr.Dataset], report: Report) -> None:
    """Read all values for what is wrong with them, one part after the other, and keep none."""
    names = part_names(recording)
    parts = (part for name in names for _, part in read_parts(recording, [name], {}, report))
    try:
        spikes = read_spikes(recording, {}, report)
    except RecordingError as error:
        report.defect(str(error), where="units", action="cannot be opened as a session")
        spikes = None
    check_extent(spikes, chain(tables.values(), parts), report)


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
    unit_coords(ids, area, columns, report)
    areas, counts = np.unique(area, return_counts=True)
    by_size = np.argsort(-counts, kind="stable")
    in_areas = {str(areas[rank]): int(counts[rank]) for rank in by_size}
    return Units(len(ids), len(stored), in_areas, tuple(columns))


def _table(name: str, table: xr.Dataset) -> Table:
    told = {str(column): values for column, values in table.items()}
    sizes = {f"{column}_row_size" for column, values in told.items() if values.dims != (TRIAL,)}
    columns = tuple(_column(column, values.values) for column, values in told.items() if column not in sizes)
    times = [table[time].values for time in (START_TIME, STOP_TIME) if time in table]
    finite = np.concatenate([time[np.isfinite(time)] for time in times] or [np.empty(0)])
    span = (float(finite.min()), float(finite.max())) if finite.size else (np.nan, np.nan)
    return Table(name, table.sizes[TRIAL], span, columns)


def _column(name: str, values: Array) -> Column:
    counts = np.unique(values, return_counts=True)[1]
    return Column(name, len(counts), int(np.count_nonzero(counts == 1)), int(counts.max(initial=0)))


def _series(recording: Recording) -> tuple[Series, ...]:
    """Every series, table of events and set of images, by where it lies."""
    series = [
        Series(
            name=item.name,
            path=recording.stored(item).name,
            shape=shape_of(item.data),
            rate=item.rate,
            unit=item.unit or "",
        )
        for item in recording.all("TimeSeries")
    ]
    for table in recording.all("EventsTable"):
        series.append(Series(table.name, recording.stored(table).name, (len(table.id),), None, "s"))
    for images in recording.all("Images"):
        path = recording.stored(images).name
        count = sum(recording.stored(image).parent.name == path for image in recording.all("BaseImage"))
        series.append(Series(images.name, path, (count,), None, "images"))
    return tuple(sorted(series, key=lambda entry: entry.path))
