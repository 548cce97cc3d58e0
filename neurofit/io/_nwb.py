"""A recording in: an NWB file as a session."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import provenance
from ..errors import RecordingError
from ..names import CONTINUOUS, INTERVALS, SPIKES, TRIALS
from . import _session as session
from ._columns import text
from ._continuous import read_continuous
from ._door import opened
from ._report import Report
from ._tables import (
    check_renamed_columns,
    columns_of,
    described_units,
    ids_of,
    interval_tables,
    spike_times,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import xarray as xr

    from ._door import Recording

_TIME_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)$")


def open_nwb(
    path: str | Path,
    *,
    trials: str | None = None,
    rename: Mapping[str, str] | None = None,
    continuous: bool | Sequence[str] = True,
    on_issue: str = "flag",
    allow_external: bool = False,
) -> xr.DataTree:
    """A session from an NWB file: spikes, tables of intervals, continuous data, and what is odd about them.

    Nothing is changed silently: ids stay as they are, rows are neither merged nor dropped, and whatever
    cannot be held, or looks wrong, is entered in ``attrs["ingest_report"]``.

    Parameters
    ----------
    path
        An NWB 2 file (HDF5).
    trials
        The table of intervals that holds the trials. By default the one called ``trials``, or the only one.
    rename
        Old to new names of columns, of units or intervals: ``{"frameName": "stimulus_id"}``.
    continuous
        Which continuous series to read: by default all that have up to 10 million values; the others are
        named in the report. A list of names reads those, whatever their size; False reads none.
    on_issue
        ``"flag"`` reports defects, such as reversed trials; ``"raise"`` refuses a recording that has any.
    allow_external
        Whether parts of the recording may lie in other files.

    Returns
    -------
    DataTree with

    - ``/spikes``: ``spike_time(spike)`` in seconds, unit after unit, and ``row_size(unit)``, with coords
      ``unit_id``, ``area`` and the further columns of the table of units;
    - ``/intervals/<name>``: a variable for each column, with coords ``trial_id``, ``valid`` and ``issue``;
    - ``/trials``: the table of trials, where it is known which one that is;
    - ``/continuous/<name>``: ``data(sample)`` in its units, with ``time(sample)`` in seconds. Cells lie along
      a dim ``unit`` (``unit_id``, ``area``), electrodes along ``channel`` (``channel_id``, ``area``), the
      axes of a position along ``component``. Series that share a name carry that of their module before it.

    Raises
    ------
    RecordingError
        If the file is not a readable NWB 2 file, holds neither spikes nor continuous data,
        reaches into other files, or has defects while ``on_issue="raise"``.
    UnknownNameError
        If there is no such table, column or continuous series.

    Examples
    --------
    >>> open_nwb("no_such_file.nwb")
    Traceback (most recent call last):
    ...
    neurofit.errors.RecordingError: there is no file no_such_file.nwb
    """
    report, rename = Report(on_issue), dict(rename or {})
    with opened(path, report=report, allow_external=allow_external) as recording:
        check_renamed_columns(recording, rename)
        spikes = None if recording.nwb.units is None else _spikes(recording, rename, report)
        tables = read_intervals(recording, rename, report)
        series = read_continuous(recording, continuous, report)
        if spikes is None:
            _need(series, recording, report)
        attrs = {**about(recording, report), "source": Path(path).name}
    chosen = session.chosen(tables, trials, report)
    report.settle(Path(path).name)
    parts = {f"{INTERVALS}/{name}": table for name, table in tables.items()}
    parts |= {f"{CONTINUOUS}/{name}": data for name, data in series.items()}
    tree = session.tree({SPIKES: spikes, **parts, TRIALS: chosen}, attrs, report)
    options: dict[str, Any] = {
        "trials": trials,
        "rename": rename,
        "continuous": continuous,
        "on_issue": on_issue,
    }
    return provenance.stamp(tree, "io.open_nwb", source=attrs["source"], **options)


def _spikes(recording: Recording, rename: Mapping[str, str], report: Report) -> xr.Dataset:
    times, row_size = spike_times(recording)
    coords = session.unit_coords(*described_units(recording, rename, report), report)
    return session.spikes(times, row_size, coords, report)


def _need(series: dict[str, xr.Dataset], recording: Recording, report: Report) -> None:
    """Without spikes there has to be something else that was recorded."""
    unread = [str(entry) for entry in report.entries if entry.where.startswith(f"{CONTINUOUS}/")]
    if not series and unread:
        raise RecordingError(f"there is no table of units, and no series was read: {'; '.join(unread)}")
    if not series:
        spike_times(recording)  # Raises, and says what is missing.
    report.note("no table of units", where="units", action="no /spikes")


def read_intervals(recording: Recording, rename: Mapping[str, str], report: Report) -> dict[str, xr.Dataset]:
    """Every table of intervals in the file, by name."""
    return {
        name: session.intervals(
            columns_of(recording, table, rename, report), ids_of(table), name=name, report=report
        )
        for name, table in interval_tables(recording).items()
    }


def about(recording: Recording, report: Report) -> dict[str, Any]:
    """What the file says of itself, as attributes; what it does not say is an empty text."""
    nwb = recording.nwb
    return {
        "session_id": nwb.session_id or "",
        "subject": (nwb.subject and nwb.subject.subject_id) or "",
        "session_start_time": _start(recording, report),
        "nwb_version": recording.version,
    }


def _start(recording: Recording, report: Report) -> str:
    start = recording.nwb.session_start_time
    # Where the file gives no time zone, pynwb fills in that of the computer it runs on.
    if not _TIME_ZONE.search(text(recording.file["session_start_time"][()])):
        report.note("no time zone", where="session_start_time")
        start = start.replace(tzinfo=None)
    return str(start.isoformat())
