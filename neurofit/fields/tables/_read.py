"""A long table of weights, synapse by session, as an array with its gaps."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...errors import SchemaError, listing
from ...names import FIRST_SESSION, LAST_SESSION, SESSION_ID, SESSION_INDEX, SYNAPSE, TIME
from ...provenance import label, stamp
from ._columns import covariate, names, numbers, tell
from ._sources import rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

Numbers = np.ndarray
TAKEN = (SYNAPSE, SESSION_INDEX, SESSION_ID, TIME, FIRST_SESSION, LAST_SESSION)


def read_weights(  # noqa: PLR0913 - a table has as many columns
    table: str | Path | pd.DataFrame | xr.Dataset | xr.DataArray,
    *,
    synapse: str = "synapse",
    session: str = "session",
    value: str = "weight",
    time: str | None = None,
    covariates: Sequence[str] = (),
    name: str | None = None,
    signed: bool = False,
    units: str = "1",
    time_units: str = "d",
) -> xr.DataArray:
    """Weights across sessions from a table with one row for each measurement.

    Parameters
    ----------
    table
        Path of a CSV, TSV or NWB file (any table with these columns, of intervals too), a DataFrame, or an
        xarray object whose variables or coords are the columns.
    synapse, session, value
        Columns: which synapse, when, how strong.
    time
        Column of the time of the session, if there is one. It orders sessions; without it, their names do:
        numbers by size, else text as it first appears.
    covariates
        Further columns to keep, such as ``pre``, ``post``, ``dendrite``.
    name
        Of the table, where an NWB file has several with these columns.
    signed
        Whether weights may be negative; sizes of spines may not.
    units
        Of the value.
    time_units
        Of the time.

    Returns
    -------
    DataArray (session_index, synapse)
        ``weights``, NaN where a synapse was not measured. Coords: ``synapse``, the ids; ``session_id`` and,
        if told, ``time`` of each session; ``first_session`` and ``last_session`` in which a synapse was
        measured (-1 if never), so that those that appear or vanish can be told from gaps; and covariates, of
        each synapse where they are constant there, else (session_index, synapse).

    Raises
    ------
    SchemaError
        If columns are missing, or cells are wrong: no numbers, negative, without an id, two values for one
        synapse in one session, two times for one session. All problems are told together.
    RecordingError
        If the file cannot be read.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"synapse": [7, 8, 7], "session": [1, 1, 2], "weight": [0.2, 0.5, 0.3]})
    >>> found = read_weights(table)
    >>> found.values.tolist(), found.last_session.values.tolist()
    ([[0.2, 0.5], [0.3, nan]], [1, 0])
    """
    wanted = list(dict.fromkeys([synapse, session, value, *([time] if time else []), *covariates]))
    rows, problems = (
        rows_of(table, wanted, name),
        [f"no room for {one!r}" for one in covariates if one in TAKEN],
    )
    weight = numbers(rows[value], problems)
    if not signed:
        hint = "; if weights have a sign, tell signed=True"
        tell(problems, f"{value!r} is negative{hint}:", weight < 0, rows[value])
    (ids, who), (sessions, when) = (_coded(names(rows[column], problems)) for column in (synapse, session))
    times = numbers(rows[time], problems) if time else None
    order = _order(sessions, when, times, problems)
    _check_pairs(ids[who], sessions[when], problems)
    if not problems and len(sessions) < 2:
        problems.append(f"there is one session, {listing(sessions)}: changes need at least two")
    if problems:
        raise SchemaError("no table of weights: " + "; ".join(problems))
    place = np.argsort(order)[when]
    grid = np.full((len(sessions), len(ids)), np.nan)
    grid[place, who] = weight
    coords: dict[str, Any] = {SYNAPSE: ids, SESSION_ID: (SESSION_INDEX, sessions[order]), **_seen(grid)}
    if times is not None:
        first = np.array([times[when == one][0] for one in order])
        coords[TIME] = (SESSION_INDEX, first, {"units": time_units, "long_name": "time of the session"})
    coords |= {one: _kept(covariate(rows[one]), place, who, grid.shape) for one in covariates}
    result = xr.DataArray(grid, coords, (SESSION_INDEX, SYNAPSE), name="weights")
    source = Path(table).name if isinstance(table, (str, Path)) else type(table).__name__
    columns = {"synapse": synapse, "session": session, "value": value, "time": time}
    return stamp(
        label(result, units=units, long_name="weight as measured"),
        "fields.read_weights",
        table=source,
        columns=columns,
        covariates=list(covariates),
    )


def _coded(cells: Numbers) -> tuple[Numbers, Numbers]:
    """Distinct ids, numbers by size and text as it first appears, and which of them each row has."""
    ids, first, which = np.unique(cells, return_index=True, return_inverse=True)
    if ids.dtype.kind != "U":
        return ids, which
    order = np.argsort(first)
    return ids[order], np.argsort(order)[which]


def _order(sessions: Numbers, when: Numbers, times: Numbers | None, problems: list[str]) -> Numbers:
    """Sessions from the first to the last."""
    each = np.arange(len(sessions))
    if times is None or problems:
        return each
    spans = [(times[when == one].min(), times[when == one].max()) for one in each]
    lacking = [sessions[one] for one in each if np.isnan(spans[one]).any()]
    torn = [sessions[one] for one in each if spans[one][0] < spans[one][1]]
    starts = np.array([span[0] for span in spans])
    if lacking:
        problems.append(f"sessions {listing(lacking)} have measurements without a time")
    if torn:
        problems.append(f"sessions {listing(torn)} have more than one time")
    if len(np.unique(starts)) < len(starts) and not lacking:
        problems.append("some sessions have the same time: their order is not known")
    return np.argsort(starts, kind="stable")


def _check_pairs(ids: Numbers, sessions: Numbers, problems: list[str]) -> None:
    import pandas as pd

    pairs = pd.DataFrame({"synapse": ids, "session": sessions})
    again = pairs[pairs.duplicated()].drop_duplicates()
    if len(again):
        told = [f"{one} in {other}" for one, other in again.itertuples(index=False)]
        problems.append(f"synapses have more than one row in a session: {listing(told, limit=8)}")


def _seen(grid: Numbers) -> dict[str, Any]:
    """First and last session with a measurement, -1 if there is none."""
    there = np.isfinite(grid)
    first, last = there.argmax(axis=0), len(grid) - 1 - there[::-1].argmax(axis=0)
    return {
        name: (SYNAPSE, np.where(there.any(axis=0), values, -1))
        for name, values in ((FIRST_SESSION, first), (LAST_SESSION, last))
    }


def _kept(cells: Numbers, place: Numbers, who: Numbers, shape: tuple[int, int]) -> Any:
    """A covariate of each synapse, or of each measurement where it changes."""
    text = cells.dtype.kind == "U"
    whole = np.full(shape, "" if text else np.nan, dtype=cells.dtype if text else float)
    whole[place, who] = cells
    gaps = whole == "" if text else np.isnan(whole)
    # The first value that is told of a synapse stands for all, if all others agree with it.
    common = whole[(~gaps).argmax(axis=0), np.arange(shape[1])]
    if ((whole == common) | gaps).all():
        return (SYNAPSE, common)
    return ((SESSION_INDEX, SYNAPSE), whole)
