"""Counting and averaging on plain arrays."""

import numpy as np
from jaxtyping import Float64, Int64, Num, UInt


def count_spikes(
    spike_time: Float64[np.ndarray, " spike"],
    row_size: Int64[np.ndarray, " unit"],
    edges: Float64[np.ndarray, "trial edge"],
) -> UInt[np.ndarray, "unit trial bin"]:
    """How many spikes of each unit fall into each bin ``[edges[i], edges[i + 1])`` of each trial.

    Spikes are sorted within each unit. Trials may overlap and lie in any order; the bins of all have the same
    width, up to rounding. The counts have the smallest unsigned type that holds them.
    """
    trials, bins = edges.shape[0], edges.shape[1] - 1
    width = (edges[:, -1:] - edges[:, :1]) / bins
    counts = np.zeros((len(row_size), trials * bins), np.uint8)
    stops = np.cumsum(row_size)
    for unit, (start, stop) in enumerate(zip(stops - row_size, stops, strict=True)):
        cell = _cells(spike_time[start:stop], edges, width)
        counted = np.bincount(cell, minlength=trials * bins)
        needed = np.min_scalar_type(counted.max(initial=0))
        if needed.itemsize > counts.itemsize:
            counts = counts.astype(needed)
        counts[unit] = counted
    return counts.reshape(len(row_size), trials, bins)


def _cells(
    spike_time: Float64[np.ndarray, " spike"],
    edges: Float64[np.ndarray, "trial edge"],
    width: Float64[np.ndarray, "trial 1"],
) -> Int64[np.ndarray, " found"]:
    """The bin, counted on through all trials, of each spike; once for each trial that it falls into."""
    bins = edges.shape[1] - 1
    first = np.searchsorted(spike_time, edges[:, 0])
    found = np.searchsorted(spike_time, edges[:, -1]) - first
    trial = np.repeat(np.arange(len(edges)), found)
    before = np.cumsum(found) - found
    time = spike_time[np.arange(len(trial)) + np.repeat(first - before, found)]
    place = np.floor((time - edges[trial, 0]) / width[trial, 0]).astype(np.int64).clip(0, bins - 1)
    # Dividing rounds, so a spike near an edge may land one bin off; the edges themselves decide.
    place -= time < edges[trial, place]
    place += time >= edges[trial, place + 1]
    return trial * bins + place


def group_means(
    values: Num[np.ndarray, "trial ..."], group: Int64[np.ndarray, " trial"], groups: int
) -> Float64[np.ndarray, "group ..."]:
    """Mean of the trials of each group, in double precision."""
    return np.stack([values[group == index].mean(axis=0, dtype=np.float64) for index in range(groups)])
