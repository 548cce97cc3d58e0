"""Samples between samples, on plain arrays."""

import numpy as np
from jaxtyping import Float64

# A gap is longer than this many times the usual distance of two samples: nothing is made up inside it.
LONGEST_STEP = 1.5
# Times that differ by less than this share of that distance differ by rounding only.
ROUNDING = 1e-6


def interpolate(
    time: Float64[np.ndarray, " sample"],
    values: Float64[np.ndarray, "sample column"],
    wanted: Float64[np.ndarray, "trial step"],
) -> Float64[np.ndarray, "trial step column"]:
    """``values`` at the ``wanted`` times, on the straight line between the samples before and after.

    Samples are sorted by ``time``. The result is NaN before the first sample, after the last, and between two
    samples that lie more than ``LONGEST_STEP`` times the median distance apart.
    On a sample it is that sample.
    """
    found = np.full((*wanted.shape, values.shape[1]), np.nan)
    if not time.size:
        return found
    distance = _distance(time)
    after = np.searchsorted(time, wanted, side="right").clip(1, max(time.size - 1, 1))
    before, after = after - 1, after.clip(max=time.size - 1)
    gap = time[after] - time[before]
    near = np.where(np.abs(wanted - time[before]) <= np.abs(wanted - time[after]), before, after)
    on_sample = np.abs(wanted - time[near]) <= ROUNDING * distance
    between = (time[before] < wanted) & (wanted < time[after]) & (gap <= LONGEST_STEP * distance) & ~on_sample
    found[on_sample] = values[near[on_sample]]
    first, second = before[between], after[between]
    share = ((wanted[between] - time[first]) / gap[between])[:, np.newaxis]
    found[between] = values[first] * (1 - share) + values[second] * share
    return found


def bin_means(
    time: Float64[np.ndarray, " sample"],
    values: Float64[np.ndarray, "sample column"],
    edges: Float64[np.ndarray, "trial edge"],
) -> Float64[np.ndarray, "trial bin column"]:
    """Mean between each two ``edges`` of the straight lines from sample to sample: their area over the width.

    Samples are sorted by ``time``. The mean is NaN where a bin begins before the first sample, ends after the
    last, or touches a gap as in ``interpolate`` or a sample that is NaN.
    """
    if time.size < 2:
        return np.full((edges.shape[0], edges.shape[1] - 1, values.shape[1]), np.nan)
    distance, steps = _distance(time), np.diff(time)
    area = steps[:, np.newaxis] * (values[1:] + values[:-1]) / 2
    broken = ~np.isfinite(area) | (steps > LONGEST_STEP * distance)[:, np.newaxis]
    area_before = _summed_before(np.where(broken, 0, area))
    broken_before = _summed_before(broken.astype(np.float64))
    slack = ROUNDING * distance
    before = np.searchsorted(time, edges + slack, side="right").clip(1, time.size - 1) - 1
    since = (edges - time[before])[..., np.newaxis]
    slope = (values[before + 1] - values[before]) / np.where(steps > 0, steps, 1)[before, np.newaxis]
    begun = np.where(broken[before], 0, since * (values[before] + since * slope / 2))
    means = np.diff(area_before[before] + begun, axis=1) / np.diff(edges, axis=1)[..., np.newaxis]
    # A bin that ends on a sample does not touch the line that begins there.
    last = np.searchsorted(time, edges[:, 1:] - slack, side="left").clip(1, time.size - 1)
    is_broken = broken_before[last] > broken_before[before[:, :-1]]
    outside = (edges[:, :-1] < time[0] - slack) | (edges[:, 1:] > time[-1] + slack)
    return np.where(is_broken | outside[..., np.newaxis], np.nan, means)


def _summed_before(values: Float64[np.ndarray, "step column"]) -> Float64[np.ndarray, "sample column"]:
    return np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])


def _distance(time: Float64[np.ndarray, " sample"]) -> float:
    """Usual distance of two samples in seconds."""
    steps = np.diff(np.unique(time))
    return float(np.median(steps)) if steps.size else 0.0
