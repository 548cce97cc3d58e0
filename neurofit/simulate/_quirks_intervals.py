"""Quirks of the trials."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..names import STIMULUS_ID
from ._quirks import in_hdf5, remove_column, replace

TRIALS = "intervals/trials"
START, STOP = f"{TRIALS}/start_time", f"{TRIALS}/stop_time"


@in_hdf5("no_trials")
def no_trials(file: Any) -> None:
    """There is no table of trials."""
    del file[TRIALS]


@in_hdf5("trial_ids")
def trial_ids(file: Any) -> None:
    """The ids of the trials are not 0 to n - 1: they count down to 100 in steps of 3."""
    ids = file[f"{TRIALS}/id"]
    ids[...] = 100 + 3 * np.arange(len(ids))[::-1]


@in_hdf5("overlapping_trials")
def overlapping_trials(file: Any) -> None:
    """The first trial lasts until 0.1 s into the second."""
    file[STOP][0] = file[START][1] + 0.1


@in_hdf5("zero_length_trials")
def zero_length_trials(file: Any) -> None:
    """The second trial stops when it starts."""
    file[STOP][1] = file[START][1]


@in_hdf5("reversed_trials")
def reversed_trials(file: Any) -> None:
    """The third trial stops before it starts."""
    file[START][2], file[STOP][2] = file[STOP][2], file[START][2]


@in_hdf5("nan_trials")
def nan_trials(file: Any) -> None:
    """The first trial has no start, the last has no end: they are NaN."""
    file[START][0] = np.nan
    file[STOP][-1] = np.nan


@in_hdf5("no_stimulus")
def no_stimulus(file: Any) -> None:
    """No column tells which stimulus was shown in a trial."""
    remove_column(file, TRIALS, STIMULUS_ID)


@in_hdf5("unlisted_column")
def unlisted_column(file: Any) -> None:
    """The trials have a column, the choice, that their list of columns leaves out."""
    listed = file[TRIALS].attrs["colnames"]
    file[TRIALS].attrs["colnames"] = [name for name in listed if name != "choice"]


@in_hdf5("uneven_column")
def uneven_column(file: Any) -> None:
    """A column of the trials, the choice, is one value shorter than the others."""
    replace(file, f"{TRIALS}/choice", file[f"{TRIALS}/choice"][:-1])
