"""What every method gives for one unit, and the registry of methods."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._kernels import GRID, WEIGHT, deepest_crossing

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._inputs import Numbers
    from ._likelihood import Fitted

UNKNOWN = np.full((3, 2), np.nan)
COVERAGE = (2.5, 97.5)


class Estimate(NamedTuple):
    """A rule at the inputs ``GRID``, and its threshold in Hz, in sd of the rate and in sd of the input."""

    change: Numbers  # (input,)
    interval: Numbers  # (input, bound)
    rate: Numbers  # (input,), for novel stimuli
    familiar_rate: Numbers  # (input,), for familiar stimuli of the same rank
    outside: Numbers  # (input,), where data say nothing
    threshold: Numbers  # (3,)
    threshold_interval: Numbers  # (3, bound)
    likeliest: Fitted | None = None  # the rule of highest likelihood, where the method has one


@dataclass(frozen=True)
class Method:
    """A way from counts to a rule.

    Parameters
    ----------
    estimate
        Takes a unit, how many draws for intervals, and a generator.
    family
        Whether it also takes a family of transfer functions.
    thins
        Whether unequal trials have to be made equal first.
    units
        Those of the change.
    references
        Who said so.
    """

    estimate: Callable[..., Estimate]
    thins: bool
    units: str
    references: tuple[str, ...]
    family: bool = False

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        """What the registry prints of it."""
        return self.estimate.__doc__ or ""


def thresholds(change: Numbers, rate: Numbers) -> Numbers:
    """Thresholds (..., 3) of curves (..., input): where they cross from depression to potentiation."""
    at = deepest_crossing(change, WEIGHT)
    points = np.arange(len(GRID))
    rate = np.broadcast_to(rate, change.shape)
    hz = np.array(
        [
            np.interp(one, points, row)
            for one, row in zip(np.ravel(at), rate.reshape(-1, len(GRID)), strict=True)
        ]
    ).reshape(at.shape)
    return on_scales(hz, np.interp(at, points, GRID), rate)


def on_scales(hz: Numbers, at: Numbers, rate: Numbers) -> Numbers:
    """Thresholds in Hz, in sd of the rates (..., input), and as inputs ``at``: (..., 3)."""
    mean = (WEIGHT * rate).sum(axis=-1)
    spread = np.sqrt((WEIGHT * (rate - mean[..., None]) ** 2).sum(axis=-1))
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.stack([hz, (hz - mean) / spread, at], axis=-1)


def bounds(draws: Numbers) -> Numbers:
    """95 % intervals (..., bound) over draws (draw, ...); NaN where under four draws in five have a value."""
    if not len(draws):
        return np.full((*draws.shape[1:], 2), np.nan)
    enough = np.isfinite(draws).mean(axis=0) >= 0.8
    filled = np.where(enough, draws, 0.0)
    found = np.nanpercentile(filled, COVERAGE, axis=0)
    return np.moveaxis(np.where(enough, found, np.nan), 0, -1)


def threshold_bounds(changes: Numbers, rates: Numbers) -> Numbers:
    """95 % intervals (3, bound) of the threshold over drawn curves (draw, input)."""
    if not len(changes):
        return UNKNOWN
    return open_bounds(thresholds(changes, rates), np.nan_to_num(changes) @ WEIGHT)


def open_bounds(found: Numbers, sums: Numbers) -> Numbers:
    """95 % intervals (3, bound) over drawn thresholds (draw, 3); NaN where a draw has none.

    Such a draw has its threshold beyond the curve: above it where inputs fall on the whole (the ``sums`` of
    changes are negative), below it where they rise. Where more than 2.5 % of draws are there, the interval is
    not bounded on that side.
    """
    if not len(found):
        return UNKNOWN
    missing = np.isnan(found[:, 2])
    found[missing] = np.where(sums < 0, np.inf, -np.inf)[missing, None]
    found[:, 0] = np.maximum(found[:, 0], 0.0)
    # Quantiles that are draws: halfway between a number and infinity is no number.
    return np.percentile(found, COVERAGE, axis=0, method="inverted_cdf").T
