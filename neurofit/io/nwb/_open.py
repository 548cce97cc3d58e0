"""A recording in: an NWB file as a session."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ... import provenance
from ...errors import RecordingError
from ...names import CONTINUOUS, EVENTS, INTERVALS, SPIKES, TRIALS
from ..door._door import read
from ..door._fingerprint import fingerprint
from ..door._storage import base_name
from ..session import _session as session
from ..session._columns import text
from ..session._report import Report
from ._about import devices, who_and_where
from ._extent import check_extent
from ._parts import read_parts
from ._ragged import ragged_columns
from ._tables import (
    check_renamed_columns,
    columns_of,
    described_units,
    ids_of,
    interval_tables,
    spike_times,
)
from ._units import with_more
from ._unread import note_unread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import xarray as xr

    from ..door._door import Recording

    ReadSpikes = Callable[[Recording, Mapping[str, str], Report], xr.Dataset | None]


def open_nwb(
    path: str | Path,
    *,
    trials: str | None = None,
    rename: Mapping[str, str] | None = None,
    continuous: bool | Sequence[str] = True,
    on_issue: str = "flag",
    allow_external: bool = False,
) -> xr.DataTree:
    """A session from an NWB file: what was recorded, done and shown, and what is odd about it.

    Nothing is changed silently: ids stay as they are, rows are neither merged nor dropped, and whatever
    cannot be held, or looks wrong, is entered in ``attrs["ingest_report"]``.

    Parameters
    ----------
    path
        An NWB 2 file (HDF5 or Zarr), or the address of one on a server (``https://...``; needs ``remfile``),
        of which only what is read crosses the network.
    trials
        The table of intervals that holds the trials. By default the one called ``trials``, or the only one.
    rename
        Old to new names of columns, of units, intervals, cells, electrodes or events:
        ``{"frameName": "stimulus_id", "roi_kind": "compartment"}``.
    continuous
        Which continuous series and images to read: by default all that have up to 10 million values; the
        others are named in the report. A list of names reads those, whatever their size; False reads none.
        Events of up to 10 million values are read in any case.
    on_issue
        ``"flag"`` reports defects, such as reversed trials; ``"raise"`` refuses a recording that has any.
    allow_external
        Whether parts of the recording may lie in other files.

    Returns
    -------
    DataTree with

    - ``/spikes``: ``spike_time(spike)`` in seconds, unit after unit, and ``row_size(unit)``, with coords
      ``unit_id``, ``area`` and the further columns of the table of units. Where given, when each unit was
      observed (``observed_start(observation)``, ``observed_stop(observation)``, ``observations(unit)``) and
      its waveform (``waveform_mean``, ``waveform_sd``);
    - ``/intervals/<name>``: a variable for each column, with coords ``trial_id``, ``valid`` and ``issue``;
    - ``/trials``: the table of trials, where it is known which one that is;
    - ``/continuous/<name>``: ``data(sample)`` in its units, with ``time(sample)`` in seconds. Cells lie along
      a dim ``unit`` (``unit_id``, ``area``), electrodes along ``channel`` (``channel_id``, ``area``), with
      the further columns of their tables; the axes of a position lie along ``component``. Series that share
      a name carry that of their module before it;
    - ``/events/<name>``: ``time(event)`` in seconds, with ``data(event)`` (numbers or text) or the columns of
      a table of events. Where images were shown by their number, ``stimulus_id(event)`` names them;
    - ``/stimuli/<name>``: ``image(stimulus, y, x[, channel])`` as stored, ``y`` along the rows, with
      ``stimulus_id``, the name of each image or the number of a frame. A network takes grey ones after
      ``.expand_dims("channel")``. Files beside the recording are named in the report, never opened.

    Attrs say who was recorded, where, and with which ``devices`` (a JSON list).

    Raises
    ------
    RecordingError
        If the file is not a readable NWB 2 file, holds neither spikes nor continuous data nor events,
        reaches into other files, or has defects while ``on_issue="raise"``.
    UnknownNameError
        If there is no such table, column, series or set of images.

    Examples
    --------
    >>> open_nwb("no_such_file.nwb")
    Traceback (most recent call last):
    ...
    neurofit.errors.RecordingError: there is no file no_such_file.nwb
    """
    options: dict[str, Any] = {
        "trials": trials,
        "rename": dict(rename or {}),
        "continuous": continuous,
        "on_issue": on_issue,
    }
    return opened(path, read_spikes, options, allow_external=allow_external)


def opened(
    path: str | Path, spikes: ReadSpikes, options: dict[str, Any], *, allow_external: bool
) -> xr.DataTree:
    """The session, with what ``spikes`` reads of the table of units."""
    report = Report(options["on_issue"])
    parts, attrs = read(
        path,
        lambda recording: _parts(recording, spikes, options, report),
        report=report,
        allow_external=allow_external,
    )
    attrs |= {"source": base_name(path), "source_fingerprint": json.dumps(fingerprint(path))}
    report.settle(attrs["source"])
    tree = session.tree(parts, attrs, report)
    return provenance.stamp(tree, "io.open_nwb", source=attrs["source"], **options)


def _parts(
    recording: Recording, read_spikes: ReadSpikes, options: dict[str, Any], report: Report
) -> tuple[dict[str, xr.Dataset | None], dict[str, Any]]:
    """The groups of the session by name, and its attributes."""
    rename, continuous = options["rename"], options["continuous"]
    check_renamed_columns(recording, rename)
    spikes = read_spikes(recording, rename, report)
    tables = read_intervals(recording, rename, report)
    others = dict(read_parts(recording, continuous, rename, report))
    note_unread(recording, report)
    if spikes is None:
        _need(others, recording, report)
    check_extent(spikes, [*tables.values(), *others.values()], report)
    parts: dict[str, xr.Dataset | None] = {SPIKES: spikes}
    parts |= {f"{INTERVALS}/{name}": table for name, table in tables.items()}
    parts |= others
    parts[TRIALS] = session.chosen(tables, options["trials"], report)
    return parts, {**about(recording, report), "devices": devices(recording)}


def read_spikes(recording: Recording, rename: Mapping[str, str], report: Report) -> xr.Dataset | None:
    """The spikes of all units; None where the file has no units."""
    if recording.nwb.units is None:
        return None
    times, row_size = spike_times(recording)
    coords = session.unit_coords(*described_units(recording, rename, report), report)
    return with_more(session.spikes(times, row_size, coords, report), recording, report)


def _need(others: dict[str, xr.Dataset], recording: Recording, report: Report) -> None:
    """Without spikes there has to be something else that was recorded."""
    recorded = (f"{CONTINUOUS}/", f"{EVENTS}/")
    series = [place for place in others if place.startswith(recorded)]
    unread = [str(entry) for entry in report.entries if entry.where.startswith(recorded)]
    if not series and unread:
        raise RecordingError(f"there is no table of units, and no series was read: {'; '.join(unread)}")
    if not series:
        spike_times(recording)  # Raises, and says what is missing.
    report.note("no table of units", where="units", action="no /spikes")


def read_intervals(recording: Recording, rename: Mapping[str, str], report: Report) -> dict[str, xr.Dataset]:
    """Every table of intervals in the file, by name."""
    tables: dict[str, xr.Dataset] = {}
    for name, table in interval_tables(recording).items():
        ragged = ragged_columns(table, report)
        columns = columns_of(recording, table, rename, report, without=ragged)
        several = {rename.get(column, column): values for column, values in ragged.items()}
        tables[name] = session.intervals(columns, ids_of(table), name=name, report=report, several=several)
    return tables


def about(recording: Recording, report: Report) -> dict[str, Any]:
    """What the file says of itself, as attributes; what it does not say is an empty text."""
    nwb = recording.nwb
    return {
        "session_id": nwb.session_id or "",
        "subject": (nwb.subject and nwb.subject.subject_id) or "",
        **who_and_where(recording),
        "session_start_time": _start(recording, report),
        "nwb_version": recording.version,
    }


def _start(recording: Recording, report: Report) -> str:
    """When the session started, as the file says: where it gives no time zone, none is made up."""
    stored = recording.file.get("session_start_time")
    said = "" if stored is None else text(stored[()])
    try:
        start = datetime.fromisoformat(said)
    except ValueError:
        report.defect(f"no date and time: {said!r}", where="session_start_time")
        return said
    if start.tzinfo is None:
        report.note("no time zone", where="session_start_time")
    return start.isoformat()
