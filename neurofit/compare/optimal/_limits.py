"""Which stimuli are allowed: no more extreme than the natural ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

Array = np.ndarray[Any, Any]


class Limits(NamedTuple):
    """What images may be: pixels from ``lower`` to ``upper``, and norms up to ``norm``."""

    lower: float
    upper: float
    norm: float


constraints: Registry[Callable[[Array], Limits]] = Registry("constraint")


@constraints.register("both")
def both(natural: Array) -> Limits:
    """Pixels in the range of the natural stimuli, and a norm no larger than the largest of theirs."""
    return within_range(natural)._replace(norm=within_norm(natural).norm)


@constraints.register("norm")
def within_norm(natural: Array) -> Limits:
    """A norm no larger than the largest of the natural stimuli, whatever the pixels."""
    return Limits(-np.inf, np.inf, float(np.linalg.norm(natural.reshape(len(natural), -1), axis=1).max()))


@constraints.register("range")
def within_range(natural: Array) -> Limits:
    """Pixels in the range of the natural stimuli, whatever the norm."""
    return Limits(float(natural.min()), float(natural.max()), np.inf)
