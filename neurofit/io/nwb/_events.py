"""What happened at which moment: tables and series of events, annotations, and images that were shown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...names import DATA, EVENT, EVENT_ID, ISSUE, STIMULI, STIMULUS_ID, TIME
from ..door._door import is_a
from ..session._columns import free_names
from ._series import odd_times, one_series
from ._stimuli import images_behind
from ._tables import ids_of

if TYPE_CHECKING:
    from ._source import Source

_TIMESTAMP = "timestamp"
_TAKEN = (EVENT, EVENT_ID, TIME)


def one_kind_of_event(part: Any, *, where: str, source: Source) -> xr.Dataset | None:
    """The moments of a series or table of events in seconds, with what each of them was."""
    if is_a(part, "EventsTable"):
        return _from_table(part, where, source)
    events = one_series(part, where=where, source=source, along=EVENT)
    return _shown(part, events, where, source) if is_a(part, "IndexSeries") and events is not None else events


def _from_table(table: Any, where: str, source: Source) -> xr.Dataset | None:
    columns = dict(source.columns(table))
    times = columns.pop(source.renamed(_TIMESTAMP), None)
    if times is None or times.dtype.kind not in "iuf":
        source.report.defect("no timestamps", where=where, action="left out")
        return None
    times = times.astype(np.float64)
    issues = odd_times(times, where, source.report)
    timed = ("TimestampVectorData", "DurationVectorData")
    in_seconds = {
        source.renamed(name) for name in table.colnames if any(is_a(table[name], kind) for kind in timed)
    }
    columns = free_names(columns, _TAKEN, where=where, report=source.report)
    events = xr.Dataset(
        {
            name: (EVENT, values, {"units": "s"} if name in in_seconds else {})
            for name, values in columns.items()
        },
        {
            TIME: (EVENT, times, {"units": "s", "long_name": f"time of the {EVENT}"}),
            EVENT_ID: (EVENT, ids_of(table)),
        },
    )
    said = {"neurodata_type": table.neurodata_type, "description": table.description or ""}
    return events.assign_attrs(**said, **{ISSUE: "; ".join(issues)})


def _shown(series: Any, events: xr.Dataset, where: str, source: Source) -> xr.Dataset:
    """``events`` with the ids of the images that their numbers refer to."""
    numbers = events[DATA].values
    shown = series.indexed_timeseries if series.indexed_images is None else series.indexed_images
    count, names = (None, None) if shown is None else images_behind(shown)
    if count is None:
        wrong = "numbers of images that have no order"
        source.report.defect(wrong, where=where, action=f"no {STIMULUS_ID}")
        return events
    known = (numbers >= 0) & (numbers < count) & (numbers == np.floor(numbers))
    if not known.all():
        rows, action = np.flatnonzero(~known), f"no {STIMULUS_ID}"
        source.report.defect("images that do not exist", where=where, rows=rows, action=action)
        return events
    ids = numbers if names is None else names[numbers.astype(np.int64)]
    events = events.assign_coords({STIMULUS_ID: (EVENT, ids)})
    return events.assign_attrs({STIMULI: shown.name})
