"""How far an estimate would move with other stimuli."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import t as student_t

GROUPS = 100  # More groups to leave out cost more and tell little more.


Stimuli = Int[np.ndarray, " stimulus"]
LeftOut = Float[np.ndarray, " group"]
Sizes = Int[np.ndarray, " group"]


def groups(stimuli: int, order: Stimuli) -> list[np.ndarray]:
    """Positions to leave out together: single stimuli, or parts of equal size where there are many."""
    return np.array_split(order, min(stimuli, GROUPS))


def standard_error(estimate: float, left_out: LeftOut, sizes: Sizes) -> float:
    """Standard error from estimates without each group, whose sizes may differ (Busing et al. 1999).

    With h_j = n / m_j for a group of m_j stimuli of n, pseudo-values are h_j estimate - (h_j - 1) left_out_j.
    """
    share = sizes.sum() / sizes
    pseudo = share * estimate - (share - 1) * left_out
    centre = np.sum(pseudo / share)
    return float(np.sqrt(np.mean((pseudo - centre) ** 2 / (share - 1))))


def half_width(error: float, groups: int, level: float) -> float:
    """Half the width of an interval of this level, by Student's t."""
    return error * float(student_t.ppf((1 + level) / 2, groups - 1))
