"""The tables of an NWB file: units with where they sit, and every table of intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import RecordingError
from ...names import AREA
from ..door._door import is_a
from ..door._survey import refuse_overclaims, shape_of
from ..session._columns import REGION_COLUMNS, as_column, check_rename, hold, renamed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ..door._door import Recording
    from ..session._columns import Array, Columns
    from ..session._report import Report

# These are read on their own.
_NOT_COLUMNS_OF_UNITS = (
    "spike_times",
    "electrodes",
    "obs_intervals",
    "waveforms",
    "waveform_mean",
    "waveform_sd",
)
# The columns of these become coords of series and of events.
_FURTHER_TABLES = ("PlaneSegmentation", "ElectrodesTable", "EventsTable")


def columns_of(
    recording: Recording,
    table: Any,
    rename: Mapping[str, str],
    report: Report,
    *,
    without: Iterable[str] = (),
) -> Columns:
    """The columns of ``table`` that hold one value for each row, under their new names."""
    raw: dict[str, Any] = {}
    for name in table.colnames:
        try:
            raw |= {} if name in without else {name: _values(table[name])}
        except OSError as error:
            report.defect(f"cannot be read: {error}", where=f"{table.name}/{name}", action="left out")
    stored = recording.stored(table)
    for name in _unlisted(table, stored):
        report.note("column not listed in the table's colnames", where=f"{table.name}/{name}")
        raw[name] = stored[name][()]
    return hold(renamed(raw, rename), rows=len(table.id), where=table.name, report=report)


def ids_of(table: Any) -> Array:
    """The ids of the rows of ``table``, as they are."""
    return np.asarray(table.id[:])


def interval_tables(recording: Recording) -> dict[str, Any]:
    """Every table of intervals by name; of two with one name, the later carries its parent's before it."""
    found = recording.all("TimeIntervals")
    tables: dict[str, Any] = {}
    for table in sorted(found, key=lambda table: recording.stored(table).name):
        name = table.name if table.name not in tables else f"{table.parent.name}_{table.name}"
        tables[name] = table
    return tables


def check_renamed_columns(recording: Recording, rename: Mapping[str, str]) -> None:
    """Raise if ``rename`` speaks of a column that no table has."""
    tables = [table for table in (recording.nwb.units,) if table is not None]
    tables += interval_tables(recording).values()
    tables += [
        table
        for table in recording.all("DynamicTable")
        if table.name == "electrodes" or any(is_a(table, kind) for kind in _FURTHER_TABLES)
    ]
    known = [[*table.colnames, *_unlisted(table, recording.stored(table))] for table in tables]
    check_rename(rename, [name for names in known for name in names])


def described_units(
    recording: Recording, rename: Mapping[str, str], report: Report
) -> tuple[Array, Array, Columns]:
    """Ids of the units, the area of each, and the further columns of their table."""
    units = recording.nwb.units
    columns = columns_of(recording, units, rename, report, without=_NOT_COLUMNS_OF_UNITS)
    return ids_of(units), _areas(units, columns, rename, report), columns


def spike_times(recording: Recording) -> tuple[Array, Array]:
    """Spike times of all units one after the other, and the number of spikes of each."""
    stored, row_size = spike_rows(recording)
    return np.asarray(stored[:], dtype=np.float64), row_size


def spike_rows(recording: Recording) -> tuple[Any, Array]:
    """The spike times as they are stored, not read yet, and the number of spikes of each unit."""
    stored, ends = spike_index(recording)
    refuse_overclaims(stored, "units: spike_times")
    row_size = np.diff(ends, prepend=0)
    if np.any(row_size < 0):
        raise RecordingError("units: spike_times_index decreases, so it is not known whose spikes are whose")
    total = int(ends[-1]) if ends.size else 0
    if total != len(stored):
        raise RecordingError(
            f"units: spike_times_index ends at {total}, but there are {len(stored)} spike times"
        )
    return stored, row_size


def spike_index(recording: Recording) -> tuple[Any, Array]:
    """The spike times as they are stored, not read yet, and where those of each unit end."""
    units = recording.nwb.units
    if units is None:
        raise RecordingError("there is no table of units; neurofit.io.inspect shows what the file holds")
    index = units["spike_times"] if "spike_times" in units.colnames else None
    if index is None or not is_a(index, "VectorIndex"):
        raise RecordingError("the units have no spike times; neurofit.io.inspect shows what the file holds")
    return index.target.data, np.asarray(index.data[:]).astype(np.int64)


def _areas(units: Any, columns: Columns, rename: Mapping[str, str], report: Report) -> Array:
    """Area of each unit: as the user renamed it, else from its electrodes, else from its own columns."""
    own = next((name for name in REGION_COLUMNS if name in columns), None)
    located = None if AREA in rename.values() else _electrode_areas(units, report)
    if located is not None and (own is None or (located != "").any()):
        return located
    if own is None or columns[own].dtype.kind != "U":
        return np.full(len(units), "")
    return columns.pop(own) if own == AREA else columns[own]


def _electrode_areas(units: Any, report: Report) -> Array | None:
    """Location of the electrodes of each unit; several locations are joined by ``+``."""
    if "electrodes" not in units.colnames:
        return None
    column = units["electrodes"]
    region = column.target if is_a(column, "VectorIndex") else column
    table = region.table
    if table is None:
        report.defect("a reference that leads nowhere", where="units/electrodes", action="no area")
        return None
    located = as_column(table["location"][:]) if "location" in table.colnames else None
    if located is None:
        return None
    electrodes = np.asarray(region.data[:]).astype(np.int64)
    ends = np.arange(1, len(units) + 1) if region is column else np.asarray(column.data[:]).astype(np.int64)
    each = np.split(electrodes, ends[:-1])
    dangling = [unit for unit, own in enumerate(each) if np.any((own < 0) | (own >= len(located)))]
    if dangling:
        report.defect("electrodes that do not exist", where="units", rows=dangling, action="no area")
    known = [() if unit in dangling else dict.fromkeys(located[own]) for unit, own in enumerate(each)]
    several = [unit for unit, places in enumerate(known) if len(places) > 1]
    if several:
        report.note("electrodes in several areas", where="units", rows=several, action="joined by +")
    return np.array(["+".join(filter(None, places)) for places in known], dtype=str)


def _values(column: Any) -> Any:
    """What ``column`` holds, or None where that is not one plain value for each row (and may be large)."""
    if is_a(column, "VectorIndex") or is_a(column, "DynamicTableRegion") or len(shape_of(column.data)) != 1:
        return None
    refuse_overclaims(column.data, column.name)
    values = column[:]
    # References to other parts of the file, such as electrode groups, are told by their names.
    names = [getattr(value, "name", None) for value in values]
    return names if names and all(isinstance(name, str) for name in names) else values


def _unlisted(table: Any, stored: Any) -> list[str]:
    """Columns that lie in the table's group, but that its list of columns forgets: pynwb passes them over."""
    known = {*table.colnames, *(column.name for column in table.columns), table.id.name}
    shapes = {name: getattr(stored.get(name), "shape", None) or () for name in stored}
    return [name for name, shape in shapes.items() if name not in known and len(shape) == 1]
