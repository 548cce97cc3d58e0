"""Cells of a table as numbers and names, and all that is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import listing

if TYPE_CHECKING:
    import pandas as pd

    Numbers = np.ndarray

SHOWN = 8  # of the rows that a problem is found in


def numbers(cells: pd.Series, problems: list[str]) -> Numbers:
    """Numbers, NaN where a cell is empty; cells that hold anything else are told."""
    if cells.dtype.kind in "mM":
        problems.append(f"{cells.name!r} holds dates: give numbers, such as days since the first session")
    values = _to_numbers(cells)
    wrong = np.isnan(values) & ~_empty(cells)
    tell(problems, f"{cells.name!r} is no number", wrong, cells)
    tell(problems, f"{cells.name!r} is infinite", np.isinf(values), cells)
    return values


def names(cells: pd.Series, problems: list[str]) -> Numbers:
    """Ids as whole numbers where all of them are, else as text; empty ones are told."""
    tell(problems, f"{cells.name!r} is empty", _empty(cells))
    as_numbers = _to_numbers(cells)
    text = cells.astype(str).to_numpy(dtype=str)
    whole = np.isfinite(as_numbers) & (np.abs(as_numbers) < 2**53)
    if whole.all() and (as_numbers == np.round(as_numbers)).all() and not _padded(text).any():
        return as_numbers.astype(np.int64)
    return text


def covariate(cells: pd.Series) -> Numbers:
    """Numbers where all cells that are not empty are, else text."""
    values = _to_numbers(cells)
    if (np.isnan(values) <= _empty(cells)).all():
        return values
    return cells.where(~cells.isna(), "").astype(str).to_numpy(dtype=str)


def tell(problems: list[str], what: str, where: Numbers, cells: pd.Series | None = None) -> None:
    """Note a problem with the rows, counted from 0, in which it is found."""
    rows = np.flatnonzero(where)
    if rows.size:
        seen = "" if cells is None else f" ({listing(map(repr, cells.iloc[rows[:SHOWN]]), limit=SHOWN)})"
        problems.append(f"{what} in rows {listing(rows, limit=SHOWN)}{seen}")


def _to_numbers(cells: pd.Series) -> Numbers:
    import pandas as pd

    return np.asarray(pd.to_numeric(cells, errors="coerce").to_numpy(dtype=float, na_value=np.nan))


def _empty(cells: pd.Series) -> Numbers:
    return np.asarray(cells.isna() | (cells.astype(str).str.strip() == ""))


def _padded(text: Numbers) -> Numbers:
    """Ids such as 007, which as numbers would be others' (7)."""
    return np.array([len(one) > 1 and one[0] == "0" and one.isdigit() for one in text])
