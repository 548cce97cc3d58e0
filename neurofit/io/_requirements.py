"""What an analysis needs of a recording, and what this one lacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .. import schema
from ..errors import RecordingError, SchemaError, listing
from ..names import AREA, CONTINUOUS, INTERVALS, RESPONSES, ROW_SIZE, SPIKES, TRIALS, UNIT, VALID
from ..registry import Registry
from .door._door import read
from .nwb._open import open_nwb, read_intervals
from .session import _session
from .session._columns import names_of
from .session._report import Report

if TYPE_CHECKING:
    from pathlib import Path

    from .door._door import Recording
    from .session._columns import Array

# How much there is of something; None where the session does not have what is to be counted.
Count = Callable[[xr.DataTree, Mapping[str, Any]], "int | None"]

counts: Registry[Count] = Registry("count")


@dataclass(frozen=True)
class Need:
    """Something that an analysis needs and a recording lacks: what, how much there is, how to add it."""

    what: str
    found: int | None
    how: str

    def __str__(self) -> str:
        found = "" if self.found is None else f" (there is {self.found})"
        return f"  {self.what}{found}\n    {self.how}"


@dataclass(frozen=True)
class Requirements:
    """Whether a recording has what an analysis needs (``met``), and what is ``missing``; print it."""

    analysis: str
    missing: tuple[Need, ...]
    there: str

    @property
    def met(self) -> bool:
        """Whether nothing is missing."""
        return not self.missing

    def __str__(self) -> str:
        if self.met:
            return f"{self.analysis}: all that it needs is there"
        return "\n".join([f"{self.analysis} needs more:", *map(str, self.missing), self.there])


def check_requirements(recording: str | Path | xr.DataTree, *, analysis: str, **options: Any) -> Requirements:
    """What a recording lacks for an analysis; everything at once, each with how to add it.

    Parameters
    ----------
    recording
        An NWB file, or a session.
    analysis
        One of ``neurofit.schema.analyses()``, such as ``"rsa"`` or ``"plasticity"``.
    **options
        How to open a file: ``trials``, ``rename`` and the other options of ``open_nwb``.

    Returns
    -------
    Requirements
        Printable; ``.met`` is true where nothing is missing, ``.missing`` has ``.what`` and ``.how`` of each.

    Raises
    ------
    UnknownNameError
        If no such analysis says what it needs.
    RecordingError
        If the file cannot be read.
    SchemaError
        If there are options for a session, which is open already.

    Examples
    --------
    >>> from neurofit import io
    >>> found = check_requirements(io.from_arrays(spikes=[[0.1], [0.2]]), analysis="irl")
    >>> found.met, found.missing[0].what
    (False, 'a table of trials')
    """
    wanted = _with_included(analysis)
    session = recording if isinstance(recording, xr.DataTree) else _opened(recording, options)
    if session is recording and options:
        raise SchemaError(f"a session is open already, so {listing(options)} cannot be heeded")
    missing = [*_lacking(session, wanted), *_too_few(session, wanted)]
    return Requirements(analysis, tuple(missing), _there(session))


def _with_included(analysis: str) -> list[dict[str, Any]]:
    own = schema.requirements(analysis)
    return [*map(schema.requirements, own["x-neurofit"].get("includes", [])), own]


def _lacking(session: xr.DataTree, wanted: list[dict[str, Any]]) -> list[Need]:
    """The needs of parts, of dims and of columns that are not met."""
    from jsonschema import Draft202012Validator

    described = schema.describe(session)
    return [
        Need(need["title"], None, need["description"])
        for part in wanted
        for need in part["allOf"]
        if not Draft202012Validator(need).is_valid(described)
    ]


def _too_few(session: xr.DataTree, wanted: list[dict[str, Any]]) -> list[Need]:
    """The needs of values that are not met, among those that can be counted."""
    missing = []
    for need in (need for part in wanted for need in part["x-neurofit"]["needs"]):
        found = counts[need["count"]](session, need)
        if found is not None and found < need["at_least"]:
            missing.append(Need(need["title"], found, need["description"]))
    return missing


def _opened(path: str | Path, options: dict[str, Any]) -> xr.DataTree:
    """The session in a file, or its tables of intervals where nothing else was recorded."""
    try:
        return open_nwb(path, **options)
    except RecordingError as error:
        refusal, report = error, Report()

    def tables(recording: Recording) -> xr.DataTree:
        units = recording.nwb.units
        if units is not None and "spike_times" in units.colnames:
            raise refusal
        found = read_intervals(recording, options.get("rename") or {}, report)
        parts: dict[str, xr.Dataset | None] = {f"{INTERVALS}/{name}": table for name, table in found.items()}
        parts[TRIALS] = _session.chosen(found, options.get("trials"), report)
        return _session.tree(parts, {}, report)

    return read(path, tables, report=report, allow_external=options.get("allow_external", False))


def _there(session: xr.DataTree) -> str:
    tables = list(session.children[INTERVALS].children) if INTERVALS in session.children else []
    columns = list(session.children[TRIALS].data_vars) if TRIALS in session.children else []
    named = [listing(names) or "none" for names in (tables, columns)]
    return "There are tables of intervals: {}; columns of the trials: {}".format(*named)


def _rows(session: xr.DataTree, need: Mapping[str, Any]) -> Array | None:
    """A column of the trials that can be used, or a coord of weights, as text."""
    name = need["of"]
    if TRIALS not in session.children or name not in session.children[TRIALS].variables:
        held = (node.coords[name].values for node in session.children.values() if name in node.coords)
        return next(held, None)
    table, where = session.children[TRIALS].to_dataset(), need.get("where", {})
    if not set(where) <= set(table.variables):
        return None
    values = names_of(table[name].values)
    kept = table[VALID].values & (values != "")
    for column, value in where.items():
        kept &= table[column].values == value
    return values[kept]


@counts.register("rows")
def _number(session: xr.DataTree, need: Mapping[str, Any]) -> int | None:
    """Rows that can be used."""
    rows = _rows(session, need)
    return None if rows is None else len(rows)


@counts.register("distinct")
def _distinct(session: xr.DataTree, need: Mapping[str, Any]) -> int | None:
    """Different values in the rows that can be used."""
    rows = _rows(session, need)
    return None if rows is None else len(np.unique(rows))


@counts.register("repeats")
def _repeats(session: xr.DataTree, need: Mapping[str, Any]) -> int | None:
    """How often the rarest value comes."""
    rows = _rows(session, need)
    return None if rows is None else int(np.unique(rows, return_counts=True)[1].min(initial=len(rows)))


@counts.register("units")
def _units(session: xr.DataTree, _: Mapping[str, Any]) -> int | None:
    """Units that did anything at all."""
    if SPIKES in session.children:
        return int(np.count_nonzero(session.children[SPIKES].data_vars[ROW_SIZE].values))
    sizes = [part.sizes[UNIT] for part in _with_units(session)]
    return max(sizes) if sizes else None


@counts.register("areas")
def _areas(session: xr.DataTree, _: Mapping[str, Any]) -> int | None:
    """Areas that are named and have two units or more."""
    parts = [part for part in _with_units(session) if AREA in part.coords]
    if not parts:
        return None
    each = [np.unique(part[AREA].values[part[AREA].values != ""], return_counts=True)[1] for part in parts]
    return max(int(np.count_nonzero(sizes >= 2)) for sizes in each)


def _with_units(session: xr.DataTree) -> list[xr.Dataset]:
    """The parts of a session that tell of units: spikes, responses, the traces of cells."""
    groups = session.children
    parts = [groups[name].to_dataset() for name in (SPIKES, RESPONSES) if name in groups]
    series = groups[CONTINUOUS].children.values() if CONTINUOUS in groups else ()
    return parts or [part.to_dataset() for part in series if UNIT in part.dims]
