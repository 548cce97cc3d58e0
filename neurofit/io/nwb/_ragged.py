"""Columns with several values for each row: all values, row after row, and how many each row has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..door._door import is_a
from ..door._survey import refuse_overclaims, shape_of
from ..session._columns import Ragged, as_column

if TYPE_CHECKING:
    from ..session._report import Report


def ragged_columns(table: Any, report: Report) -> dict[str, Ragged]:
    """The ragged columns of ``table`` that hold numbers, flags or text, by their names in the file."""
    found = {name: table[name] for name in table.colnames}
    read = {
        name: _ragged(column, f"{table.name}/{name}", report)
        for name, column in found.items()
        if is_a(column, "VectorIndex") and _is_plain(column.target)
    }
    return {name: column for name, column in read.items() if column is not None}


def _is_plain(target: Any) -> bool:
    """Whether ``target`` holds single values, rather than rows of other tables or further indices."""
    if is_a(target, "VectorIndex") or is_a(target, "DynamicTableRegion") or not is_a(target, "VectorData"):
        return False
    # Values of several parts, such as references to spans of series, have a list of types.
    dtype = getattr(target.data, "dtype", np.dtype(object))
    return len(shape_of(target.data)) == 1 and isinstance(dtype, np.dtype) and dtype.kind != "V"


def _ragged(index: Any, where: str, report: Report) -> Ragged | None:
    ends = np.asarray(index.data[:]).astype(np.int64)
    sizes, total = np.diff(ends, prepend=0), shape_of(index.target.data)[0]
    if np.any(sizes < 0) or (ends[-1] if ends.size else 0) != total:
        told = "decreases" if np.any(sizes < 0) else f"ends at {ends[-1] if ends.size else 0}"
        report.defect(f"its index {told}, for {total} values", where=where, action="left out")
        return None
    refuse_overclaims(index.target.data, where)
    try:
        values = as_column(index.target[:])
    except OSError as error:
        report.defect(f"cannot be read: {error}", where=where, action="left out")
        return None
    return None if values is None else Ragged(values, sizes)
