"""What a continuous series did in each trial."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .. import provenance, schema
from ..errors import unknown_name
from ..names import CONTINUOUS, DATA, SAMPLE, START_TIME, TIME, TRIAL, TRIALS
from ._interpolate import interpolate
from ._trials import extended, onsets, stimuli, trial_coords, trial_table, usable
from ._window import edges

if TYPE_CHECKING:
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
    schema.check(session, "session")
    series = _series(session, name)
    table = trial_table(session, trials)
    shown = stimuli(table, stimulus)
    onset = onsets(table, align)
    kept, left_out = usable(table, shown, onset, needs=align, where=trials or TRIALS)
    # The window is half-open, as it is for spikes, so its end is no time to read at.
    grid = edges(window, step)[:-1]
    aligned = _read_off(series, onset[kept], grid)
    taken = {str(coord) for coord in [*aligned.coords, *aligned.dims]}
    aligned = aligned.assign_coords(trial_coords(table, kept, shown, taken)).rename(name)
    aligned.attrs.update(
        align=align,
        window=json.dumps([float(end) for end in window]),
        step=float(step),
        left_out=extended({}, left_out),
        ingest_report=session.attrs["ingest_report"],
    )
    said = series[DATA].attrs
    aligned = provenance.label(
        aligned, units=said.get("units", "unknown"), long_name=said.get("long_name", name)
    )
    return provenance.stamp(
        aligned,
        "prep.align_series",
        sources=[session],
        name=name,
        trials=trials,
        stimulus=stimulus,
        align=align,
        window=window,
        every=step,
    )


def _series(session: xr.DataTree, name: str) -> xr.Dataset:
    series = session[CONTINUOUS].children if CONTINUOUS in session.children else {}
    if name not in series:
        raise unknown_name("continuous series", name, series)
    return series[name].to_dataset()


def _read_off(series: xr.Dataset, onset: Array, grid: Array) -> xr.DataArray:
    """``series`` at the times ``grid`` after each ``onset``; coords of what lies beside one another stay."""
    data = series[DATA].transpose(SAMPLE, ...)
    time = series[TIME].values.astype(np.float64)
    order = np.argsort(time, kind="stable")
    order = order[np.isfinite(time[order])]
    columns = data.values.astype(np.float64)[order].reshape(order.size, -1)
    read = interpolate(time[order], columns, onset[:, np.newaxis] + grid)
    array = xr.DataArray(read.reshape(*read.shape[:2], *data.shape[1:]), dims=(TRIAL, TIME, *data.dims[1:]))
    coords = {coord: values for coord, values in data.coords.items() if SAMPLE not in values.dims}
    coords[TIME] = xr.DataArray(grid, dims=TIME, attrs={"units": "s", "long_name": "time from the event"})
    return array.assign_coords(coords)
