"""What each unit did in each trial, from a session."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .. import provenance, schema
from ..errors import RecordingError, listing
from ..names import CONTINUOUS, RESPONSES, ROW_SIZE, SPIKE_TIME, SPIKES, START_TIME, TIME, TRIAL, TRIALS, UNIT
from ._kernels import count_spikes
from ._trials import extended, onsets, stimuli, trial_coords, trial_table, usable
from ._window import edges

if TYPE_CHECKING:
    from ._groups import Array


def responses(
    session: xr.DataTree,
    *,
    align: str = START_TIME,
    window: tuple[float, float] = (0.0, 1.0),
    bin: float | None = 0.01,
    trials: str | None = None,
    stimulus: str | None = None,
) -> xr.DataArray:
    """Spike counts of each unit in each trial.

    Bins are half-open: a spike at an edge belongs to the bin that begins there. Trials may overlap; a spike
    then counts in each. In a session that was made from counts, rates or traces these are taken as they
    are, and ``align``, ``window`` and ``bin`` say nothing about them.

    Parameters
    ----------
    session
        From ``neurofit.io.open_nwb`` or ``neurofit.io.from_arrays``.
    align
        Column of the trials, in seconds, that is time zero.
    window
        Where counting begins and ends, in seconds from there.
    bin
        Width of a bin in seconds; the window is a whole number of them. None counts the window as a whole.
    trials
        The table of intervals that holds the trials; by default the session's own ``/trials``.
    stimulus
        Column that tells what was shown; by default ``stimulus_id``.

    Returns
    -------
    DataArray (trial, unit, time), without ``time`` where ``bin`` is None. ``time`` is the left edge of each
    bin. ``stimulus_id`` is text; the other columns of units and trials are coords too. Trials without a
    stimulus, without the time to align to, or with times that make no sense are left out, as the attribute
    ``left_out`` tells (JSON). Counts have the smallest unsigned type that holds them.

    Raises
    ------
    SchemaError
        If ``session`` is none, or the window is no whole number of bins.
    UnknownNameError
        If there is no such table or column, or none that tells the stimuli.
    RecordingError
        If it is not clear which table holds the trials, no trial can be used, or there are no spikes.

    Examples
    --------
    >>> from neurofit import io
    >>> trials = {"start_time": [0.0, 1.0], "stop_time": [1.0, 2.0], "stimulus_id": ["left", "right"]}
    >>> session = io.from_arrays(spikes=[[0.1, 0.5, 1.2]], trials=trials)
    >>> responses(session, bin=0.5).squeeze("unit").values
    array([[1, 1],
           [1, 0]], dtype=uint8)
    """
    schema.check(session, "session")
    table = trial_table(session, trials)
    shown = stimuli(table, stimulus)
    counted = RESPONSES not in session.children
    if counted and SPIKES not in session.children:
        raise RecordingError(
            "the session has no spikes to count; align_series reads one of its continuous series: "
            f"{listing(session[CONTINUOUS].children)}"
        )
    onset = onsets(table, align) if counted else None
    kept, left_out = usable(table, shown, onset, needs=align, where=trials or TRIALS)
    if onset is None:
        measured = session[RESPONSES].to_dataset()[RESPONSES].isel({TRIAL: kept})
    else:
        measured = _counts(session[SPIKES].to_dataset(), onset[kept], window, bin)
        measured.attrs["align"] = align
    taken = {str(name) for name in [*measured.coords, *measured.dims]}
    measured = measured.assign_coords(trial_coords(table, kept, shown, taken))
    measured.attrs["left_out"] = extended({}, left_out)
    measured.attrs["ingest_report"] = session.attrs["ingest_report"]
    options: dict[str, Any] = {"align": align, "window": window, "bin": bin} if counted else {}
    return provenance.stamp(
        measured, "prep.responses", sources=[session], trials=trials, stimulus=stimulus, **options
    )


def _counts(
    spikes: xr.Dataset, onset: Array, window: tuple[float, float], width: float | None
) -> xr.DataArray:
    bounds = edges(window, width)
    row_size = spikes[ROW_SIZE].values.astype(np.int64)
    times = _sorted_within_units(spikes[SPIKE_TIME].values.astype(np.float64), row_size)
    counts = count_spikes(times, row_size, onset[:, np.newaxis] + bounds).transpose(1, 0, 2)
    array = xr.DataArray(counts, dims=(TRIAL, UNIT, TIME), name=RESPONSES)
    array = array.assign_coords(
        {name: coord for name, coord in spikes.coords.items() if coord.dims == (UNIT,)}
    )
    if width is None:
        array = array.isel({TIME: 0})
    else:
        array[TIME] = (TIME, bounds[:-1], {"units": "s", "long_name": "left edge of the bin"})
    array.attrs.update(
        window=json.dumps([float(end) for end in window]),
        bin=float(bounds[1] - bounds[0] if width is None else width),
    )
    return provenance.label(array, units="spikes", long_name="spike count")


def _sorted_within_units(times: Array, row_size: Array) -> Array:
    trains = np.split(times, np.cumsum(row_size)[:-1])
    # Also false where there are NaN, which sort to the end and so fall into no trial.
    if all(np.all(train[1:] >= train[:-1]) for train in trains):
        return times
    return np.concatenate([np.sort(train) for train in trains])
