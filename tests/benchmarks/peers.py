"""What is compared: neurofit, pynapple and plain h5py, each from the file to the same counts."""

from pathlib import Path
from typing import Any

import numpy as np
from recording import BIN, PERIOD, STIMULI, TRIALS, WINDOW

UNITS_ASKED_FOR = [3, 50, 99, 150, 200, 300, 310, 400, 500, 599]


def lazy(path: Path, **how: Any) -> Any:
    """Responses as neurofit leaves them in the file."""
    import xarray as xr

    return xr.open_dataset(path, engine="nwb", window=WINDOW, bin=BIN, **how)["responses"]


def counts(path: Path) -> Any:
    """neurofit: counts (trial, unit, time)."""
    return lazy(path).load()


def counts_of_session(path: Path) -> Any:
    """neurofit: the same by way of a session in memory."""
    from neurofit import io, prep

    return prep.responses(io.open_nwb(path, continuous=False), window=WINDOW, bin=BIN)


def average(path: Path) -> Any:
    """neurofit: mean of each stimulus, without the counts of each trial."""
    from neurofit import prep

    return prep.average(lazy(path))


def chunked(path: Path) -> Any:
    """neurofit: mean of each stimulus, in chunks of 50 units through dask."""
    from neurofit import prep

    return prep.average(lazy(path, chunks={"unit": 50}))


def ten_units(responses: Any) -> Any:
    """neurofit: counts of 10 of the 600 units of a file that is open."""
    return responses.isel(unit=UNITS_ASKED_FOR).values


def pynapple_counts(path: Path) -> Any:
    """pynapple: counts (unit, trial, bin)."""
    import pynapple

    start = PERIOD * np.arange(TRIALS) + WINDOW[0]
    trials = pynapple.IntervalSet(start, start + WINDOW[1] - WINDOW[0])
    return pynapple.load_file(str(path))["units"].trial_count(trials, bin_size=BIN)


def pynapple_average(path: Path) -> Any:
    """pynapple: the same, averaged by stimulus."""
    import h5py

    with h5py.File(path) as file:
        shown = np.unique(file["intervals/trials/stimulus_id"][()], return_inverse=True)[1]
    counted = pynapple_counts(path)
    return np.stack([counted[:, shown == stimulus].mean(axis=1) for stimulus in range(STIMULI)])


def flat(path: Path) -> Any:
    """h5py and NumPy: all spike times, and one bincount of each unit over the whole session; no trials."""
    import h5py

    with h5py.File(path) as file:
        times, stops = file["units/spike_times"][:], file["units/spike_times_index"][:]
    bins = int(TRIALS * PERIOD / BIN)
    place = (times / BIN).astype(np.int64)
    return [np.bincount(own, minlength=bins).max() for own in np.split(place, stops[:-1])]
