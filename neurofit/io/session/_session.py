"""The parts of a session, from plain arrays: spikes, responses, tables of intervals, and the tree of them.

Every way in ends here, so a session is the same thing, checked in the same way, wherever it came from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ... import schema
from ...errors import RecordingError, listing, unknown_name
from ...names import (
    AREA,
    ISSUE,
    ROW_SIZE,
    SPIKE,
    SPIKE_TIME,
    START_TIME,
    STOP_TIME,
    TIME,
    TRIAL,
    TRIAL_ID,
    UNIT,
    UNIT_ID,
    VALID,
)
from ._columns import free_names

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._columns import Array, Columns, Ragged
    from ._report import Report

NOT_FINITE, REVERSED, ZERO_LENGTH = "NaN or infinite time", "reversed", "zero length"
OVERLAPS = "overlaps an earlier row"
USABLE = ("", ZERO_LENGTH, OVERLAPS)

_TAKEN_BY_UNITS = (UNIT, UNIT_ID, AREA, SPIKE, SPIKE_TIME, ROW_SIZE, TRIAL, TRIAL_ID, TIME)
_TAKEN_BY_TRIALS = (TRIAL, TRIAL_ID, VALID, ISSUE)


def unit_coords(unit_id: Array, area: Array, columns: Columns, report: Report) -> dict[str, Any]:
    """Coords on ``unit``: who each unit is and where it sits, with the further columns of its table."""
    note_repeats(unit_id, where="units", report=report)
    columns = free_names(columns, _TAKEN_BY_UNITS, where="units", report=report)
    values = {UNIT_ID: unit_id, AREA: area, **columns}
    return {name: (UNIT, column) for name, column in values.items()}


def spikes(times: Array, row_size: Array, coords: dict[str, Any], report: Report) -> xr.Dataset:
    """Spike times of all units, one unit after the other, and how many each has."""
    check_spike_times(times, row_size, report)
    if report.repairs:
        times, row_size = _mended(times, row_size)
    return xr.Dataset(
        {
            SPIKE_TIME: (SPIKE, times, {"units": "s", "long_name": "spike time"}),
            ROW_SIZE: (UNIT, row_size, {"units": "spikes", "long_name": "spikes of each unit"}),
        },
        coords,
    )


def intervals(
    columns: Columns, ids: Array, *, name: str, report: Report, several: Mapping[str, Ragged] | None = None
) -> xr.Dataset:
    """One table of intervals: a variable for each column, and what is wrong with each row.

    Columns with ``several`` values for each row lie along dims of their own.
    """
    note_repeats(ids, where=name, report=report)
    if ids.size and not np.array_equal(ids, np.arange(len(ids))):
        report.note("ids are not 0, 1, 2, ...", where=name)
    issue = _check_times(columns, len(ids), name, report)
    columns = free_names(columns, _TAKEN_BY_TRIALS, where=name, report=report)
    units = {time: {"units": "s"} for time in (START_TIME, STOP_TIME)}
    variables = {column: (TRIAL, values, units.get(column, {})) for column, values in columns.items()}
    taken = {*_TAKEN_BY_TRIALS, *variables}
    for column, ragged in free_names(several or {}, taken, where=name, report=report).items():
        variables |= ragged.variables(column)
    return xr.Dataset(
        variables,
        {
            TRIAL_ID: (TRIAL, ids),
            VALID: (TRIAL, np.isin(issue, USABLE)),
            ISSUE: (TRIAL, issue),
        },
    )


def chosen(tables: Mapping[str, xr.Dataset], trials: str | None, report: Report) -> xr.Dataset | None:
    """The table that holds the trials: the one asked for, the one with that name, or the only one."""
    if trials is not None and trials not in tables:
        raise unknown_name("table of intervals", trials, tables)
    name = trials or ("trials" if "trials" in tables else None)
    if name is None and len(tables) == 1:
        name = next(iter(tables))
    if name is None and tables:
        several = f"several tables and none called trials: {listing(tables)}"
        report.note(several, where="intervals", action="no /trials; choose one with trials=")
    return None if name is None else tables[name]


def tree(parts: dict[str, xr.Dataset | None], attrs: dict[str, Any], report: Report) -> xr.DataTree:
    """The session: ``attrs`` and the report at the root, and those of ``parts`` that there are."""
    about = {"schema_version": schema.version("session"), **attrs, "ingest_report": report.as_json()}
    root = xr.Dataset(attrs=about)
    present = {f"/{name}": part for name, part in parts.items() if part is not None}
    return xr.DataTree.from_dict({"/": root, **present})


def check_spike_times(times: Array, row_size: Array, report: Report) -> None:
    """Report what is wrong with the values of spike times; ``_mended`` puts it right."""
    stops = np.cumsum(row_size)
    bad: dict[str, list[int]] = {"NaN or infinite spike times": [], "unsorted spike times": []}
    early: list[int] = []
    for unit, (start, stop) in enumerate(zip(stops - row_size, stops, strict=True)):
        own = times[start:stop]
        finite = own[np.isfinite(own)]
        if finite.size < own.size:
            bad["NaN or infinite spike times"].append(unit)
        if np.any(finite[1:] < finite[:-1]):
            bad["unsorted spike times"].append(unit)
        if np.any(finite < 0):
            early.append(unit)
    actions = ("dropped", "sorted") if report.repairs else ("kept", "kept")
    for (issue, units), action in zip(bad.items(), actions, strict=True):
        if units:
            report.defect(issue, where="units", rows=units, action=action)
    if early:
        report.note("spikes before time zero", where="units", rows=early)


def _mended(times: Array, row_size: Array) -> tuple[Array, Array]:
    """Spike times without NaN and infinite ones, sorted within each unit."""
    trains = [np.sort(train[np.isfinite(train)]) for train in np.split(times, np.cumsum(row_size)[:-1])]
    sizes = [train.size for train in trains[: len(row_size)]]
    return np.concatenate(trains), np.array(sizes, dtype=row_size.dtype)


def _check_times(columns: Columns, rows: int, name: str, report: Report) -> Array:
    """What is wrong with each row, as text; empty where nothing is."""
    times = [columns[column] for column in (START_TIME, STOP_TIME) if column in columns]
    if any(time.dtype.kind not in "iuf" for time in times):
        raise RecordingError(f"table {name}: {START_TIME} and {STOP_TIME} must be numbers (seconds)")
    if len(times) < 2:
        return np.full(rows, "")
    start, stop = (time.astype(np.float64) for time in times)
    finite = np.isfinite(start) & np.isfinite(stop)
    overlaps = np.zeros(rows, dtype=bool)
    overlaps[_overlapping(start, stop, finite & (stop > start))] = True
    kinds = [NOT_FINITE, REVERSED, ZERO_LENGTH, OVERLAPS]
    issue = np.select([~finite, stop < start, stop == start, overlaps], kinds, "")
    for kind in kinds:
        found = np.flatnonzero(issue == kind)
        # Trials may overlap by design: that is worth knowing, and no fault of the recording.
        tell = report.note if kind == OVERLAPS else report.defect
        if found.size:
            tell(kind, where=name, rows=found, action="flagged")
    return issue


def _overlapping(start: Array, stop: Array, usable: Array) -> Array:
    rows = np.flatnonzero(usable)
    rows = rows[np.argsort(start[rows], kind="stable")]
    latest = np.maximum.accumulate(stop[rows])
    return np.sort(rows[1:][start[rows[1:]] < latest[:-1]])


def note_repeats(ids: Array, *, where: str, report: Report) -> None:
    """Enter ids that stand at more than one row; they stay apart."""
    _, inverse, counts = np.unique(ids, return_inverse=True, return_counts=True)
    repeated = np.flatnonzero(counts[inverse] > 1)
    if repeated.size:
        report.defect("ids that occur more than once", where=where, rows=repeated)
