"""Counting and averaging on plain arrays."""

import numpy as np
from jaxtyping import Bool, Complex128, Float64, Int64, Num, UInt

BATCH = 64  # permutations at once: one product of matrices, and little memory


def count_spikes(
    spike_time: Float64[np.ndarray, " spike"],
    row_size: Int64[np.ndarray, " unit"],
    onset: Float64[np.ndarray, " trial"],
    bounds: Float64[np.ndarray, " edge"],
    row: Int64[np.ndarray, " trial"],
    rows: int,
    zeros: UInt[np.ndarray, "unit row bin"] | None = None,
) -> UInt[np.ndarray, "unit row bin"]:
    """How many spikes of each unit fall into each bin around the onsets, added up over trials of one ``row``.

    The bins of a trial are ``[onset + bounds[i], onset + bounds[i + 1])``, all of one width up to rounding.
    Spikes are sorted within each unit. Trials may overlap and lie in any order. The counts have the smallest
    unsigned type that holds them, or that of ``zeros``, where they then are.
    """
    bins = len(bounds) - 1
    counts = np.zeros((len(row_size), rows, bins), np.uint8) if zeros is None else zeros
    counts = counts.reshape(len(row_size), rows * bins)
    stops = np.cumsum(row_size)
    for unit, (start, stop) in enumerate(zip(stops - row_size, stops, strict=True)):
        found, cell = _cells(spike_time[start:stop], onset, bounds, row * bins)
        if np.bincount(row, found).max(initial=0) <= np.iinfo(counts.dtype).max:
            np.add.at(counts[unit], cell, counts.dtype.type(1))
            continue
        counted = np.bincount(cell, minlength=rows * bins)
        counts = counts.astype(np.promote_types(counts.dtype, np.min_scalar_type(counted.max())), copy=False)
        counts[unit] = counted
    return counts.reshape(len(row_size), rows, bins)


def _cells(
    spike_time: Float64[np.ndarray, " spike"],
    onset: Float64[np.ndarray, " trial"],
    bounds: Float64[np.ndarray, " edge"],
    cell: Int64[np.ndarray, " trial"],
) -> tuple[Int64[np.ndarray, " trial"], Int64[np.ndarray, " found"]]:
    """Spikes found in each trial; the bin of each, counted on from the ``cell`` of its trial."""
    first = np.searchsorted(spike_time, onset + bounds[0])
    found = np.searchsorted(spike_time, onset + bounds[-1]) - first
    at = np.repeat(first + found - np.cumsum(found), found)
    at += np.arange(len(at))
    time, zero = spike_time[at], np.repeat(onset, found)
    per_second = (len(bounds) - 1) / (bounds[-1] - bounds[0])
    where = time - zero
    where -= bounds[0]
    where *= per_second
    place = where.astype(np.int64)
    # Near an edge, rounding may put a spike one bin off: there the edges themselves decide.
    where -= place
    where -= 0.5
    np.abs(where, out=where)
    near = np.flatnonzero(where > 0.5 - _slack(onset, bounds, per_second))
    nearby, time, zero = place[near].clip(0, len(bounds) - 2), time[near], zero[near]
    nearby -= time < zero + bounds[nearby]
    nearby += time >= zero + bounds[nearby + 1]
    place[near] = nearby
    place += np.repeat(cell, found)
    return found, place


def _slack(
    onset: Float64[np.ndarray, " trial"], bounds: Float64[np.ndarray, " edge"], per_second: float
) -> float:
    """How far, in bins, an edge may lie from where equal bins would have it."""
    uneven = np.abs((bounds - bounds[0]) * per_second - np.arange(len(bounds))).max()
    latest = np.abs(onset).max(initial=0) + np.abs(bounds).max()
    return float(2 * uneven + 8 * np.spacing(latest) * per_second)


def hidden(
    onset: Float64[np.ndarray, " trial"],
    bounds: Float64[np.ndarray, " edge"],
    start: Float64[np.ndarray, " interval"],
    stop: Float64[np.ndarray, " interval"],
) -> Bool[np.ndarray, "trial bin"]:
    """Bins that are not wholly inside one of the intervals, which are sorted and do not touch."""
    bins = np.zeros((len(onset), len(bounds) - 1), dtype=bool)
    # Most trials are inside as a whole.
    partly = np.flatnonzero(~_inside(onset + bounds[0], onset + bounds[-1], start, stop))
    edges = onset[partly, np.newaxis] + bounds
    bins[partly] = ~_inside(edges[:, :-1], edges[:, 1:], start, stop)
    return bins


def _inside(
    low: Float64[np.ndarray, "*edge"],
    high: Float64[np.ndarray, "*edge"],
    start: Float64[np.ndarray, " interval"],
    stop: Float64[np.ndarray, " interval"],
) -> Bool[np.ndarray, "*edge"]:
    until = np.concatenate([[-np.inf], stop])
    return high <= until[np.searchsorted(start, low, side="right")]


def observed_means(
    values: Num[np.ndarray, "trial ..."], group: Int64[np.ndarray, " trial"], groups: int
) -> Float64[np.ndarray, "group ..."]:
    """Mean of those trials of each group that are not NaN, in double precision; NaN where all are."""
    return np.stack([_observed_mean(values[group == index]) for index in range(groups)])


def _observed_mean(values: Num[np.ndarray, "trial ..."]) -> Float64[np.ndarray, "..."]:
    unknown = np.isnan(values) if values.dtype.kind == "f" else np.zeros(1, bool)
    if not unknown.any():
        return np.asarray(values.mean(axis=0, dtype=np.float64))
    total, known = np.where(unknown, 0, values).sum(axis=0, dtype=np.float64), (~unknown).sum(axis=0)
    return np.divide(total, known, out=np.full(total.shape, np.nan), where=known > 0)


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
