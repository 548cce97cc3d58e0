"""Quirks of the units and their spikes."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._quirks import in_hdf5, remove_column, replace

SPIKES, ENDS = "units/spike_times", "units/spike_times_index"
HOUR = 3600.0  # s


@in_hdf5("no_units")
def no_units(file: Any) -> None:
    """There is no table of units."""
    del file["units"]


@in_hdf5("no_spike_times")
def no_spike_times(file: Any) -> None:
    """The units have no spike times."""
    remove_column(file, "units", "spike_times", "spike_times_index")


@in_hdf5("decreasing_index")
def decreasing_index(file: Any) -> None:
    """The index of the spike times goes down from the first unit to the second."""
    ends = file[ENDS]
    ends[0], ends[1] = ends[1], ends[0]


@in_hdf5("index_past_end")
def index_past_end(file: Any) -> None:
    """The spikes of the last unit end 100 behind the last spike."""
    ends = file[ENDS][()].astype(np.uint64)
    ends[-1] += 100
    replace(file, ENDS, ends)


@in_hdf5("nan_spikes")
def nan_spikes(file: Any) -> None:
    """One spike of the first unit is NaN."""
    file[SPIKES][file[ENDS][0] // 2] = np.nan


@in_hdf5("infinite_spikes")
def infinite_spikes(file: Any) -> None:
    """The last spike of the first unit is infinite."""
    file[SPIKES][file[ENDS][0] - 1] = np.inf


@in_hdf5("negative_spikes")
def negative_spikes(file: Any) -> None:
    """The first spike of the first unit is at -1.5 s."""
    file[SPIKES][0] = -1.5


@in_hdf5("unsorted_spikes")
def unsorted_spikes(file: Any) -> None:
    """The first and the last spike of the first unit are swapped."""
    spikes, last = file[SPIKES], file[ENDS][0] - 1
    spikes[0], spikes[last] = spikes[last], spikes[0]


@in_hdf5("millisecond_spikes")
def millisecond_spikes(file: Any) -> None:
    """All spike times are in milliseconds."""
    file[SPIKES][...] = 1000 * file[SPIKES][()]


@in_hdf5("spikes_outside_session")
def spikes_outside_session(file: Any) -> None:
    """The last spike of the first unit comes an hour after everything else has ended."""
    file[SPIKES][file[ENDS][0] - 1] = file["units/obs_intervals"][()].max() + HOUR


@in_hdf5("duplicate_unit_ids")
def duplicate_unit_ids(file: Any) -> None:
    """The second unit has the id of the first."""
    file["units/id"][1] = file["units/id"][0]


@in_hdf5("unobserved")
def unobserved(file: Any) -> None:
    """Every second unit was not observed, and has no spikes, in the middle third of the session."""
    ends = file[ENDS][()].astype(np.int64)
    of_unit = np.repeat(np.arange(len(ends)), np.diff(ends, prepend=0))
    end = file["units/obs_intervals"][()].max()
    times = file[SPIKES][()]
    lost = (of_unit % 2 == 0) & (times >= end / 3) & (times < 2 * end / 3)
    replace(file, SPIKES, times[~lost])
    replace(file, ENDS, np.cumsum(np.bincount(of_unit[~lost], minlength=len(ends))))
    some = np.arange(len(ends)) % 2 == 0
    parts = [[[0, end / 3], [2 * end / 3, end]] if unit else [[0, end]] for unit in some]
    replace(file, "units/obs_intervals", np.concatenate(parts))
    replace(file, "units/obs_intervals_index", np.cumsum(1 + some))


@in_hdf5("dangling_electrodes")
def dangling_electrodes(file: Any) -> None:
    """The first unit sits on an electrode that does not exist."""
    file["units/electrodes"][0] = 9999


@in_hdf5("byte_locations")
def byte_locations(file: Any) -> None:
    """Where the electrodes lie is stored as Python prints bytes: the text b'V1'."""
    column = file["general/extracellular_ephys/electrodes/location"]
    column[...] = [str(value) for value in column[()]]


@in_hdf5("claims_terabytes")
def claims_terabytes(file: Any) -> None:
    """The spike times claim 16 TB, of which nothing is stored."""
    claim(file, SPIKES, (2 * 10**12,), "f8")
    ends = file[ENDS][()].astype(np.uint64)
    ends[-1] = 2 * 10**12
    replace(file, ENDS, ends)


def claim(file: Any, name: str, shape: tuple[int, ...], dtype: str) -> None:
    """Let the dataset ``name`` be of ``shape`` without storing any of it."""
    replace(file, name, shape=shape, dtype=dtype, chunks=(2**16, *shape[1:]))
