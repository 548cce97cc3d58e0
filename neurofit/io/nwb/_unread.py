"""What lies in a file and is of a type that nothing here reads: told, so that nobody takes it for absent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..door._door import is_a
from ..session._columns import text

if TYPE_CHECKING:
    from ..door._door import Recording
    from ..session._report import Report

_WITH_VALUES = ("NWBDataInterface", "DynamicTable")
# Read elsewhere, which tells itself what it leaves out, or mere boxes around what is.
_KNOWN = (
    "TimeSeries",
    "TimeIntervals",
    "Units",
    "EventsTable",
    "PlaneSegmentation",
    "Images",
    "MultiContainerInterface",
)
_DESCRIPTIONS = "/general/"
_RESULTS = "/processing/neurofit/"  # Of io.write_nwb, which io.read_result reads.


def note_unread(recording: Recording, report: Report) -> None:
    """Enter every table and every container of data, in the report, that is of none of the known types."""
    parts = [part for kind in _WITH_VALUES for part in recording.all(kind)]
    for part in parts:
        if any(is_a(part, kind) for kind in _KNOWN):
            continue
        stored = recording.stored(part)
        if not stored.name.startswith((_DESCRIPTIONS, _RESULTS)):
            kind = text(stored.attrs["neurodata_type"])
            report.note(f"{kind} is not read", where=stored.name.lstrip("/"), action="left out")
