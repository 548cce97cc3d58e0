"""Counting and averaging on plain arrays."""

import numpy as np
from jaxtyping import Complex128, Float64, Int64, Num, UInt

BATCH = 64  # permutations at once: one product of matrices, and little memory


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


def group_errors(
    values: Num[np.ndarray, "trial ..."], group: Int64[np.ndarray, " trial"], groups: int
) -> Float64[np.ndarray, "group ..."]:
    """Standard error of the mean of each group: sd / sqrt(n), with n - 1 in the sd; NaN for one trial."""
    size = np.bincount(group, minlength=groups).reshape(-1, *[1] * (values.ndim - 1))
    residual = values - group_means(values, group, groups)[group]
    squares = group_means(residual**2, group, groups)
    return np.sqrt(np.divide(squares, size - 1, out=np.full(squares.shape, np.nan), where=size > 1))


def resultants(
    values: Float64[np.ndarray, "trial unit"],
    direction: Complex128[np.ndarray, " value"],
    group: Int64[np.ndarray, "*draw trial"],
) -> Complex128[np.ndarray, "*draw unit"]:
    """Sum over values of the mean response times its ``direction``, a number on the unit circle.

    Each draw of ``group`` has its trials in another order, and equally many of each value.
    """
    size = np.bincount(group.reshape(-1, group.shape[-1])[0], minlength=len(direction))
    weight = (direction / size)[group]
    return weight.real @ values + 1j * (weight.imag @ values)


def resultant_p(
    values: Float64[np.ndarray, "trial unit"],
    direction: Complex128[np.ndarray, " value"],
    group: Int64[np.ndarray, " trial"],
    permutations: int,
    rng: np.random.Generator,
) -> Float64[np.ndarray, " unit"]:
    """Share of permutations of the trials, the given one among them, whose resultants are as long."""
    # Rounding must not tell two equal sums apart.
    slack = 1e-12 * np.abs(values).max(axis=0, initial=0.0) * len(direction)
    observed = np.abs(resultants(values, direction, group)) - slack
    as_long = np.ones(values.shape[1])
    for start in range(0, permutations, BATCH):
        draws = min(BATCH, permutations - start)
        drawn = np.stack([rng.permutation(group) for _ in range(draws)])
        as_long += (np.abs(resultants(values, direction, drawn)) >= observed).sum(axis=0)
    return np.where(np.isfinite(observed), as_long / (permutations + 1), np.nan)


def correlations(
    a: Float64[np.ndarray, "stimulus unit"], b: Float64[np.ndarray, "stimulus unit"]
) -> Float64[np.ndarray, " unit"]:
    """Pearson correlation of each unit's two columns; NaN where one of them does not vary."""
    varies = (np.ptp(a, axis=0) > 0) & (np.ptp(b, axis=0) > 0)
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    length = np.sqrt((a**2).sum(axis=0) * (b**2).sum(axis=0))
    return np.divide((a * b).sum(axis=0), length, out=np.full(a.shape[1], np.nan), where=varies)


def discriminability(
    a: Float64[np.ndarray, "trial_a unit"], b: Float64[np.ndarray, "trial_b unit"]
) -> Float64[np.ndarray, " unit"]:
    """Difference of the means over the root of the mean variance; NaN where neither varies."""
    varies = (np.ptp(a, axis=0) > 0) | (np.ptp(b, axis=0) > 0)
    noise = np.sqrt((a.var(axis=0, ddof=1) + b.var(axis=0, ddof=1)) / 2)
    return np.divide(a.mean(axis=0) - b.mean(axis=0), noise, out=np.full(a.shape[1], np.nan), where=varies)
