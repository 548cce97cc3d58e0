"""RDMs on one scale, so that their mean is close to all of them; missing pairs are NaN."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import squareform
from scipy.stats import rankdata

from ...registry import Registry
from .comparison import Noise
from .whitened import inner_products

Rdms = Float[np.ndarray, "row pair"]
Scaling = Callable[[np.ndarray, Noise | None], np.ndarray]


class Pooling:
    """A scale for RDMs; ``best_for``: the comparators for which no RDM is closer to all than their mean."""

    def __init__(self, scaled: Scaling, best_for: set[str]) -> None:
        self.scaled = scaled
        self.best_for = best_for
        self.__doc__ = scaled.__doc__

    def __call__(self, rdms: Rdms, noise: Noise | None) -> Rdms:
        """Each RDM on the scale."""
        return self.scaled(rdms, noise)


poolings: Registry[Pooling] = Registry("pooling")


def pooling(name: str, *, best_for: set[str]) -> Callable[[Scaling], Pooling]:
    """Return a decorator that enters a scale under ``name``."""
    return lambda scaled: poolings.register(name)(Pooling(scaled, best_for))


@pooling("z_scores", best_for={"pearson"})
def z_scores(rdms: Rdms, noise: Noise | None) -> Rdms:
    """Mean 0 and standard deviation 1 over pairs."""
    centred = rdms - np.nanmean(rdms, axis=1, keepdims=True)
    return centred / np.nanstd(rdms, axis=1, keepdims=True)


@pooling("unit_length", best_for={"cosine"})
def unit_length(rdms: Rdms, noise: Noise | None) -> Rdms:
    """Sum of squares 1 over pairs."""
    return rdms / np.sqrt(np.nansum(rdms**2, axis=1, keepdims=True))


@pooling("ranks", best_for={"rho_a"})
def ranks(rdms: Rdms, noise: Noise | None) -> Rdms:
    """Ranks over pairs, ties in the middle."""
    return rankdata(rdms, axis=1, nan_policy="omit")


@pooling("whitened_length", best_for={"whitened_cosine"})
def whitened_length(rdms: Rdms, noise: Noise | None) -> Rdms:
    """x'V^-1 x = 1, with V the covariance of the errors of pairs."""
    return _row_by_row(rdms, noise, centred=False)


@pooling("whitened_z_scores", best_for={"whitened_pearson"})
def whitened_z_scores(rdms: Rdms, noise: Noise | None) -> Rdms:
    """x'V^-1 x = 1 after the mean by generalised least squares is taken off."""
    return _row_by_row(rdms, noise, centred=True)


def _row_by_row(rdms: Rdms, noise: Noise | None, *, centred: bool) -> Rdms:
    scaled = np.empty_like(rdms)
    for index, row in enumerate(rdms):
        here = ~np.isnan(row)
        once = np.ones((1, len(squareform(here))))
        known, constant = np.where(here, row, 0.0)[None], here[None].astype(np.float64)
        if centred:
            # The plain mean goes first, so that a common offset costs no digits.
            known = np.where(here, known - known.sum() / here.sum(), 0.0)
            found = inner_products(known, constant, once, here, noise)
            known = known - constant * (found.both[0] / found.b[0])
        length = np.sqrt(inner_products(known, known, once, here, noise).a[0, 0])
        scaled[index] = np.where(here, known[0] / (length if length > 0 else np.nan), np.nan)
    return scaled
