"""One continuous series of an NWB file as a dataset: when its samples were taken, and what they hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...names import (
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
from ..door._door import is_a
from ..door._survey import shape_of
from ..session._columns import as_column
from ._source import coords_of_rows

if TYPE_CHECKING:
    from ..session._columns import Array
    from ..session._report import Report
    from ._source import Source

AXES = np.array(["x", "y", "z"])
MOST_ROWS = 1000
NO_TIME, UNSORTED = "NaN or infinite timestamps", "unsorted timestamps"
_REPAIRS = {NO_TIME: "dropped", UNSORTED: "sorted"}


def one_series(series: Any, *, where: str, source: Source, along: str = SAMPLE) -> xr.Dataset | None:
    """``series`` in its units against seconds; None, and a defect, where its parts do not fit together."""
    wrong = misfit(series)
    if wrong is not None:
        source.report.defect(wrong, where=where, action="left out")
        return None
    values, unheld = _held(series, along)
    if values is None:
        source.report.note(unheld, where=where, action="left out")
        return None
    times, issues = times_of(series, where, source.report)
    dims, coords = _across(series, values.shape, along, where, source)
    if len(dims) > values.ndim:  # One cell or channel, stored without an axis of its own.
        values = values[:, np.newaxis]
    said = {"units": series.unit or "unknown", "long_name": series.name}
    coords[TIME] = (along, times, {"units": "s", "long_name": f"time of the {along}"})
    data = xr.Dataset({DATA: (dims, values, said)}, coords)
    return data.assign_attrs(**_about(series), **{ISSUE: "; ".join(issues)})


def values_of(series: Any) -> Array:
    """The values in their units; as they are stored where nothing is to be converted."""
    is_plain = series.conversion == 1 and series.offset == 0
    return np.asarray(series.data[:]) if is_plain else _in_units(series)


def is_numeric(values: Any) -> bool:
    """Whether ``values``, not read yet, are numbers or flags."""
    return (values.dtype if hasattr(values, "dtype") else np.asarray(values).dtype).kind in "biuf"


def _held(series: Any, along: str) -> tuple[Array | None, str]:
    """The values, or why they cannot be held: events may be text too, samples are numbers in their units."""
    if len(shape_of(series.data)) > 2:
        return None, "more than two axes"
    if is_numeric(series.data):
        return (_in_units(series) if along == SAMPLE else values_of(series)), ""
    return (None if along == SAMPLE else as_column(series.data[:])), "no numbers"


def _about(series: Any) -> dict[str, Any]:
    """What the file says of ``series`` as attributes: of electrodes their filter, of light where it fell."""
    said = {"neurodata_type": series.neurodata_type, "description": series.description or ""}
    if getattr(series, "filtering", None):
        said["filtering"] = series.filtering
    site = getattr(series, "site", None)
    if site is not None:
        said |= {"site": site.name, "site_location": site.location or "", "device": site.device.name}
        said["excitation_wavelength"] = f"{site.excitation_lambda:g} nm"
    return said


def misfit(series: Any, *, timed: bool = True) -> str | None:
    """Why the parts of ``series`` make no series, known from their shapes alone."""
    if series.data is None or not shape_of(series.data):
        return "no data"
    wrong_times = _wrong_start_or_rate if series.timestamps is None else _wrong_timestamps
    return (wrong_times(series) if timed else None) or _wrong_conversion(series)


def _wrong_timestamps(series: Any) -> str | None:
    samples, stamps = shape_of(series.data)[0], shape_of(series.timestamps)
    if stamps != (samples,):
        return f"{samples} samples but {' x '.join(map(str, stamps))} timestamps"
    return None if is_numeric(series.timestamps) else "timestamps are no numbers"


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


def times_of(series: Any, where: str, report: Report) -> tuple[Array, list[str]]:
    """Seconds of the samples, as they are, and what is wrong with them."""
    if series.timestamps is None:
        samples = np.arange(shape_of(series.data)[0])
        return (series.starting_time or 0.0) + samples / float(series.rate), []
    times = np.asarray(series.timestamps[:], dtype=np.float64)
    return times, odd_times(times, where, report)


def odd_times(times: Array, where: str, report: Report) -> list[str]:
    """What is wrong with ``times``, which is entered in the report."""
    known = np.flatnonzero(np.isfinite(times))
    bad = {
        NO_TIME: np.flatnonzero(~np.isfinite(times)),
        UNSORTED: known[1:][np.diff(times[known]) < 0],
    }
    issues = [issue for issue, rows in bad.items() if rows.size]
    for issue in issues:
        rows = bad[issue]
        more = f" ({rows.size:,}; the first {MOST_ROWS} are listed)" if rows.size > MOST_ROWS else ""
        action = _REPAIRS[issue] if report.repairs else "flagged"
        report.defect(f"{issue}{more}", where=where, rows=rows[:MOST_ROWS], action=action)
    return [] if report.repairs else issues


def in_order(data: xr.Dataset) -> xr.Dataset:
    """``data`` sorted by time, all that belongs to a moment together, without what has no time."""
    if TIME not in data.coords:
        return data
    times, (dim,) = data[TIME].values, data[TIME].dims
    order = np.argsort(times, kind="stable")
    return data.isel({dim: order[np.isfinite(times[order])]})


def _in_units(series: Any) -> Array:
    values = np.asarray(series.data[:], dtype=np.float64)
    gains = getattr(series, "channel_conversion", None)
    factor = 1.0 if gains is None else np.asarray(gains[:], dtype=np.float64)
    converted: Array = values * (factor * float(series.conversion)) + float(series.offset)
    return converted


def _across(
    series: Any, shape: tuple[int, ...], along: str, where: str, source: Source
) -> tuple[tuple[str, ...], dict[str, Any]]:
    """Dims of the data, and coords of what lies beside one another in a sample: cells, channels or axes."""
    kinds = {"rois": (UNIT, UNIT_ID), "electrodes": (CHANNEL, CHANNEL_ID)}
    for attribute, (dim, id_name) in kinds.items():
        region = getattr(series, attribute, None)
        if region is not None:
            width, place = (shape[1] if len(shape) == 2 else 1), f"{where}/{attribute}"
            coords = coords_of_rows(region, width, dim=dim, id_name=id_name, where=place, source=source)
            return (along, dim), coords
    if len(shape) == 1:
        return (along,), {}
    spatial = is_a(series, "SpatialSeries") and shape[1] <= len(AXES)
    return (along, COMPONENT), {COMPONENT: (COMPONENT, AXES[: shape[1]])} if spatial else {}
