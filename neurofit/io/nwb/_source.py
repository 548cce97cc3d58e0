"""A recording while it is read, and what the rows of its tables tell of cells, electrodes and events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from ...names import AREA, CHANNEL, CHANNEL_ID, COMPONENT, DATA, SAMPLE, TIME, UNIT, UNIT_ID
from ..session._columns import free_names
from ..session._session import note_repeats
from ._tables import columns_of, ids_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..door._door import Recording
    from ..session._columns import Array, Columns
    from ..session._report import Report

_TAKEN = (SAMPLE, UNIT, UNIT_ID, AREA, CHANNEL, CHANNEL_ID, TIME, DATA, COMPONENT)
_LOCATION = "location"


@dataclass
class Source:
    """A recording, the new names of its columns, and the report on it. Each table is read once."""

    recording: Recording
    rename: Mapping[str, str]
    report: Report
    tables: dict[str, Columns] = field(default_factory=dict)

    def path(self, part: Any) -> str:
        """Where in the file ``part`` is stored."""
        path: str = self.recording.stored(part).name
        return path

    def columns(self, table: Any) -> Columns:
        """The columns of ``table`` that hold one value for each row, under their new names."""
        path = self.path(table)
        if path not in self.tables:
            self.tables[path] = columns_of(self.recording, table, self.rename, self.report)
        return self.tables[path]

    def renamed(self, column: str) -> str:
        """The new name of ``column``."""
        return self.rename.get(column, column)


def coords_of_rows(
    region: Any, width: int, *, dim: str, id_name: str, where: str, source: Source
) -> dict[str, Any]:
    """Coords on ``dim`` from the rows of a table that ``region`` names, one for each of ``width`` columns."""
    table = region.table
    rows = _rows(region, table, width, where, source.report)
    if rows is None:
        return {id_name: (dim, np.arange(width)), AREA: (dim, np.full(width, ""))}
    ids = ids_of(table)[rows]
    note_repeats(ids, where=where, report=source.report)
    columns = {name: values[rows] for name, values in source.columns(table).items()}
    area = _area(table, columns, width, source)
    columns = free_names(columns, _TAKEN, where=where, report=source.report)
    return {name: (dim, values) for name, values in {id_name: ids, AREA: area, **columns}.items()}


def _rows(region: Any, table: Any, width: int, where: str, report: Report) -> Array | None:
    """The rows that ``region`` names; None, and a defect, where they do not fit."""
    rows = np.asarray(region.data[:]).astype(np.int64)
    if len(rows) != width:
        told = f"{len(rows)} references for {width} columns of data"
        report.defect(told, where=where, action="counted from 0")
        return None
    dangling = np.flatnonzero((rows < 0) | (rows >= (0 if table is None else len(table.id))))
    if dangling.size:
        report.defect("rows that do not exist", where=where, rows=dangling, action="counted from 0")
        return None
    return rows


def _area(table: Any, columns: Columns, width: int, source: Source) -> Array:
    """Area of each row: its own, else that of the imaging plane, else the location of the electrode."""
    if AREA in columns:
        return columns.pop(AREA)
    plane = getattr(table, "imaging_plane", None)
    if plane is not None:
        return np.full(width, str(plane.location or ""))
    return columns.get(source.renamed(_LOCATION), np.full(width, "")).astype(str)
