r"""Penalised least squares with a free trend, on plain arrays.

Rows follow y = Z b + T t + noise, with b of prior variance :math:`\sigma^2 / \lambda` and t free. All that is
needed of the data are inner products of the columns [Z, T, Y], which add up over blocks of rows: folds and
bootstrap samples are sums of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import cho_factor, cho_solve, eigh

if TYPE_CHECKING:
    from collections.abc import Iterator

Numbers = np.ndarray
ROUNDING = 1e-14  # of a sum of squares


@dataclass(frozen=True)
class Products:
    """Inner products of the columns [Z, T, Y], of so many kernels, terms and outputs, over ``rows``."""

    inner: Numbers
    kernels: int
    terms: int
    rows: int

    @classmethod
    def of(cls, kernels: Numbers, trend: Numbers, outputs: Numbers) -> Products:
        """From arrays (row, column)."""
        columns = np.concatenate([kernels, trend, outputs], axis=1)
        return cls(columns.T @ columns, kernels.shape[1], trend.shape[1], len(columns))

    @classmethod
    def sum(cls, parts: list[Products]) -> Products:
        """Over all rows of all parts."""
        inner = sum((part.inner for part in parts[1:]), parts[0].inner)
        return cls(inner, parts[0].kernels, parts[0].terms, sum(part.rows for part in parts))


@dataclass(frozen=True)
class Spectrum:
    """Kernels without the trend, in the directions in which they are orthogonal.

    ``values`` (direction,) are squared lengths, ``along`` (direction, output) products with the outputs,
    ``total`` the sum of squares of all outputs less their trend, and ``freedom`` what rows are left.
    """

    values: Numbers
    vectors: Numbers
    along: Numbers
    total: float
    freedom: float
    by_trend: Numbers
    trend_alone: Numbers
    trend_inverse: Numbers

    @classmethod
    def of(cls, products: Products) -> Spectrum:
        """Takes the trend off, and diagonalises."""
        first, last = products.kernels, products.kernels + products.terms
        inner = products.inner
        factor = cho_factor(inner[first:last, first:last])
        rest = np.r_[0:first, last : len(inner)]
        cross = inner[first:last][:, rest]
        solved = cho_solve(factor, cross)
        left = inner[np.ix_(rest, rest)] - cross.T @ solved
        values, vectors = eigh(left[:first, :first])
        return cls(
            np.maximum(values, 0.0),
            vectors,
            vectors.T @ left[:first, first:],
            max(float(np.trace(left[first:, first:])), ROUNDING * float(np.trace(inner[last:, last:]))),
            products.rows - products.terms,
            solved[:, :first],
            solved[:, first:],
            cho_solve(factor, np.eye(products.terms)),
        )

    @property
    def outputs(self) -> int:
        """How many there are."""
        return self.along.shape[1]

    def solve(self, ridge: float) -> tuple[Numbers, Numbers]:
        """Coefficients of the kernels and of the trend."""
        kernels = self.vectors @ (self.along / (self.values + ridge)[:, None])
        return kernels, self.trend_alone - self.by_trend @ kernels

    def penalised(self, ridge: float) -> float:
        """Residual sum of squares and penalty, at their least."""
        explained = np.square(self.along).sum(axis=1) / (self.values + ridge)
        return max(self.total - float(explained.sum()), ROUNDING * self.total)

    def residual(self, ridge: float) -> float:
        """Residual sum of squares there."""
        weight = (self.values + 2 * ridge) / (self.values + ridge) ** 2
        explained = np.square(self.along).sum(axis=1) * weight
        return max(self.total - float(explained.sum()), ROUNDING * self.total)

    def noise(self, ridge: float) -> float:
        """Variance of the noise, if the prior is right."""
        return self.penalised(ridge) / (self.freedom * self.outputs)

    def draws(self, ridge: float, count: int, rng: np.random.Generator) -> Iterator[tuple[Numbers, Numbers]]:
        """Coefficients of kernels and trend from their posterior distribution."""
        kernels, terms = self.solve(ridge)
        deviation = np.sqrt(self.noise(ridge))
        root = np.linalg.cholesky(self.trend_inverse)
        for _ in range(count):
            spread = rng.normal(size=kernels.shape) / np.sqrt(self.values + ridge)[:, None]
            moved = deviation * (self.vectors @ spread)
            own = deviation * (root @ rng.normal(size=terms.shape))
            yield kernels + moved, terms - self.by_trend @ moved + own
