"""What is left of a perturbation, as a ratio of sums over trials that is refused where it is noise."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy import stats

Numbers = np.ndarray
SMALL = 0.01  # of a squared perturbation, below which a part of it is not there
HALF = 0.5


class Ratio(NamedTuple):
    """An estimate, its standard error and degrees of freedom; ``known`` is False where it is refused."""

    value: float
    error: float
    degrees: float
    known: bool

    @property
    def interval(self) -> Numbers:
        """Central 95 %."""
        reach = stats.t.ppf(0.975, self.degrees) * self.error
        return np.array([self.value - reach, self.value + reach])

    @property
    def undone(self) -> Ratio:
        """One less what is left."""
        return self._replace(value=1 - self.value)

    @property
    def side(self) -> str:
        """Whether the interval is ``"above"`` one half, ``"below"``, or ``"over"`` it."""
        low, high = self.interval
        return "above" if low > HALF else "below" if high < HALF else "over"


UNKNOWN = Ratio(np.nan, np.nan, 1.0, known=False)


def ratio(left: Numbers, moved: Numbers) -> Ratio:
    """Sum of what is left (trial) over that of what was moved, with a jackknife over trials.

    Refused where the interval of the denominator holds 0.
    """
    count = len(moved)
    error = moved.std(ddof=1) / np.sqrt(count)
    if abs(moved.mean()) <= stats.t.ppf(0.975, count - 1) * error or not moved.any():
        return UNKNOWN
    without = (left.sum() - left) / (moved.sum() - moved)
    spread = np.sqrt((count - 1) / count * ((without - without.mean()) ** 2).sum())
    return Ratio(float(left.sum() / moved.sum()), float(spread), count - 1.0, known=True)


def quotient(one: Ratio, other: Ratio) -> Ratio:
    """One ratio over an independent other; refused where the interval of the other holds 0."""
    if not (one.known and other.known) or np.prod(other.interval) <= 0:
        return UNKNOWN
    value = one.value / other.value
    error = np.hypot(one.error, value * other.error) / abs(other.value)
    return Ratio(value, float(error), min(one.degrees, other.degrees), known=True)


def row_space(constraints: Numbers) -> Numbers:
    """Orthonormal rows (rank, synapse) that span those of ``constraints``."""
    _, sizes, rows = np.linalg.svd(constraints, full_matrices=False)
    return rows[sizes > 1e-8 * sizes[0]]


class Shift(NamedTuple):
    """Weights less those before, at once and late, (trial, synapse), and variances of their noise."""

    moved: Numbers
    left: Numbers
    noise_moved: Numbers
    noise_left: Numbers
    noise_both: Numbers

    def part(self, rows: Numbers, *, inside: bool) -> tuple[Numbers, Numbers, Numbers]:
        """Squares <moved, moved>, <left, moved> and <left, left> (trial) in or out of a space, less noise."""
        weight = (rows**2).sum(axis=0)
        weight = weight if inside else 1 - weight
        moved, left = (_within(part, rows, inside) for part in (self.moved, self.left))
        return (
            (moved**2).sum(axis=1) - weight @ self.noise_moved,
            (left * moved).sum(axis=1) - weight @ self.noise_both,
            (left**2).sum(axis=1) - weight @ self.noise_left,
        )

    def away(self, rows: Numbers) -> Numbers:
        """Squared distance (trial) to the weights with the old function, nearest to where they were put."""
        staying = _within(self.moved, rows, inside=False)
        weight = (rows**2).sum(axis=0)
        noise = weight @ self.noise_left + (1 - weight) @ (
            self.noise_left + self.noise_moved - 2 * self.noise_both
        )
        return ((self.left - staying) ** 2).sum(axis=1) - noise


def _within(part: Numbers, rows: Numbers, inside: bool) -> Numbers:
    projected = part @ rows.T @ rows
    return projected if inside else part - projected
