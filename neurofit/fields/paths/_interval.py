"""Intervals from leaving out one sample after the other."""

from __future__ import annotations

import numpy as np
from scipy import stats

Numbers = np.ndarray


def jackknife(estimate: Numbers, left_out: Numbers) -> Numbers:
    """95 % interval (..., bound) of estimates (...), from those with one of m samples left out, (m, ...)."""
    count = len(left_out)
    spread = left_out - left_out.mean(axis=0)
    error = np.sqrt((count - 1) / count * (spread**2).sum(axis=0))
    reach = stats.t.ppf(0.975, count - 1) * error
    return np.stack([estimate - reach, estimate + reach], axis=-1)
