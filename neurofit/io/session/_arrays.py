"""A recording in: arrays and tables from NumPy, MATLAB or CSV, as the session that a file would give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ... import provenance
from ...errors import SchemaError
from ...names import (
    AREA,
    INTERVALS,
    RESPONSES,
    SPIKES,
    START_TIME,
    STOP_TIME,
    TRIAL,
    TRIAL_ID,
    TRIALS,
    UNIT,
    UNIT_ID,
)
from . import _session as session
from ._array_checks import length, measured, only_one, spike_trains, table_problems
from ._columns import REGION_COLUMNS, hold
from ._report import Report

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    import xarray as xr

    from ._columns import Array, Columns

    Table = Mapping[str, Any] | pd.DataFrame


def from_arrays(
    *,
    spikes: Sequence[Any] | None = None,
    counts: Any | None = None,
    rates: Any | None = None,
    traces: Any | None = None,
    trials: Table | None = None,
    units: Table | None = None,
    time: Any | None = None,
    about: Mapping[str, str] | None = None,
    on_issue: str = "flag",
) -> xr.DataTree:
    """A session from plain arrays; the same session, with the same checks, that ``open_nwb`` gives.

    Give exactly one of ``spikes``, ``counts``, ``rates`` and ``traces``.

    Parameters
    ----------
    spikes
        For each unit the times of its spikes, in seconds.
    counts, rates, traces
        Numbers with axes (trial, unit) or (trial, unit, time): spike counts, spikes per second, or anything
        continuous, such as fluorescence. ``neurofit.prep.responses`` takes them as they are.
    trials
        Table with a row for each trial. Beside spikes it needs columns ``start_time`` and ``stop_time`` in
        seconds; ``trial_id`` is optional.
    units
        Table with a row for each unit; ``unit_id`` and ``area`` are optional.
    time
        Left edge of each time bin in seconds, needed where there is an axis for time.
    about
        Such as ``{"session_id": "2024-05-01", "subject": "M7"}``.
    on_issue
        ``"flag"`` reports defects, such as reversed trials; ``"raise"`` refuses data that have any.

    Returns
    -------
    DataTree with ``/spikes`` or ``/responses``, and ``/trials``.

    Raises
    ------
    SchemaError
        If the arrays do not fit together; every problem is listed.
    RecordingError
        If there are defects while ``on_issue="raise"``.

    Examples
    --------
    >>> trials = {"start_time": [0.0, 1.0], "stop_time": [0.5, 1.5], "stimulus_id": ["left", "right"]}
    >>> made = from_arrays(spikes=[[0.1, 1.2], [0.3]], trials=trials, units={"area": ["V1", "LM"]})
    >>> made["spikes"]["row_size"].values
    array([2, 1])
    """
    kind, values = only_one(spikes=spikes, counts=counts, rates=rates, traces=traces)
    of_units, of_trials = _by_name(units), _by_name(trials)
    report = Report(on_issue)
    needed: tuple[str, ...] = ()
    if kind == SPIKES:
        node, (part, problems) = SPIKES, _spikes(values, report)
        needed = () if trials is None else (START_TIME, STOP_TIME)
    else:
        node, (part, problems) = RESPONSES, measured(kind, values, time)
    n_units, n_trials = part.sizes[UNIT], part.sizes.get(TRIAL, _rows(of_trials))
    problems += table_problems("units", of_units, n_units)
    problems += table_problems("trials", of_trials, n_trials, needed=needed)
    if problems:
        raise SchemaError("these arrays make no session: " + "; ".join(problems))

    part = part.assign_coords(_unit_coords(of_units, n_units, report))
    table = None
    if kind != SPIKES or trials is not None:
        ids, columns = _columns("trials", of_trials, TRIAL_ID, n_trials, report)
        table = session.intervals(columns, ids, name="trials", report=report)
    report.settle("this session")
    attrs = {"session_id": "", "subject": "", **(about or {})}
    tree = session.tree({node: part, f"{INTERVALS}/{TRIALS}": table, TRIALS: table}, attrs, report)
    return provenance.stamp(tree, "io.from_arrays", kind=kind, on_issue=on_issue)


def _spikes(values: Sequence[Any], report: Report) -> tuple[xr.Dataset, list[str]]:
    trains, problems = spike_trains(values)
    row_size = np.array([len(train) for train in trains], dtype=np.int64)
    return session.spikes(np.concatenate([np.empty(0), *trains]), row_size, {}, report), problems


def _unit_coords(table: dict[str, Any], rows: int, report: Report) -> dict[str, Any]:
    ids, columns = _columns("units", table, UNIT_ID, rows, report)
    region = next((name for name in REGION_COLUMNS if name in columns), None)
    area = np.full(rows, "") if region is None else columns[region].astype(str)
    columns.pop(AREA, None)
    return session.unit_coords(ids, area, columns, report)


def _columns(
    name: str, table: dict[str, Any], id_column: str, rows: int, report: Report
) -> tuple[Array, Columns]:
    """The ids of the rows, counted from 0 where the table has none, and the other columns."""
    columns = hold(table, rows=rows, where=name, report=report)
    return columns.pop(id_column, np.arange(rows)), columns


def _by_name(table: Table | None) -> dict[str, Any]:
    return {} if table is None else {str(name): column for name, column in table.items()}


def _rows(table: dict[str, Any]) -> int:
    return length(next(iter(table.values()), ()))
