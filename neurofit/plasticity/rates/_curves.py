"""Curves and thresholds of rules whose parameters are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ._alternatives import change, threshold
from ._likelihood import REACH
from ._methods import on_scales

if TYPE_CHECKING:
    from ._families import Family, Scale
    from ._inputs import Numbers

WIDE = np.linspace(-REACH, REACH, 91)
INNER = slice(25, 66)  # WIDE[INNER] is GRID


def curves(theta: Numbers, scale: Scale, family: Family) -> tuple[Numbers, Numbers]:
    """Change of input and novel rate (draw, input) at the inputs ``GRID`` for drawn parameters."""
    rate = _rates(theta, family)[:, INNER]
    return change(theta[:, family.size :].T[..., None], rate, scale)[0], rate


def thresholds(theta: Numbers, scale: Scale, family: Family) -> Numbers:
    """Thresholds (draw, 3) wherever the rule has them: in Hz, in sd of the rate and of the input."""
    rates = _rates(theta, family)
    hz = threshold(theta[:, family.size :], scale)
    # A rate that no input gives is no threshold.
    at = np.array(
        [np.interp(x, rate, WIDE, left=np.nan, right=np.nan) for x, rate in zip(hz, rates, strict=True)]
    )
    return on_scales(np.where(np.isnan(at), np.nan, hz), at, rates[:, INNER])


def _rates(theta: Numbers, family: Family) -> Numbers:
    return np.exp([family.log_rate(one[: family.size], WIDE)[0] for one in theta])
