"""What a file holds, in words: each part prints as lines for a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ...errors import listing

if TYPE_CHECKING:
    from ..session._report import Entry

NEEDED = ("session_id", "subject", "session_start_time")


@dataclass(frozen=True)
class Column:
    """A column of a table of intervals: how many different values it has, and how often they come back."""

    name: str
    distinct: int
    once: int
    most: int

    def __str__(self) -> str:
        if self.distinct <= 1:
            return "always the same"
        if self.most == 1:
            return "all different"
        once = f", {self.once} of them once" if self.once else ""
        return f"{self.distinct} values{once}, up to {self.most} times"


@dataclass(frozen=True)
class Table:
    """A table of intervals: its rows, the seconds that they span, and its columns."""

    name: str
    rows: int
    span: tuple[float, float]
    columns: tuple[Column, ...]

    def __str__(self) -> str:
        width = max((len(column.name) for column in self.columns), default=0)
        columns = [f"    {column.name:<{width}}  {column}" for column in self.columns]
        span = f", {self.span[0]:.1f} to {self.span[1]:.1f} s" if self.rows else ""
        return "\n".join([f"  {self.name}: {self.rows} rows{span}", *columns])


@dataclass(frozen=True)
class Units:
    """The units of a recording: how many, with how many spikes, how many in each area."""

    count: int
    spikes: int
    areas: dict[str, int]
    columns: tuple[str, ...]

    def __str__(self) -> str:
        areas = [f"  {count:>5}  {area or '(no area)'}" for area, count in self.areas.items()]
        columns = [f"  columns: {listing(self.columns)}"] if self.columns else []
        return "\n".join([f"units: {self.count}, {self.spikes:,} spikes", *areas, *columns])


@dataclass(frozen=True)
class Series:
    """A series: where it lies, its shape, samples per second (None where irregular), and units."""

    name: str
    path: str
    shape: tuple[int, ...]
    rate: float | None
    unit: str

    def __str__(self) -> str:
        rate = "irregular" if self.rate is None else f"{self.rate:g} Hz"
        return (
            f"  {self.path}: {' x '.join(map(str, self.shape)) or 'no data'}, {rate}, in {self.unit or '?'}"
        )


@dataclass(frozen=True)
class Inspection:
    """What ``inspect`` found; print it."""

    source: str
    about: dict[str, str]
    units: Units | None
    tables: tuple[Table, ...]
    continuous: tuple[Series, ...]
    issues: tuple[Entry, ...]

    def __str__(self) -> str:
        told = {name: value or "(not given)" for name, value in self.about.items() if value or name in NEEDED}
        said = [f"{name.replace('_', ' ')} {value}" for name, value in told.items()]
        parts = {
            "tables of intervals": self.tables,
            "series, events and images": self.continuous,
            "worth knowing": [f"  {entry}" for entry in self.issues],
        }
        lists = [
            "\n".join([f"{title}:" if entries else f"{title}: none", *map(str, entries)])
            for title, entries in parts.items()
        ]
        return "\n\n".join(["\n".join([self.source, *said]), str(self.units or "units: none"), *lists])
