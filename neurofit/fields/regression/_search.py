"""The length scale that a criterion likes best, and where centres are; plain arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.spatial import KDTree

from ._solution import Frame, Solution

if TYPE_CHECKING:
    from ._kinds import Kind

Numbers = np.ndarray
LONGEST = 30.0  # length scale, where weights are 1 from their mean (root mean square)
STARTS = 6
MOST = 1000  # coefficients in one regression, unless more centres are asked for


def default_centres(kind: Kind, samples: int, synapses: int) -> int:
    """More where there are more synapses."""
    return min(samples, 100 + 10 * synapses**2, max(MOST // kind.width(synapses), 10))


def search(kind: Kind, w: Numbers, dw: Numbers, centres: Numbers, criterion: str, searched: int) -> Solution:
    """The best length scale and ridge: from a few starts, then by Brent's method around the best of them.

    Lengths are compared with as many of the centres as make ``searched`` coefficients.
    """
    few = centres[: max(searched // kind.width(w.shape[1]), 10)]

    def score(log_length: float) -> float:
        return Solution.of(Frame.of(kind, few, float(np.exp(log_length))), w, dw, criterion).score

    starts = np.linspace(np.log(shortest(w)), np.log(LONGEST), STARTS)
    best = int(np.argmin([score(start) for start in starts]))
    around = starts[max(best - 1, 0)], starts[min(best + 1, STARTS - 1)]
    found = minimize_scalar(score, bounds=around, method="bounded", options={"xatol": 0.02})
    return Solution.of(Frame.of(kind, centres, float(np.exp(found.x))), w, dw, criterion)


def shortest(w: Numbers) -> float:
    """Median distance of samples to their n + 1 nearest: slopes over less are not seen."""
    some = w[:: -(-len(w) // 500)]
    distances = KDTree(w).query(some, k=min(w.shape[1] + 2, len(w)))[0]
    return max(float(np.median(distances[:, -1])), 1e-3)
