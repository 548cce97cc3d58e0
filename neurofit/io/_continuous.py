"""The continuous series of an NWB file: which there are, what each is called, and which of them are read."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from ..errors import unknown_name
from ..names import CONTINUOUS
from ._door import is_a
from ._series import one_series, shape_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import xarray as xr

    from ._door import Recording
    from ._report import Report

# Larger series are read only when they are asked for: 80 MB as numbers of double precision.
MOST_VALUES = 10_000_000


def read_continuous(
    recording: Recording, continuous: bool | Sequence[str], report: Report
) -> dict[str, xr.Dataset]:
    """Each continuous series of the file that is to be read, by name.

    ``continuous`` is True for all of up to ``MOST_VALUES`` values, False for none, or names of those wanted.
    """
    if continuous is False:
        return {}
    found = _found(recording, report)
    wanted = _wanted(found, continuous, report)
    read: dict[str, xr.Dataset] = {}
    for name in wanted:
        where = f"{CONTINUOUS}/{name}"
        try:
            series = one_series(found[name], where=where, report=report)
        except OSError as error:
            report.defect(f"cannot be read: {error}", where=where, action="left out")
            continue
        if series is not None:
            read[name] = series.assign_attrs(path=recording.stored(found[name]).name)
    return read


def _found(recording: Recording, report: Report) -> dict[str, Any]:
    """Every series that is no image, by the name that it gets in the session."""
    by_path: dict[str, Any] = {}
    for item in recording.all("TimeSeries"):
        path: str = recording.stored(item).name
        if is_a(item, "ImageSeries") or is_a(item, "IndexSeries"):
            report.note("images", where=path.lstrip("/"), action="left out")
        elif path.startswith("/stimulus/templates/"):
            # Its times say nothing: a template is shown whenever a presentation refers to it.
            report.note("template of stimuli", where=path.lstrip("/"), action="left out")
        else:
            by_path[path] = item
    return {name: by_path[path] for path, name in _names(by_path, report).items()}


def _names(paths: Iterable[str], report: Report) -> dict[str, str]:
    """The name of the series at each path, with its module or its whole path where others share the name."""
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


def _wanted(found: dict[str, Any], continuous: bool | Sequence[str], report: Report) -> list[str]:
    if not isinstance(continuous, bool):
        names = [continuous] if isinstance(continuous, str) else list(dict.fromkeys(continuous))
        for name in names:
            if name not in found:
                raise unknown_name("continuous series", name, found)
        return names
    sizes = {name: _size(series) for name, series in found.items()}
    for name, size in sizes.items():
        if size > MOST_VALUES:
            report.note(
                f"{size:,} values",
                where=f"{CONTINUOUS}/{name}",
                action=f"left out; open_nwb(..., continuous=[{name!r}]) reads it",
            )
    return [name for name, size in sizes.items() if size <= MOST_VALUES]


def _size(series: Any) -> int:
    size = 1
    for length in shape_of(series.data):
        size *= length
    return size
