"""What each unit did in each trial, from a session."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .. import provenance, schema
from ..errors import RecordingError, listing
from ..io.nwb._flat import stored_times
from ..names import CONTINUOUS, RESPONSES, ROW_SIZE, SPIKE_TIME, SPIKES, START_TIME, TIME, TRIAL, TRIALS, UNIT
from ._counting import Counting
from ._lazy import kept_once_read, lazy_counts
from ._masks import observed
from ._series_means import series_means
from ._trials import extended, left_out_entry, onsets, stimuli, trial_coords, trial_table, usable
from ._units import unit_names
from ._window import edges

if TYPE_CHECKING:
    from ._groups import Array
    from ._masks import Observed


def responses(
    session: xr.DataTree,
    *,
    align: str = START_TIME,
    window: tuple[float, float] = (0.0, 1.0),
    bin: float | None = 0.01,
    trials: str | None = None,
    stimulus: str | None = None,
    series: str | None = None,
) -> xr.DataArray:
    """Spike counts of each unit in each trial, or the means of a continuous series.

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
    series
        A continuous series to take in place of the spikes, such as ``"df_over_f"``: its mean in each bin,
        with straight lines between samples, and NaN where there are none.

    Returns
    -------
    DataArray (trial, unit, time), without ``time`` where ``bin`` is None. ``time`` is the left edge of each
    bin. ``stimulus_id`` is text; the other columns of units and trials are coords too. Trials without a
    stimulus, without the time to align to, or with times that make no sense are left out, as the attribute
    ``left_out`` tells (JSON).

    Counts have the smallest unsigned type that holds them. Where the session says when each unit was
    observed, a bin that was not observed as a whole is NaN, and ``left_out`` tells of which units; the counts
    are then of type float32, or float64 where there are more than 65,535 spikes in a bin.

    Of a session whose spikes are not read yet (``xarray.open_datatree(path, engine="nwb")``) nothing is read
    until it is asked for, and then only the units that are. The type of such counts holds 25,000 spikes a
    second; should a bin have more than it holds, that is an error.

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
    if series is not None:
        return series_means(
            session, series, window=window, bin=bin, align=align, trials=trials, stimulus=stimulus
        )
    measured = measure(session, align=align, window=window, bin=bin, trials=trials, stimulus=stimulus)
    return kept_once_read(measured)


def measure(
    session: xr.DataTree,
    *,
    align: str,
    window: tuple[float, float],
    bin: float | None,
    trials: str | None,
    stimulus: str | None,
) -> xr.DataArray:
    """What ``responses`` gives; of a session whose spikes are not read, not read either."""
    table = trial_table(session, trials)
    shown = stimuli(table, stimulus)
    counted = RESPONSES not in session.children
    if counted and SPIKES not in session.children:
        raise RecordingError(
            "the session has no spikes to count; choose one of its continuous series with series=: "
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
    measured.attrs["left_out"] = extended(measured.attrs, left_out)
    measured.attrs["ingest_report"] = session.attrs["ingest_report"]
    options: dict[str, Any] = {"align": align, "window": window, "bin": bin} if counted else {}
    return provenance.stamp(
        measured, "prep.responses", sources=[session], trials=trials, stimulus=stimulus, **options
    )


def _counts(
    spikes: xr.Dataset, onset: Array, window: tuple[float, float], width: float | None
) -> xr.DataArray:
    bounds = edges(window, width)
    masks, left_out = _masks(spikes, onset, bounds)
    row_size = spikes[ROW_SIZE].values.astype(np.int64)
    stored = stored_times(spikes[SPIKE_TIME].variable)
    times = np.asarray(spikes[SPIKE_TIME].values, dtype=np.float64) if stored is None else stored
    counting = Counting(times, row_size, onset, bounds, masks)
    if stored is None:
        counts = counting.counts(np.arange(len(row_size)), np.dtype(np.uint8)).transpose(1, 0, 2)
    else:
        counts = lazy_counts(counting)
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
        left_out=json.dumps(left_out),
    )
    return provenance.label(array, units="spikes", long_name="spike count")


def _masks(spikes: xr.Dataset, onset: Array, bounds: Array) -> tuple[Observed | None, list[dict[str, Any]]]:
    """When units were observed, and how much was not; None where all was."""
    masks = observed(spikes)
    if masks is None:
        return None, []
    bins = masks.unobserved(onset, bounds)
    units = np.flatnonzero(bins)
    if not units.size:
        return None, []
    entry = left_out_entry(f"{bins.sum()} bins not observed", SPIKES, units)
    return masks, [
        {**entry, "action": "masked", "units": unit_names(spikes, units), "bins": bins[units].tolist()}
    ]
