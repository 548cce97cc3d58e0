r"""Squares and traces of the parts of a Jacobian from its products with random vectors.

With Q an orthonormal basis of directions in which J is known and R = (1 - QQ') J (1 - QQ') the rest,
:math:`S = (J + J^\top) / 2` has :math:`|S|^2 = 2 |SQ|^2 - |Q^\top S Q|^2 + |R_S|^2`, as A has, since both are
their transposes but for a sign; only what is left of R has to be drawn.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

Numbers = np.ndarray


class Parts(NamedTuple):
    """|S|^2, |A|^2, tr J, and the sum of J_ii^2."""

    symmetric: float
    antisymmetric: float
    trace: float
    diagonal: float


@dataclass(frozen=True)
class Known:
    """What a basis Q (k, n), in rows, tells: its share of each of ``Parts``, and of the diagonal (n,)."""

    basis: Numbers
    parts: Parts
    diagonal: Numbers

    @classmethod
    def of(cls, basis: Numbers, forth: Numbers, back: Numbers) -> Known:
        """From rows of an orthonormal basis, and their products with J and J'."""
        symmetric, antisymmetric = (
            float(2 * (half**2).sum() - ((half @ basis.T) ** 2).sum())
            for half in ((forth + back) / 2, (forth - back) / 2)
        )
        rest = forth - (forth @ basis.T) @ basis
        diagonal = (basis * back).sum(axis=0) + (basis * rest).sum(axis=0)
        trace, square = float((basis * forth).sum()), float(diagonal @ diagonal)
        return cls(basis, Parts(symmetric, antisymmetric, trace, square), diagonal)

    def without(self, vectors: Numbers) -> Numbers:
        """What of vectors, in rows, lies outside of the basis."""
        return vectors - (vectors @ self.basis.T) @ self.basis


@dataclass(frozen=True)
class Drawn:
    """What each random vector tells of the rest, (draw,), and its diagonals with each other."""

    symmetric: Numbers
    antisymmetric: Numbers
    trace: Numbers
    along: Numbers  # product of its diagonal with the known one
    gram: Numbers  # (draw, draw), of diagonals
    crossed: Numbers | None = None  # (draw, draw): (v_k J v_l)(v_l J v_k) in place of J'

    @classmethod
    def both(cls, known: Known, signs: Numbers, forth: Numbers, back: Numbers) -> Drawn:
        """From vectors of signs, in rows, and products of J and J' with what of them is not known."""
        forth, back = known.without(forth), known.without(back)
        symmetric, other = ((((forth + sign * back) / 2) ** 2).sum(axis=1) for sign in (1, -1))
        own = signs * forth
        return cls(symmetric, other, own.sum(axis=1), own @ known.diagonal, own @ own.T)

    @classmethod
    def forth(cls, signs: Numbers, forth: Numbers) -> Drawn:
        """From products of J alone; the parts follow from |J|^2 and tr J^2."""
        square, between, own = (forth**2).sum(axis=1), signs @ forth.T, signs * forth
        none = np.zeros(len(signs))
        return cls(square / 2, square / 2, own.sum(axis=1), none, own @ own.T, between * between.T)

    def only(self, keep: Numbers) -> Drawn:
        """Some of the draws."""
        square = np.ix_(keep, keep)
        return replace(
            self,
            **{name: getattr(self, name)[keep] for name in ("symmetric", "antisymmetric", "trace", "along")},
            gram=self.gram[square],
            crossed=None if self.crossed is None else self.crossed[square],
        )


def parts(known: Known, drawn: Drawn) -> Parts:
    """The whole: what is known, and the mean of what was drawn."""
    if not len(drawn.trace):
        return known.parts
    half = 0.0 if drawn.crossed is None else _pairs(drawn.crossed) / 2
    return Parts(
        known.parts.symmetric + drawn.symmetric.mean() + half,
        known.parts.antisymmetric + drawn.antisymmetric.mean() - half,
        known.parts.trace + drawn.trace.mean(),
        known.parts.diagonal + 2 * drawn.along.mean() + _pairs(drawn.gram),
    )


def _pairs(products: Numbers) -> float:
    """Mean over pairs of different draws, which share no noise."""
    count = len(products)
    return float((products.sum() - np.trace(products)) / (count * (count - 1)))


def indices(found: Parts) -> Numbers:
    """Norm of J, gradient share, divergence, curl norm, reciprocity; NaN where they divide by nothing."""
    # Without J', a part may come out below 0; their sum, from |Jv|^2, never does.
    total = found.symmetric + found.antisymmetric
    across = total - found.diagonal
    return np.array(
        [
            np.sqrt(total),
            np.clip(found.symmetric / total, 0, 1) if total > 0 else np.nan,
            found.trace,
            np.sqrt(2 * max(found.antisymmetric, 0.0)),
            (found.symmetric - found.antisymmetric - found.diagonal) / across if across > 0 else np.nan,
        ]
    )


def jackknife(known: Known, drawn: Drawn) -> tuple[Numbers, Numbers]:
    """The indices, and their standard errors over draws: 0 where nothing had to be drawn."""
    whole, count = indices(parts(known, drawn)), len(drawn.trace)
    if not count:
        return whole, np.zeros_like(whole)
    each = np.arange(count)
    without = np.stack([indices(parts(known, drawn.only(each[each != one]))) for one in each])
    return whole, np.sqrt((count - 1) * without.var(axis=0))


def basis(rows: Numbers) -> Numbers:
    """Orthonormal rows that span ``rows``, without directions of rounding error only."""
    if not len(rows):
        return rows
    left, values, axes = np.linalg.svd(rows, full_matrices=False)
    return axes[values > 1e-10 * values[0]] if values[0] > 0 else rows[:0]
