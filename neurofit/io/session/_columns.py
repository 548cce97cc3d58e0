"""Columns of a table as arrays of one value for each row: numbers, flags or text."""

from __future__ import annotations

import re
from ast import literal_eval
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ...errors import UnknownNameError, listing, unknown_name
from ...names import AREA, TRIAL

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._report import Report

Array = np.ndarray[Any, Any]
Columns = dict[str, Array]
Column = TypeVar("Column")

# Where labs write the region of a unit when they do not use the table of electrodes.
REGION_COLUMNS = (AREA, "location", "brain_area", "brain_region", "region")

_BYTES_AS_TEXT = re.compile(r"""b(['"]).*\1""", re.DOTALL)


@dataclass(frozen=True)
class Ragged:
    """The values of a ragged column and the number of them in each row."""

    values: Array
    sizes: Array

    def variables(self, name: str) -> dict[str, Any]:
        """The column as variables: ``name`` along a dim of its own, and ``<name>_row_size`` of each trial."""
        return {name: (f"{name}_item", self.values), f"{name}_row_size": (TRIAL, self.sizes)}


def text(value: object) -> str:
    r"""``value`` as text; bytes, and text that shows bytes as Python prints them, are decoded.

    >>> text(b"CA1"), text("b'CA1'"), text("CA1"), text(float("nan"))
    ('CA1', 'CA1', 'CA1', '')
    """
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    if isinstance(value, str) and _BYTES_AS_TEXT.fullmatch(value):
        try:
            value = literal_eval(value)
        except (SyntaxError, ValueError):
            return str(value)  # It only looks like bytes, so it stands as it is.
    return value.decode("utf-8", errors="replace") if isinstance(value, bytes) else str(value)


def names_of(values: Array) -> Array:
    """What was shown, as text; empty where ``values`` do not say.

    Whole numbers lose their decimal point: the orientation 45.0 is the stimulus ``"45"``.

    >>> names_of(np.array([45.0, np.nan])).tolist()
    ['45', '']
    """
    if values.dtype.kind != "f":
        return values.astype(str)
    there = ~np.isnan(values)
    known = values[there]
    named = np.full(values.shape, "", dtype="U32")
    whole = np.all(np.abs(known) < 2**53) and np.all(known == np.floor(known))
    named[there] = known.astype(np.int64 if whole else known.dtype).astype(str)
    return named


def as_column(values: Any) -> Array | None:
    """``values`` as an array with one number, flag, date or text for each row; None where they are not."""
    try:
        array = np.asarray(values)
    except ValueError:  # Rows of different lengths.
        return None
    if array.ndim != 1:
        return None
    if array.dtype.kind in "biufM":
        return array
    if array.dtype.kind in "UST" or (array.dtype.kind == "O" and all(map(_is_text, array))):
        return np.array([text(value) for value in array.tolist()], dtype=str)
    return None


def hold(table: Mapping[str, Any], *, rows: int, where: str, report: Report) -> Columns:
    """The columns of ``table`` that can be held beside its ``rows``; the others are entered in the report."""
    columns: Columns = {}
    for name, values in table.items():
        column = as_column(values)
        if column is None:
            report.note("not one value for each row", where=f"{where}/{name}", action="left out")
            continue
        if len(column) != rows:
            length = f"{len(column)} values for {rows} rows"
            report.defect(length, where=f"{where}/{name}", action="left out")
            continue
        if _shows_bytes(values):
            report.note("bytes written as text", where=f"{where}/{name}", action="decoded")
        columns[name] = column
    return columns


def renamed(columns: Mapping[str, Any], rename: Mapping[str, str]) -> dict[str, Any]:
    """``columns`` under their new names; two columns may not end up with one name."""
    names = [rename.get(name, name) for name in columns]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise UnknownNameError(
            f"rename= gives two columns one name: {listing(twice)}. Columns: {listing(columns)}."
        )
    return dict(zip(names, columns.values(), strict=True))


def check_rename(rename: Mapping[str, str], known: Iterable[str]) -> None:
    """Raise if a column to be renamed is in none of the tables."""
    known = list(dict.fromkeys(known))
    for name in rename:
        if name not in known:
            raise unknown_name("column", name, known)


def free_names(
    columns: Mapping[str, Column], taken: Iterable[str], *, where: str, report: Report
) -> dict[str, Column]:
    """``columns``, with an underscore behind each name that neurofit itself uses in such a table."""
    taken = set(taken)
    freed: dict[str, Column] = {}
    for name, column in columns.items():
        free = name
        while free in taken or (free != name and free in columns):
            free += "_"
        if free != name:
            report.note("name has another meaning here", where=f"{where}/{name}", action=f"renamed to {free}")
        freed[free] = column
    return freed


def _is_text(value: object) -> bool:
    return value is None or isinstance(value, str | bytes) or (isinstance(value, float) and np.isnan(value))


def _shows_bytes(values: Any) -> bool:
    array = np.asarray(values)
    if array.dtype.kind not in "OUT":
        return False
    return any(isinstance(value, str) and _BYTES_AS_TEXT.fullmatch(value) for value in array.tolist())
