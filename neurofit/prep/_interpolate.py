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
    steps = np.diff(np.unique(time))
    distance = float(np.median(steps)) if steps.size else 0.0
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
