"""Columns of a table as arrays of one value for each row: numbers, flags or text."""

from __future__ import annotations

import re
from ast import literal_eval
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import UnknownNameError, listing, unknown_name
from ..names import AREA

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._report import Report

Array = np.ndarray[Any, Any]
Columns = dict[str, Array]

# Where labs write the region of a unit when they do not use the table of electrodes.
REGION_COLUMNS = (AREA, "location", "brain_area", "brain_region", "region")

_BYTES_AS_TEXT = re.compile(r"""b(['"]).*\1""", re.DOTALL)


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


def free_names(columns: Columns, taken: Iterable[str], *, where: str, report: Report) -> Columns:
    """``columns``, with an underscore behind each name that neurofit itself uses in such a table."""
    taken = set(taken)
    freed: Columns = {}
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
