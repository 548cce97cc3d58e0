"""Measures of how alike two sets of patterns are: each prepares one set, and scores two prepared ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple, Protocol

import numpy as np

from ...errors import RecordingError, unknown_name
from ...registry import Registry
from . import _sources
from ._kernels import geometry

if TYPE_CHECKING:
    from .._trials import Codes, Numbers


class Prepared(NamedTuple):
    """One set of patterns, made ready for a measure."""

    rows: Numbers  # (stimulus, component)
    loadings: Numbers = np.empty((0, 0))  # (component, unit), where the measure needs them

    def permuted(self, order: Codes) -> Prepared:
        """The same with the stimuli in another order."""
        return self._replace(rows=self.rows[order])


class Alignment(Protocol):
    """A similarity or distance of two sets of patterns. Patterns are plain (stimulus, unit), not centred."""

    distance: ClassVar[bool]  # True where small is alike
    rotation_free: ClassVar[bool]  # True where no rotation of the units changes it
    references: ClassVar[tuple[str, ...]]

    def prepare(self, patterns: Numbers) -> Prepared:
        """What of one set the score needs."""

    def score(self, a: Prepared, b: Prepared) -> float:
        """How alike two sets are, or how far apart; NaN where it is not defined."""


alignments: Registry[type[Alignment]] = Registry("alignment")


@alignments.register("cka")
@dataclass(frozen=True)
class Cka:
    """Linear centred kernel alignment."""

    debiased: bool = True
    distance: ClassVar[bool] = False
    rotation_free: ClassVar[bool] = True
    references: ClassVar[tuple[str, ...]] = (_sources.CKA, _sources.HSIC, _sources.DEBIASED)

    def prepare(self, patterns: Numbers) -> Prepared:
        """Patterns scaled so that their product with themselves is one."""
        rows = geometry.centred(patterns)
        rows = rows / np.linalg.norm(rows)
        own = self._product(rows, rows)
        return Prepared(rows / own**0.25 if own > 0 else np.full_like(rows, np.nan))

    def score(self, a: Prepared, b: Prepared) -> float:
        """Cosine of the two matrices of products."""
        return self._product(a.rows, b.rows)

    def _product(self, a: Numbers, b: Numbers) -> float:
        return geometry.debiased_product(a, b) if self.debiased else geometry.product(a, b)


@alignments.register("rv")
@dataclass(frozen=True)
class Rv(Cka):
    """RV coefficient."""

    debiased: bool = False
    references: ClassVar[tuple[str, ...]] = (_sources.RV,)


@alignments.register("svcca")
@dataclass(frozen=True)
class Svcca:
    """Mean canonical correlation of principal components."""

    explained: float = 0.99
    distance: ClassVar[bool] = False
    rotation_free: ClassVar[bool] = True
    references: ClassVar[tuple[str, ...]] = (_sources.SVCCA,)

    def __post_init__(self) -> None:
        _check_share("explained", self.explained)

    def prepare(self, patterns: Numbers) -> Prepared:
        """Orthonormal directions of the principal components."""
        rows = geometry.centred(patterns)
        return Prepared(geometry.principal(rows, self.explained)[0])

    def score(self, a: Prepared, b: Prepared) -> float:
        """Mean over as many canonical correlations as the smaller set has components."""
        _check_room(a, b)
        return float(geometry.canonical_correlations(a.rows, b.rows).mean())


@alignments.register("pwcca")
@dataclass(frozen=True)
class Pwcca(Svcca):
    """Mean canonical correlation, weighed by what the units of the first set do."""

    explained: float = 1.0
    rotation_free: ClassVar[bool] = False  # weights are of units
    references: ClassVar[tuple[str, ...]] = (_sources.PWCCA,)

    def prepare(self, patterns: Numbers) -> Prepared:
        """Orthonormal directions, and how the units load on them."""
        left, singular, right = geometry.principal(geometry.centred(patterns), self.explained)
        return Prepared(left, singular[:, np.newaxis] * right)

    def score(self, a: Prepared, b: Prepared) -> float:
        """Weighted mean of the canonical correlations."""
        _check_room(a, b)
        return geometry.projection_weighted(a.rows, a.loadings, b.rows)


METRICS = ("angular", "euclidean")


@alignments.register("shape")
@dataclass(frozen=True)
class Shape:
    """Distance that is left after the best rotation, of partly whitened patterns."""

    alpha: float = 1.0
    metric: str = "angular"
    distance: ClassVar[bool] = True
    rotation_free: ClassVar[bool] = True
    references: ClassVar[tuple[str, ...]] = (_sources.SHAPE, _sources.PROCRUSTES)

    def __post_init__(self) -> None:
        if not 0 <= self.alpha <= 1:
            raise ValueError(f"alpha is between 0 (white) and 1 (as they are); got {self.alpha}")
        if self.metric not in METRICS:
            raise unknown_name("metric", self.metric, METRICS)

    def prepare(self, patterns: Numbers) -> Prepared:
        """Partly whitened patterns, of length 1 for the angular metric."""
        rows = geometry.partly_whitened(geometry.centred(patterns), self.alpha)
        return Prepared(rows / np.linalg.norm(rows) if self.metric == "angular" else rows)

    def score(self, a: Prepared, b: Prepared) -> float:
        """Angle or distance."""
        if self.alpha == 0:
            _check_room(a, b)
        left = geometry.procrustes(a.rows, b.rows)
        return float(2 * np.arcsin(min(left / 2, 1.0))) if self.metric == "angular" else left


@alignments.register("procrustes")
@dataclass(frozen=True)
class Procrustes(Shape):
    """Distance that is left after the best rotation."""

    metric: str = "euclidean"
    references: ClassVar[tuple[str, ...]] = (_sources.PROCRUSTES, _sources.SHAPE)


def _check_share(name: str, share: float) -> None:
    if not 0 < share <= 1:
        raise ValueError(f"{name} is a share of the variance, above 0 and at most 1; got {share}")


def _check_room(a: Prepared, b: Prepared) -> None:
    """Raise where some canonical correlations are 1 for whatever patterns."""
    stimuli, of_a, of_b = len(a.rows), a.rows.shape[1], b.rows.shape[1]
    forced = of_a + of_b - (stimuli - 1)
    if forced > 0:
        raise RecordingError(
            f"patterns of {of_a} and {of_b} dimensions over {stimuli} stimuli share {forced} or more for "
            f"whatever data: {min(forced, of_a, of_b)} of {min(of_a, of_b)} canonical correlations are 1 by "
            "counting. Show more stimuli, keep fewer dimensions (a lower explained=), or use rsa.cka or "
            "rsa.shape_distance with alpha=1, which need no inverse."
        )
