"""One continuous series of an NWB file as a dataset: when its samples were taken, and what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..names import (
    AREA,
    CHANNEL,
    CHANNEL_ID,
    COMPONENT,
    DATA,
    ISSUE,
    SAMPLE,
    TIME,
    UNIT,
    UNIT_ID,
)
from ._columns import as_column
from ._door import is_a

if TYPE_CHECKING:
    from ._columns import Array
    from ._report import Report

AXES = np.array(["x", "y", "z"])
MOST_ROWS = 1000


def one_series(series: Any, *, where: str, report: Report) -> xr.Dataset | None:
    """``series`` in its units against seconds; None, and a defect, where its parts do not fit together."""
    wrong = _misfit(series)
    if wrong is not None:
        report.defect(wrong, where=where, action="left out")
        return None
    if not _is_numeric(series.data):
        report.note("no numbers", where=where, action="left out")
        return None
    if len(shape_of(series.data)) > 2:
        report.note("more than two axes", where=where, action="left out")
        return None
    times, issues = _times(series, where, report)
    values = _in_units(series)
    dims, coords = _across(series, values.shape, where, report)
    if len(dims) > values.ndim:  # One cell or channel, stored without an axis of its own.
        values = values[:, np.newaxis]
    said = {"units": series.unit or "unknown", "long_name": series.name}
    data = xr.Dataset(
        {DATA: (dims, values, said)},
        {TIME: (SAMPLE, times, {"units": "s", "long_name": "time of the sample"}), **coords},
    )
    return data.assign_attrs(
        neurodata_type=series.neurodata_type,
        description=series.description or "",
        **{ISSUE: "; ".join(issues)},
    )


def shape_of(data: Any) -> tuple[int, ...]:
    """Shape of ``data`` as they are stored; nothing is read."""
    return tuple(map(int, getattr(data, "shape", None) or np.shape(data)))


def _misfit(series: Any) -> str | None:
    """Why the parts of ``series`` make no series, known from their shapes alone."""
    if series.data is None or not shape_of(series.data):
        return "no data"
    timed = _wrong_start_or_rate if series.timestamps is None else _wrong_timestamps
    return timed(series) or _wrong_conversion(series)


def _wrong_timestamps(series: Any) -> str | None:
    samples, stamps = shape_of(series.data)[0], shape_of(series.timestamps)
    if stamps != (samples,):
        return f"{samples} samples but {' x '.join(map(str, stamps))} timestamps"
    return None if _is_numeric(series.timestamps) else "timestamps are no numbers"


def _wrong_start_or_rate(series: Any) -> str | None:
    if series.rate is None:
        return "neither timestamps nor a rate"
    if not (np.isfinite(series.rate) and series.rate > 0):
        return f"a rate of {series.rate} Hz"
    start = series.starting_time or 0.0
    return None if np.isfinite(start) else f"a starting time of {start} s"


def _wrong_conversion(series: Any) -> str | None:
    if not (np.isfinite(series.conversion) and np.isfinite(series.offset)):
        return f"conversion {series.conversion} and offset {series.offset}"
    gains = getattr(series, "channel_conversion", None)
    channels = shape_of(series.data)[1:2] or (1,)
    if gains is not None and shape_of(gains) != channels:
        return f"{shape_of(gains)[0]} factors in channel_conversion for {channels[0]} channels"
    return None


def _is_numeric(values: Any) -> bool:
    return (values.dtype if hasattr(values, "dtype") else np.asarray(values).dtype).kind in "biuf"


def _times(series: Any, where: str, report: Report) -> tuple[Array, list[str]]:
    """Seconds of the samples, as they are, and what is wrong with them."""
    if series.timestamps is None:
        samples = np.arange(shape_of(series.data)[0])
        return (series.starting_time or 0.0) + samples / float(series.rate), []
    times = np.asarray(series.timestamps[:], dtype=np.float64)
    known = np.flatnonzero(np.isfinite(times))
    bad = {
        "NaN or infinite timestamps": np.flatnonzero(~np.isfinite(times)),
        "unsorted timestamps": known[1:][np.diff(times[known]) < 0],
    }
    issues = [issue for issue, rows in bad.items() if rows.size]
    for issue in issues:
        rows = bad[issue]
        more = f" ({rows.size:,}; the first {MOST_ROWS} are listed)" if rows.size > MOST_ROWS else ""
        report.defect(f"{issue}{more}", where=where, rows=rows[:MOST_ROWS], action="flagged")
    return times, issues


def _in_units(series: Any) -> Array:
    values = np.asarray(series.data[:], dtype=np.float64)
    gains = getattr(series, "channel_conversion", None)
    factor = 1.0 if gains is None else np.asarray(gains[:], dtype=np.float64)
    converted: Array = values * (factor * float(series.conversion)) + float(series.offset)
    return converted


def _across(
    series: Any, shape: tuple[int, ...], where: str, report: Report
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Dims of the data, and coords of what lies beside one another in a sample: cells, channels or axes."""
    kinds = {"rois": (UNIT, UNIT_ID), "electrodes": (CHANNEL, CHANNEL_ID)}
    for attribute, (dim, name) in kinds.items():
        region = getattr(series, attribute, None)
        if region is not None:
            width = shape[1] if len(shape) == 2 else 1
            ids, area = _rows_of(region, width, f"{where}/{attribute}", report)
            return (SAMPLE, dim), {name: (dim, ids), AREA: (dim, area)}
    if len(shape) == 1:
        return (SAMPLE,), {}
    spatial = is_a(series, "SpatialSeries") and shape[1] <= len(AXES)
    return (SAMPLE, COMPONENT), {COMPONENT: (COMPONENT, AXES[: shape[1]])} if spatial else {}


def _rows_of(region: Any, width: int, where: str, report: Report) -> tuple[Array, Array]:
    """Ids and areas of the rows of a table that ``region`` names, one for each of ``width`` columns."""
    nowhere = np.full(width, "")
    table = region.table
    rows = np.asarray(region.data[:]).astype(np.int64)
    if len(rows) != width:
        report.defect(
            f"{len(rows)} references for {width} columns of data", where=where, action="counted from 0"
        )
        return np.arange(width), nowhere
    dangling = np.flatnonzero((rows < 0) | (rows >= len(table.id)))
    if dangling.size:
        report.defect("rows that do not exist", where=where, rows=dangling, action="counted from 0")
        return np.arange(width), nowhere
    ids = np.asarray(table.id[:])[rows]
    _, inverse, counts = np.unique(ids, return_inverse=True, return_counts=True)
    repeated = np.flatnonzero(counts[inverse] > 1)
    if repeated.size:
        report.defect("ids that occur more than once", where=where, rows=repeated)
    plane = getattr(table, "imaging_plane", None)
    if plane is not None:
        return ids, np.full(width, str(plane.location or ""))
    located = as_column(table["location"][:]) if "location" in table.colnames else None
    return ids, nowhere if located is None else located[rows].astype(str)
