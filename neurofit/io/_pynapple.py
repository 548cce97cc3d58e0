"""Sessions to pynapple's objects and back, where pynapple is installed."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import MissingExtraError, SchemaError, listing
from ..names import (
    CHANNEL_ID,
    CONTINUOUS,
    DATA,
    INTERVALS,
    ISSUE,
    ROW_SIZE,
    SAMPLE,
    SPIKE_TIME,
    SPIKES,
    START_TIME,
    STOP_TIME,
    TIME,
    TRIAL,
    TRIAL_ID,
    TRIALS,
    UNIT,
    UNIT_ID,
    VALID,
)
from .session._arrays import from_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd
    import xarray as xr

    from .session._columns import Array

_SHORTEST = 2e-6  # Where two intervals touch, pynapple takes a microsecond from the first.


def to_pynapple(session: xr.DataTree) -> dict[str, Any]:
    """The parts of a session as objects of pynapple.

    pynapple joins intervals that overlap, and drops those that are empty, reversed or without a time. A table
    with such rows is therefore given as a DataFrame with all of its rows, and a warning names them. pynapple
    also rounds times to the nanosecond, and takes a microsecond from an interval that touches the next: what
    was recorded stays in the columns ``start_time`` and ``stop_time``.

    Parameters
    ----------
    session
        From ``neurofit.io.open_nwb`` or ``neurofit.io.from_arrays``.

    Returns
    -------
    dict
        ``spikes``: a TsGroup, sorted by ``unit_id`` (numbered where ids come twice or are no numbers);
        ``trials`` and ``intervals/<name>``: IntervalSets; ``continuous/<name>``: Tsd, TsdFrame or TsdTensor.
        Columns of tables and coords of units and channels are their metadata.

    Raises
    ------
    MissingExtraError
        If pynapple is not installed.

    Warns
    -----
    UserWarning
        If a table is no IntervalSet, or spikes or samples have no time and are left out.

    Examples
    --------
    >>> from neurofit import io
    >>> trials = {"start_time": [0.0, 2.0], "stop_time": [1.0, 3.0], "stimulus_id": ["left", "right"]}
    >>> parts = to_pynapple(io.from_arrays(spikes=[[0.1, 0.5], [2.5]], trials=trials))  # doctest: +SKIP
    >>> parts["spikes"].count(ep=parts["trials"]).values  # doctest: +SKIP
    array([[2, 0],
           [0, 1]])
    """
    nap = _pynapple()
    groups, parts = session.children, {}
    if SPIKES in groups:
        parts[SPIKES] = _spikes(nap, groups[SPIKES].to_dataset())
    tables = {f"{INTERVALS}/{name}": node.to_dataset() for name, node in _children(groups, INTERVALS).items()}
    for place, table in tables.items():
        parts[place] = _intervals(nap, table, place)
    if TRIALS in groups:
        trials = groups[TRIALS].to_dataset()
        same = next((place for place, table in tables.items() if table.identical(trials)), None)
        parts[TRIALS] = parts[same] if same else _intervals(nap, trials, TRIALS)
    for name, node in _children(groups, CONTINUOUS).items():
        place = f"{CONTINUOUS}/{name}"
        parts[place] = _series(nap, node.to_dataset()[DATA], place)
    return parts


def from_pynapple(
    units: Any, *, trials: Any = None, about: Mapping[str, str] | None = None, on_issue: str = "flag"
) -> xr.DataTree:
    """A session from a TsGroup and the intervals of its trials; the inverse of ``to_pynapple``.

    Parameters
    ----------
    units
        A TsGroup; its metadata become columns of the units.
    trials
        An IntervalSet, or a table (DataFrame) with columns ``start_time`` and ``stop_time``.
    about
        Such as ``{"session_id": "2024-05-01", "subject": "M7"}``.
    on_issue
        ``"flag"`` reports defects, such as reversed trials; ``"raise"`` refuses data that have any.

    Returns
    -------
    DataTree
        As from ``neurofit.io.from_arrays``.

    Raises
    ------
    SchemaError
        If ``units`` are no TsGroup.

    Examples
    --------
    >>> from_pynapple([[0.1, 0.5], [0.2]])
    Traceback (most recent call last):
    ...
    neurofit.errors.SchemaError: units must be a pynapple.TsGroup, not a list
    """
    if not hasattr(units, "metadata") or not hasattr(units, "index"):
        raise SchemaError(f"units must be a pynapple.TsGroup, not a {type(units).__name__}")
    keys = [int(key) for key in units.index]
    table = {UNIT_ID: keys} | {
        str(name): units.metadata[name].to_numpy() for name in units.metadata if name != "rate"
    }
    return from_arrays(
        spikes=[units[key].t for key in keys],
        units=table,
        trials=None if trials is None else _table(trials),
        about=about,
        on_issue=on_issue,
    )


def _pynapple() -> Any:
    try:
        import pynapple
    except ImportError as error:
        raise MissingExtraError("pynapple", "pynapple", "to_pynapple") from error
    return pynapple


def _children(groups: Mapping[str, xr.DataTree], name: str) -> Mapping[str, xr.DataTree]:
    return groups[name].children if name in groups else {}


def _spikes(nap: Any, spikes: xr.Dataset) -> Any:
    times, row_size = spikes[SPIKE_TIME].values.astype(np.float64), spikes[ROW_SIZE].values.astype(np.int64)
    finite = np.isfinite(times)
    owner = np.repeat(np.arange(row_size.size), row_size)
    if not finite.all():
        _tell(f"{np.count_nonzero(~finite)} spikes without a time are left out, of units", owner[~finite])
    trains = [np.sort(times[finite & (owner == unit)]) for unit in range(row_size.size)]
    known = times[finite] if finite.any() else np.zeros(1)
    first, last = known.min(), known.max()
    keys = _keys(spikes[UNIT_ID].values)
    return nap.TsGroup(
        {key: nap.Ts(train) for key, train in zip(keys, trains, strict=True)},
        time_support=nap.IntervalSet(first, max(last, first + _SHORTEST)),
        metadata=_on(spikes, UNIT),
    )


def _intervals(nap: Any, table: xr.Dataset, place: str) -> Any:
    """An IntervalSet, or a DataFrame where pynapple would lose rows."""
    held = _on(table, TRIAL)
    odd = _would_be_lost(held)
    if odd is None or odd.size:
        why = "has no times" if odd is None else f"would lose rows {listing(odd, limit=10)} as an IntervalSet"
        warnings.warn(f"{place} {why}: it is given as a DataFrame.", stacklevel=3)
        return _frame(held)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Some starts and ends are equal")
        return nap.IntervalSet(held[START_TIME], held[STOP_TIME], metadata=_frame(held))


def _would_be_lost(held: Mapping[str, Array]) -> Array | None:
    """Rows that are empty, out of order or overlap the one before; None where there are no times."""
    if START_TIME not in held or STOP_TIME not in held:
        return None
    start, stop = (held[name].astype(np.float64) for name in (START_TIME, STOP_TIME))
    bad = ~(stop - start > _SHORTEST)
    latest = np.fmax.accumulate(stop) if stop.size else stop
    bad[1:] |= start[1:] < latest[:-1]
    return np.flatnonzero(bad)


def _series(nap: Any, data: xr.DataArray, place: str) -> Any:
    data = data.transpose(SAMPLE, ...)
    time = data[TIME].values.astype(np.float64)
    order = np.argsort(time, kind="stable")
    order = order[np.isfinite(time[order])]
    if order.size < time.size:
        _tell(f"{place}: samples without a time are left out", np.flatnonzero(~np.isfinite(time)))
    time, values = time[order], data.values[order]
    if data.ndim != 2:
        return nap.Tsd(t=time, d=values) if data.ndim == 1 else nap.TsdTensor(t=time, d=values)
    dim = data.dims[1]
    named = next((data[name].values for name in (UNIT_ID, CHANNEL_ID) if name in data.coords), None)
    columns = np.arange(values.shape[1]) if named is None else np.asarray(_keys(named))
    return nap.TsdFrame(t=time, d=values, columns=columns, metadata=_on(data, dim))


def _table(trials: Any) -> pd.DataFrame:
    """The columns of an IntervalSet; the times that ``to_pynapple`` keeps there are the exact ones."""
    table = trials.as_dataframe() if hasattr(trials, "as_dataframe") else trials
    if START_TIME in table and STOP_TIME in table:
        table = table.drop(columns=["start", "end"], errors="ignore")
    table = table.rename(columns={"start": START_TIME, "end": STOP_TIME})
    known = table if TRIAL_ID in table else table.assign(**{TRIAL_ID: np.asarray(table.index)})
    # They are judged anew.
    return known.drop(columns=[VALID, ISSUE], errors="ignore")


def _keys(ids: Array) -> list[int]:
    """``ids`` as keys, or the places of their units where they cannot be."""
    is_key = ids.dtype.kind in "iu" and np.unique(ids).size == ids.size
    return [int(key) for key in (ids if is_key else np.arange(ids.size))]


def _on(data: xr.Dataset | xr.DataArray, dim: Any) -> dict[str, Array]:
    """What there is one value of for each entry of ``dim``."""
    held = data.coords if hasattr(data, "ndim") else data.variables
    return {str(n): v.values for n, v in held.items() if v.dims == (dim,) and n not in (dim, ROW_SIZE)}


def _frame(held: Mapping[str, Array]) -> pd.DataFrame:
    import pandas as pd

    return pd.DataFrame(held)


def _tell(what: str, rows: Array) -> None:
    warnings.warn(f"{what}: {listing(np.unique(rows), limit=10)}.", stacklevel=4)
