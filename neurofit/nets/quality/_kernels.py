"""Bias and variance of gradient estimates, from inner products alone: no names, no networks."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float

Gram = Float[np.ndarray, "batch batch"]
PerBatch = Float[np.ndarray, " batch"]


class Products(NamedTuple):
    r"""Inner products of estimates and targets on the same batches.

    With :math:`m_b` the mean of the rule's estimates on batch :math:`b` and :math:`t_b` the target there.
    """

    estimates: Gram  # m_b . m_c
    across: Gram  # m_b . t_c
    targets: Gram  # t_b . t_c
    squares: PerBatch  # mean over draws of |estimate|^2
    draws: int

    def without(self, batch: int) -> Products:
        """The same, without one batch."""
        kept = np.delete(np.arange(len(self.squares)), batch)
        estimates, across, targets = (gram[np.ix_(kept, kept)] for gram in self[:3])
        return Products(estimates, across, targets, self.squares[kept], self.draws)

    def plus(self, other: Products) -> Products:
        """Those of two layers taken as one."""
        estimates, across, targets, squares = (a + b for a, b in zip(self[:4], other[:4], strict=True))
        return Products(estimates, across, targets, squares, self.draws)


class Quality(NamedTuple):
    """What ``quality`` finds."""

    cosine: float
    scale: float
    internal: float
    sampling: float
    efficiency: float


def quality(products: Products) -> Quality:
    r"""Bias and variance of an estimate, without the bias that its own noise brings.

    With the expected update :math:`u = E[\hat u]` and the expected target :math:`g`, from products of
    different batches, which share no noise:

    .. math::

        \cos = \frac{u \cdot g}{|u| |g|}, \quad
        \text{scale} = \frac{u \cdot g}{|g|^2}, \quad
        \mathrm{NSR} = \frac{E|\hat u|^2}{|u|^2} - 1, \quad
        \rho = \frac{\cos^2}{1 + \mathrm{NSR}}

    The noise-to-signal ratio is the sum of an internal part, over the rule's own randomness on one batch,
    and of a sampling part, over batches.
    """
    u2, ug, g2 = (_between(gram) for gram in products[:3])
    internal = own_variance(products)
    total = products.squares.mean() - u2
    if u2 <= 0 or g2 <= 0:
        return Quality(*[np.nan] * 5)
    cosine = ug / np.sqrt(u2 * g2)
    efficiency = cosine**2 / (1 + total / u2) if total > -u2 else np.nan
    return Quality(cosine, ug / g2, internal / u2, (total - internal) / u2, efficiency)


def own_variance(products: Products) -> float:
    """Variance over the rule's own randomness on one batch, summed over weights."""
    if products.draws < 2:
        return 0.0
    around_mean = products.squares - np.diagonal(products.estimates)
    return float(around_mean.mean()) * products.draws / (products.draws - 1)


def restraint(products: Products) -> float:
    r"""By how much less to step than with the target, so that a rule's own noise does no harm.

    The best step along an estimate is shorter than along its mean by 1 + NSR; here the noise is measured
    against the target, :math:`1 + \mathrm{var} / |g|^2`, which is known even where the noise hides the mean.
    """
    g2 = _between(products.targets)
    return 1 + own_variance(products) / g2 if g2 > 0 else 1.0


def _between(gram: Gram) -> float:
    """Mean product of different batches."""
    n = len(gram)
    return float((gram.sum() - np.trace(gram)) / (n * (n - 1)))


def jackknife(products: Products) -> Float[np.ndarray, " quality"]:
    """Standard error of each quality, over batches (Efron & Stein 1981)."""
    n = len(products.squares)
    without = np.array([quality(products.without(batch)) for batch in range(n)])
    return np.sqrt((n - 1) / n * ((without - without.mean(0)) ** 2).sum(0))
