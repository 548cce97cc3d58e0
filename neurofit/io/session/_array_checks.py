"""Whether arrays from anywhere fit together as a session; each check tells all its problems."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...errors import SchemaError, listing
from ...names import RESPONSES, TIME, TRIAL, UNIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from ._columns import Array

# What may be measured for each trial and unit: in which units, and what it is called.
MEASURES = {
    "counts": ("spikes", "spike count"),
    "rates": ("spikes/s", "firing rate"),
    "traces": ("1", "trace"),
}


def only_one(**choices: Any) -> tuple[str, Any]:
    """The one of ``choices`` that was given, with its name."""
    given = {name: values for name, values in choices.items() if values is not None}
    if len(given) != 1:
        raise SchemaError(f"give one of {listing(choices)}, not {' and '.join(given) or 'none of them'}")
    return given.popitem()


def spike_trains(values: Iterable[Any]) -> tuple[list[Array], list[str]]:
    """The spike times of each unit, and which units have none that can be read."""
    trains: list[Array] = []
    unreadable: list[int] = []
    for unit, times in enumerate(values):
        train = _numbers(times)
        if train is None or train.ndim != 1:
            unreadable.append(unit)
            train = np.empty(0)
        trains.append(train.astype(np.float64))
    problems = [f"spikes of units {listing(unreadable)} are no list of numbers"] if unreadable else []
    return trains, problems


def measured(kind: str, values: Any, time: Any | None) -> tuple[xr.Dataset, list[str]]:
    """Measurements of one ``kind`` as responses without coords of units, and what is wrong with them."""
    array = _numbers(values)
    if array is None or array.ndim not in (2, 3):
        came = "no numbers" if array is None else f"shape {array.shape}"
        raise SchemaError(
            f"{kind} must be numbers with axes (trial, unit) or (trial, unit, time); got {came}"
        )
    problems = []
    if kind == "counts":
        whole = np.all(array >= 0) and np.all(array == np.floor(array))
        problems += [] if whole else ["counts must be whole numbers, 0 or more, without NaN"]
        array = array.astype(np.min_scalar_type(int(array.max(initial=0)))) if whole else array
    edges = _numbers([] if time is None else time)
    bins = array.shape[2:]
    coords = {}
    if edges is None or edges.shape != (bins or (0,)):
        needed = (
            f"time must hold {bins[0]} numbers, one for each bin" if bins else "there is no axis for time"
        )
        problems.append(needed)
    elif bins:
        coords = {TIME: (TIME, edges.astype(np.float64), {"units": "s", "long_name": "left edge of the bin"})}
        problems += [] if np.all(np.diff(edges) > 0) else ["time must increase"]
    units, long_name = MEASURES[kind]
    attrs = {"units": units, "long_name": long_name}
    return xr.Dataset({RESPONSES: ((TRIAL, UNIT, TIME)[: array.ndim], array, attrs)}, coords), problems


def table_problems(
    name: str, table: Mapping[str, Any], rows: int, *, needed: Iterable[str] = ()
) -> list[str]:
    """What keeps ``table`` from having ``rows`` rows and the columns that are ``needed``."""
    lengths = {column: length(values) for column, values in table.items()}
    wrong = {column: held for column, held in lengths.items() if held != rows}
    return [
        *(f"{name} has {held} values in column {column!r} for {rows} rows" for column, held in wrong.items()),
        *(f"{name} needs a column {column!r} (seconds)" for column in needed if column not in table),
        *(f"{name} has a column {column!r}; a name may hold no '/'" for column in table if "/" in column),
    ]


def length(values: Any) -> int:
    """Number of rows that a column of ``values`` fills."""
    return len(values) if hasattr(values, "__len__") else 1


def _numbers(values: Any) -> Array | None:
    try:
        array = np.asarray(values)
    except ValueError:  # Rows of different lengths.
        return None
    return array if array.dtype.kind in "biuf" else None
