"""How symmetric the Jacobian of a field is, from scattered samples, by kernel regression."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._fit import fitted
from ._inputs import samples

if TYPE_CHECKING:
    import xarray as xr

    from ._norms import Norms

MOST_POINTS = 300
LEVEL = 0.025, 0.975


class SampleDecomposition(NamedTuple):
    """Means over points of |S|^2, |A|^2 and tr J, the share mean |S|^2 / mean |J|^2, and intervals (95 %)."""

    symmetric: float
    antisymmetric: float
    divergence: float
    share: float
    spectral_index: float
    share_interval: tuple[float, float]
    divergence_interval: tuple[float, float]
    size_interval: tuple[float, float]
    """Of mean |J|^2."""


def decompose_samples(
    W: xr.DataArray,
    dW: xr.DataArray,
    *,
    at: xr.DataArray | np.ndarray | None = None,
    method: str = "auto",
    centres: int | None = None,
    draws: int = 200,
    rng: int | np.random.Generator | None = None,
) -> SampleDecomposition:
    """Symmetric and antisymmetric part of the Jacobian of a full field.

    Parameters
    ----------
    W, dW
        Weights, and their changes per unit of time, (sample, synapse); see ``fields.fit``.
    at
        Weights where the Jacobian is taken; by default at most 300 of the samples.
    method, centres
        As in ``fields.fit``.
    draws
        Number of draws from the posterior distribution.
    rng
        Seed or generator.

    Returns
    -------
    SampleDecomposition
        Plain numbers. Sizes and intervals are those of the posterior distribution at the length scale and
        ridge that were chosen: parts that were not learned count as the prior has them. A bootstrap of
        samples would keep the smoothing of the fit, and miss them.
    """
    rng = np.random.default_rng(rng)
    given = samples(W, dW)
    field = fitted(given, "full", method, centres, rng)
    points = given.w[rng.permutation(len(given.w))[:MOST_POINTS]] if at is None else at
    return summary(field.norms(points), field.drawn(points, draws, rng))


def summary(best: Norms, drawn: list[Norms]) -> SampleDecomposition:
    """From the field of best fit, and from draws of what it may be.

    Best fits leave out what was not learned, as if it had the share of the rest; draws fill it in with the
    share of a random field, (n + 1) / 2n. The share is halfway. Its interval holds that of the draws, around
    either, and lets the part that was not learned have any share.
    """
    shares = np.array([norms.share for norms in drawn])
    symmetric, antisymmetric, divergence, spectral = np.array(drawn).T
    size = symmetric + antisymmetric
    halfway = float((shares.mean() + best.share) / 2)
    low, high = _central(shares)
    away = best.share - float(shares.mean())
    learned = min((best.symmetric + best.antisymmetric) / float(size.mean()), 1.0)
    open_share = 1.96 * (1 - learned) / np.sqrt(12)
    below = float(np.hypot(halfway - min(low, low + away), open_share))
    above = float(np.hypot(max(high, high + away) - halfway, open_share))
    return SampleDecomposition(
        halfway * float(size.mean()),
        (1 - halfway) * float(size.mean()),
        float(divergence.mean()),
        halfway,
        float(spectral.mean()),
        (max(halfway - below, 0.0), min(halfway + above, 1.0)),
        _central(divergence),
        _central(size),
    )


def _central(values: np.ndarray) -> tuple[float, float]:
    low, high = np.quantile(values, LEVEL).tolist()
    return low, high
