"""What an NWB file holds beside spikes and intervals: which parts, what each is called, which are read."""

from __future__ import annotations

from collections import Counter
from math import prod
from typing import TYPE_CHECKING, Any

from ...errors import unknown_name
from ...names import CONTINUOUS, EVENTS, STIMULI
from ..door._door import is_a
from ..door._survey import overclaims, shape_of
from ..session._report import Report
from ._events import one_kind_of_event
from ._series import in_order, is_numeric, one_series
from ._source import Source
from ._stimuli import TEMPLATES, Pictures, images_in, one_set_of_images

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import xarray as xr

    from ..door._door import Recording

# Larger parts are read only when they are asked for: 80 MB as numbers of double precision.
MOST_VALUES = 10_000_000

_READERS: dict[str, Callable[..., xr.Dataset | None]] = {
    CONTINUOUS: one_series,
    EVENTS: one_kind_of_event,
    STIMULI: one_set_of_images,
}
_KINDS_OF_EVENTS = ("AnnotationSeries", "IntervalSeries", "IndexSeries")


def read_parts(
    recording: Recording, wanted: bool | Sequence[str], rename: Mapping[str, str], report: Report
) -> Iterator[tuple[str, xr.Dataset]]:
    """Each part of the file that is to be read, after its place in the session, such as ``continuous/lfp``.

    ``wanted`` is True for all of up to ``MOST_VALUES`` values, False for none but events, or names of those
    that are wanted beside the events.
    """
    source = Source(recording, rename, report)
    found = _found(source)
    for place in _wanted(found, wanted, report):
        try:
            data = _READERS[_group(place)](found[place], where=place, source=source)
        except OSError as error:
            report.defect(f"cannot be read: {error}", where=place, action="left out")
            continue
        if data is not None:
            data = in_order(data) if report.repairs else data
            yield place, data.assign_attrs(path=_path(found[place], source))


def part_names(recording: Recording) -> list[str]:
    """Names of all parts of the file, by which they can be asked for."""
    return [_name(place) for place in _found(Source(recording, {}, Report()))]


def _found(source: Source) -> dict[str, Any]:
    """Every part by its place in the session."""
    recording, report = source.recording, source.report
    groups: dict[str, dict[str, Any]] = {CONTINUOUS: {}, EVENTS: {}, STIMULI: images_in(source)}
    groups[EVENTS] = {source.path(table): table for table in recording.all("EventsTable")}
    for series in recording.all("TimeSeries"):
        path = source.path(series)
        if is_a(series, "ImageSeries"):
            continue
        if _is_of_events(series):
            groups[EVENTS][path] = series
        elif path.startswith(TEMPLATES):
            # Its times say nothing: a template is shown whenever a presentation refers to it.
            report.note("template of stimuli", where=path.lstrip("/"), action="left out")
        else:
            groups[CONTINUOUS][path] = series
    return {
        f"{group}/{name}": parts[path]
        for group, parts in groups.items()
        for path, name in _names(parts, report).items()
    }


def _is_of_events(series: Any) -> bool:
    """Whether ``series`` tells what happened at moments, rather than samples what goes on all the time."""
    if any(is_a(series, kind) for kind in _KINDS_OF_EVENTS):
        return True
    is_text = series.data is not None and not is_numeric(series.data)
    return series.timestamps is not None and (is_text or is_a(series.parent, "BehavioralEvents"))


def _path(part: Any, source: Source) -> str:
    return part.path if isinstance(part, Pictures) else source.path(part)


def _group(place: str) -> str:
    return place.split("/", maxsplit=1)[0]


def _name(place: str) -> str:
    return place.split("/", 1)[1]


def _names(paths: Iterable[str], report: Report) -> dict[str, str]:
    """The name of the part at each path, with its module or its whole path where others share the name."""
    options = {path: _options(path) for path in sorted(paths)}
    counts = [Counter(level) for level in zip(*options.values(), strict=True)]
    names: dict[str, str] = {}
    for path, levels in options.items():
        alone = [name for name, count in zip(levels, counts, strict=True) if count[name] == 1]
        name = alone[0] if alone else levels[-1]
        while name in names.values():
            name += "_"
        names[path] = name
        if name != levels[0]:
            report.note("several series have this name", where=path.lstrip("/"), action=f"kept as {name}")
    return names


def _options(path: str) -> tuple[str, str, str]:
    parts = path.removeprefix("/processing").strip("/").split("/")
    return parts[-1], f"{parts[0]}_{parts[-1]}", "_".join(parts)


def _wanted(found: dict[str, Any], wanted: bool | Sequence[str], report: Report) -> list[str]:
    sizes = {place: _size(part) for place, part in found.items()}
    named = _checked_names(found, wanted) if not isinstance(wanted, bool) else ()
    asked = [place for place in found if wanted is True or _group(place) == EVENTS or _name(place) in named]
    for place in asked:
        claim = overclaims(getattr(found[place], "data", None))
        if claim is not None:
            report.defect(claim, where=place, action="left out")
            sizes.pop(place)
    asked = [place for place in asked if place in sizes]
    large = [place for place in asked if sizes[place] > MOST_VALUES and _name(place) not in named]
    for place in large:
        report.note(
            f"{sizes[place]:,} values",
            where=place,
            action=f"left out; open_nwb(..., continuous=[{_name(place)!r}]) reads it",
        )
    return [place for place in asked if place not in large]


def _checked_names(found: dict[str, Any], wanted: Sequence[str]) -> list[str]:
    names, known = [wanted] if isinstance(wanted, str) else list(wanted), list(map(_name, found))
    for name in names:
        if name not in known:
            raise unknown_name("continuous series, events or images", name, known)
    return names


def _size(part: Any) -> int:
    if isinstance(part, Pictures):
        return prod(part.shape)
    if is_a(part, "DynamicTable"):
        return len(part.id) * len(part.colnames)
    return prod(shape_of(part.data))
