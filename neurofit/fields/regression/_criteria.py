"""What ridge and length scale are chosen by, on plain arrays: each is least where a field is best."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from ...registry import Registry
from ._ridge import ROUNDING, Products, Spectrum

LIMITS = np.log(1e-7), np.log(1e2)  # of the ridge, for each row
STRAIGHT = 1e7  # ridge for each row that leaves only the trend
# Log-likelihood that kernels have to gain on the trend alone: that of two parameters, at 5 %. Without, noise
# around a straight field is followed at short lengths, where slopes are steep.
GAIN = 3.0
FOLDS = 5
Score = Callable[[float], float]
criteria: Registry[Callable[[list[Products]], Score]] = Registry("criterion")


class Chosen(NamedTuple):
    """The regression of all rows, the best ridge, and what the criterion is there."""

    spectrum: Spectrum
    ridge: float
    score: float


def choose(parts: list[Products], criterion: str) -> Chosen:
    """The best ridge for the products of each of ``FOLDS`` folds of samples."""
    spectrum = Spectrum.of(Products.sum(parts))
    score = criteria[criterion](parts)
    found = minimize_scalar(
        lambda log_ridge: score(spectrum.freedom * np.exp(log_ridge)),
        bounds=LIMITS,
        method="bounded",
        options={"xatol": 0.02},
    )
    straight = score(spectrum.freedom * STRAIGHT)
    if (straight - found.fun) * spectrum.freedom * spectrum.outputs / 2 < GAIN:
        return Chosen(spectrum, spectrum.freedom * STRAIGHT, straight)
    return Chosen(spectrum, spectrum.freedom * float(np.exp(found.x)), float(found.fun))


@criteria.register("gcv")
def gcv(parts: list[Products]) -> Score:
    """Generalised cross-validation: log of residual / (rows - effective parameters)^2 (Golub et al. 1979)."""
    spectrum = Spectrum.of(Products.sum(parts))

    def score(ridge: float) -> float:
        freedom = spectrum.freedom - float((spectrum.values / (spectrum.values + ridge)).sum())
        return float(np.log(spectrum.residual(ridge)) - 2 * np.log(max(freedom, 1e-6)))

    return score


@criteria.register("likelihood")
def likelihood(parts: list[Products]) -> Score:
    """Log marginal likelihood for each number, times -2; trend and noise are integrated out."""
    spectrum = Spectrum.of(Products.sum(parts))

    def score(ridge: float) -> float:
        determinant = float(np.log1p(spectrum.values / ridge).sum()) / spectrum.freedom
        return float(np.log(spectrum.penalised(ridge))) + determinant

    return score


@criteria.register("held_out")
def held_out(parts: list[Products]) -> Score:
    """Log of the squared error of samples left out, fold by fold."""
    tests = [_Left.of(parts, number) for number in range(len(parts))]

    def score(ridge: float) -> float:
        return float(np.log(sum(test.error(ridge) for test in tests)))

    return score


class _Left(NamedTuple):
    """The regression of all folds but one, and the products of that one."""

    spectrum: Spectrum
    inner: np.ndarray

    @classmethod
    def of(cls, parts: list[Products], number: int) -> _Left:
        rest = [part for at, part in enumerate(parts) if at != number]
        return cls(Spectrum.of(Products.sum(rest)), parts[number].inner)

    def error(self, ridge: float) -> float:
        solved = np.concatenate(self.spectrum.solve(ridge))
        first = len(solved)
        inner, cross = self.inner[:first, :first], self.inner[:first, first:]
        total = float(np.trace(self.inner[first:, first:]))
        error = total - 2 * float((cross * solved).sum()) + float((solved * (inner @ solved)).sum())
        return max(error, ROUNDING * total)
