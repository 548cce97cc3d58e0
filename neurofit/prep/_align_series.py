"""What a continuous series did in each trial."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .. import provenance, schema
from ..errors import unknown_name
from ..names import CONTINUOUS, DATA, SAMPLE, START_TIME, TIME, TRIAL, TRIALS
from ._interpolate import interpolate
from ._trials import extended, onsets, stimuli, trial_coords, trial_table, usable
from ._window import edges

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._groups import Array


def align_series(
    session: xr.DataTree,
    name: str,
    *,
    align: str = START_TIME,
    window: tuple[float, float] = (0.0, 1.0),
    step: float = 0.01,
    trials: str | None = None,
    stimulus: str | None = None,
) -> xr.DataArray:
    """A continuous series in each trial, read off at the same times from what trials are aligned to.

    Between two samples the series is taken to be a straight line. Before the first sample, after the last,
    and in gaps longer than 1.5 times the median distance of samples, it is NaN. Samples that were not stored
    in order of time are put in order, times and values together; samples without a time are passed over.

    Parameters
    ----------
    session
        From ``neurofit.io.open_nwb``.
    name
        The series, as it is called in ``/continuous``.
    align
        Column of the trials, in seconds, that is time zero.
    window
        Where reading begins and ends, in seconds from there; the end is not read.
    step
        Seconds from one reading to the next; the window is a whole number of them.
    trials
        The table of intervals that holds the trials; by default the session's own ``/trials``.
    stimulus
        Column that tells what was shown; by default ``stimulus_id``.

    Returns
    -------
    DataArray (trial, time), with a third dim ``unit``, ``channel`` or ``component`` where the series has it.
    With dim ``unit``, such as calcium traces of cells, these are responses that every analysis takes.
    ``stimulus_id`` is text; the other columns of the trials are coords too. Trials without a stimulus,
    without the time to align to, or with times that make no sense are left out, as the attribute
    ``left_out`` tells (JSON).

    Raises
    ------
    SchemaError
        If ``session`` is none, or the window is no whole number of steps.
    UnknownNameError
        If there is no such series, table or column, or none that tells the stimuli.
    RecordingError
        If it is not clear which table holds the trials, or no trial can be used.

    Examples
    --------
    >>> from neurofit import io
    >>> trials = {"start_time": [0.0, 1.5], "stop_time": [1.0, 2.0], "stimulus_id": ["left", "right"]}
    >>> session = io.from_arrays(spikes=[[0.1]], trials=trials)
    >>> speed = xr.Dataset({"data": ("sample", [0.0, 2.0, 4.0])}, {"time": ("sample", [0.0, 1.0, 2.0])})
    >>> session["continuous/speed"] = xr.DataTree(speed)
    >>> align_series(session, "speed", step=0.5).values
    array([[0., 1.],
           [3., 4.]])
    """
    # The window is half-open, as it is for spikes, so its end is no time to read at.
    grid = edges(window, step)[:-1]
    options: dict[str, Any] = {"align": align, "trials": trials, "stimulus": stimulus}
    aligned = in_trials(session, name, interpolate, wanted=grid, time=grid, **options)
    aligned[TIME].attrs["long_name"] = "time from the event"
    aligned.attrs |= {"window": json.dumps([float(end) for end in window]), "step": float(step)}
    parameters: dict[str, Any] = {**options, "name": name, "window": window, "every": step}
    return provenance.stamp(aligned, "prep.align_series", sources=[session], **parameters)


def in_trials(
    session: xr.DataTree,
    name: str,
    read: Callable[[Array, Array, Array], Array],
    *,
    wanted: Array,
    time: Array,
    align: str,
    trials: str | None,
    stimulus: str | None,
) -> xr.DataArray:
    """What ``read`` makes of a continuous series at the ``wanted`` times of each trial, called ``time``."""
    schema.check(session, "session")
    series = _series(session, name)
    table = trial_table(session, trials)
    shown = stimuli(table, stimulus)
    onset = onsets(table, align)
    kept, left_out = usable(table, shown, onset, needs=align, where=trials or TRIALS)
    found = _read(series, read, onset[kept][:, np.newaxis] + wanted, time)
    taken = {str(coord) for coord in [*found.coords, *found.dims]}
    found = found.assign_coords(trial_coords(table, kept, shown, taken)).rename(name)
    report = {"left_out": extended({}, left_out), "ingest_report": session.attrs["ingest_report"]}
    said = series[DATA].attrs
    units, long_name = said.get("units", "unknown"), said.get("long_name", name)
    return provenance.label(found.assign_attrs(align=align, **report), units=units, long_name=long_name)


def _series(session: xr.DataTree, name: str) -> xr.Dataset:
    series = session[CONTINUOUS].children if CONTINUOUS in session.children else {}
    if name not in series:
        raise unknown_name("continuous series", name, series)
    return series[name].to_dataset()


def _read(
    series: xr.Dataset, read: Callable[[Array, Array, Array], Array], wanted: Array, time: Array
) -> xr.DataArray:
    """``series`` as ``read`` in each trial; coords of what lies beside one another stay."""
    data = series[DATA].transpose(SAMPLE, ...)
    sampled = series[TIME].values.astype(np.float64)
    order = np.argsort(sampled, kind="stable")
    order = order[np.isfinite(sampled[order])]
    columns = data.values.astype(np.float64)[order].reshape(order.size, -1)
    found = read(sampled[order], columns, wanted)
    dims = (TRIAL, TIME, *data.dims[1:])
    array = xr.DataArray(found.reshape(*found.shape[:2], *data.shape[1:]), dims=dims)
    coords = {coord: values for coord, values in data.coords.items() if SAMPLE not in values.dims}
    return array.assign_coords({**coords, TIME: (TIME, time, {"units": "s"})})
