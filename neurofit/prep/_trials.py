"""Which trials there are, what was shown in each, and which of them can be used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import RecordingError, UnknownNameError, listing, unknown_name
from ..io.session._columns import names_of
from ..names import INTERVALS, ISSUE, STIMULUS_ID, TRIAL, VALID

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import xarray as xr

    from ._groups import Array


def trial_table(session: xr.DataTree, trials: str | None) -> xr.Dataset:
    """The table of intervals called ``trials``; by default the one that the session was opened with."""
    tables = session[INTERVALS].children if INTERVALS in session.children else {}
    if trials is not None:
        if trials not in tables:
            raise unknown_name("table of intervals", trials, tables)
        return tables[trials].to_dataset()
    if "trials" not in session.children:
        raise RecordingError(
            "the session does not say which table holds its trials; choose one with trials=. "
            f"There is: {listing(tables) or 'none'}."
        )
    return session["trials"].to_dataset()


def onsets(table: xr.Dataset, align: str) -> Array:
    """The second in each trial that is to be time zero."""
    if align not in table.data_vars:
        raise unknown_name("column to align to", align, table.data_vars)
    values = table[align].values
    if values.dtype.kind not in "iuf":
        raise RecordingError(
            f"column {align!r} holds {values.dtype}, no seconds; align needs a column of times"
        )
    return values.astype(np.float64)


def stimuli(table: xr.Dataset, name: str | None) -> Array:
    """What was shown in each trial, as text; empty where the table does not say.

    Whole numbers lose their decimal point: the orientation 45.0 is the stimulus ``"45"``.
    """
    columns = listing(table.data_vars)
    if name is None and STIMULUS_ID not in table:
        raise UnknownNameError(f"which column tells the stimuli? Choose one with stimulus=: {columns}.")
    if name is not None and name not in table:
        raise unknown_name("column", name, table.data_vars)
    return names_of(table[name or STIMULUS_ID].values)


def usable(
    table: xr.Dataset, stimulus: Array, onset: Array | None, *, needs: str, where: str
) -> tuple[Array, list[dict[str, Any]]]:
    """Rows of the trials that can be used, and why each of the others is left out."""
    why = np.where(table[VALID].values, "", table[ISSUE].values).astype("U64")
    reasons = {"no stimulus": stimulus == ""}
    if onset is not None:
        reasons[f"no {needs}"] = ~np.isfinite(onset)
    for reason, rows in reasons.items():
        why[rows & (why == "")] = reason
    found = filter(None, np.unique(why))
    left_out = [left_out_entry(reason, where, np.flatnonzero(why == reason)) for reason in found]
    kept = np.flatnonzero(why == "")
    if not kept.size:
        reasons_given = "; ".join(f"{entry['issue']} in {len(entry['rows'])}" for entry in left_out)
        raise RecordingError(
            f"none of the {why.size} trials can be used: {reasons_given or 'there are none'}"
        )
    return kept, left_out


def left_out_entry(issue: str, where: str, rows: Iterable[int]) -> dict[str, Any]:
    """One reason for leaving trials out, in the words of a session's ``ingest_report``."""
    return {"issue": str(issue), "where": where, "rows": [int(row) for row in rows], "action": "left out"}


def trial_coords(table: xr.Dataset, kept: Array, stimulus: Array, taken: Iterable[str]) -> dict[str, Any]:
    """Coords on ``trial``: what was shown, and every column of the table.

    A column whose name is ``taken``, by a coord of units for one, gets ``trial_`` before it.
    """
    taken = {*taken, STIMULUS_ID, TRIAL}
    coords: dict[str, Any] = {STIMULUS_ID: (TRIAL, stimulus[kept])}
    for column, values in table.variables.items():
        if (
            values.dims != (TRIAL,)
            or column == VALID
            or (column == STIMULUS_ID and np.array_equal(values.values.astype(str), stimulus))
        ):
            continue
        name = str(column)
        while name in taken:
            name = f"trial_{name}"
        coords[name] = (TRIAL, values.values[kept], values.attrs)
        taken.add(name)
    return coords


def extended(attrs: Mapping[str, Any], entries: Iterable[dict[str, Any]]) -> str:
    """The ``left_out`` attribute of ``attrs`` with further ``entries``, as JSON text."""
    return json.dumps([*json.loads(attrs.get("left_out", "[]")), *entries])
