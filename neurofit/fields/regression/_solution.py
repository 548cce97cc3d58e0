"""A regression whose length scale and ridge are set: coefficients, field, Jacobian; plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.linalg import solve_triangular

from ._criteria import FOLDS, choose
from ._ridge import Products

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._kinds import Kind
    from ._ridge import Spectrum

Numbers = np.ndarray
JITTER = 1e-10  # of the prior variance: centres may lie on one another
BLOCK = 2**22  # numbers at once


@dataclass(frozen=True)
class Coefficients:
    """Of the kernels (..., centre, synapse), and the trend's constant (..., synapse) and matrix."""

    kernels: Numbers
    constant: Numbers
    matrix: Numbers


@dataclass(frozen=True)
class Frame:
    """A kind of field with centres and a length scale; ``root`` whitens its kernels.

    ``root`` is the lower triangular root of the prior covariance of the field at the centres.
    """

    kind: Kind
    centres: Numbers
    length: float
    root: Numbers

    @classmethod
    def of(cls, kind: Kind, centres: Numbers, length: float) -> Frame:
        """With the root."""
        prior = kind.design(centres, centres, length)
        return cls(kind, centres, length, np.linalg.cholesky(prior + JITTER * np.eye(len(prior))))

    def products(self, w: Numbers, dw: Numbers) -> Products:
        """Inner products of whitened kernels, trend and outputs."""
        parts = []
        for part in self.blocks(len(w)):
            design = self.kind.design(w[part], self.centres, self.length)
            white = solve_triangular(self.root, design.T, lower=True).T
            parts.append(Products.of(white, self.kind.trend(w[part]), self.kind.rows(dw[part])))
        return Products.sum(parts)

    def blocks(self, points: int) -> Iterator[slice]:
        """Slices of points whose kernels fit in memory."""
        size = max(1, BLOCK // (self.centres.size * self.centres.shape[1]))
        return (slice(start, start + size) for start in range(0, points, size))

    def coefficients(self, white: Numbers, terms: Numbers) -> Coefficients:
        """From those of whitened kernels, and of the trend."""
        n = self.centres.shape[1]
        kernels = solve_triangular(self.root, white, lower=True, trans=1).reshape(-1, n)
        return Coefficients(kernels, *self.kind.affine(terms, n))

    def values(self, w: Numbers, c: Coefficients) -> Numbers:
        """The field (point, synapse)."""
        parts = []
        for part in self.blocks(len(w)):
            design = self.kind.design(w[part], self.centres, self.length)
            kernels = design @ self.kind.flat(c.kernels)
            parts.append(kernels.reshape(-1, w.shape[1]) + c.constant + w[part] @ c.matrix.T)
        return np.concatenate(parts)

    def jacobian(self, w: Numbers, c: Coefficients) -> Numbers:
        """Its derivatives (point, synapse, synapse)."""
        parts = [
            self.kind.jacobian(w[part], self.centres, self.length, c.kernels) for part in self.blocks(len(w))
        ]
        return np.concatenate(parts) + c.matrix

    def potential(self, w: Numbers, c: Coefficients) -> Numbers:
        """F (point,), 0 where w is 0 but for the kernels; the symmetric part of the trend counts."""
        parts = [
            self.kind.potential(w[part], self.centres, self.length, c.kernels) for part in self.blocks(len(w))
        ]
        return np.concatenate(parts) + w @ c.constant + ((w @ c.matrix) * w).sum(axis=1) / 2


@dataclass(frozen=True)
class Solution:
    """A frame with the best ridge in it, what the criterion is there, and the solved regression."""

    frame: Frame
    spectrum: Spectrum
    ridge: float
    score: float

    @classmethod
    def of(cls, frame: Frame, w: Numbers, dw: Numbers, criterion: str) -> Solution:
        """Of samples of weights and of their changes (sample, synapse)."""
        folds = FOLDS if criterion == "held_out" else 1
        parts = [frame.products(w[fold::folds], dw[fold::folds]) for fold in range(folds)]
        return cls(frame, *choose(parts, criterion))

    @property
    def coefficients(self) -> Coefficients:
        """The best of all."""
        return self.frame.coefficients(*self.spectrum.solve(self.ridge))

    def draws(self, count: int, rng: np.random.Generator) -> Iterator[Coefficients]:
        """From the posterior distribution."""
        for white, terms in self.spectrum.draws(self.ridge, count, rng):
            yield self.frame.coefficients(white, terms)
