"""Sums over pairs of trials that tell a Jacobian's parts apart without an estimate of the Jacobian."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float  # noqa: TC002 - shapes are checked in tests

from ._curl import flipped, p_value
from ._sums import Estimate, Sums

Numbers = np.ndarray
Number = np.ndarray | float
BLOCK = 256  # synapses at a time: arrays (trial, BLOCK) stay in the cache


def covariance_product(
    x: Float[Numbers, "trial trial"], z: Float[Numbers, "trial trial"]
) -> tuple[float, Float[Numbers, " trial"]]:
    r"""Unbiased mean of (x13 - x14 - x23 + x24)(z13 - z14 - z23 + z24) / 4 over four different trials.

    With x_kl = y_k.y_l and z_kl = p_k.p_l this is :math:`|\mathrm{cov}(y, p)|^2`, the unbiased
    Hilbert-Schmidt independence criterion of Song et al. 2012 with linear kernels; with x_kl = p_k.y_l and z
    its transpose it is :math:`\mathrm{tr}\,\mathrm{cov}(y, p)^2`. Diagonals are not read. The second output
    is the same without each of the trials in turn.
    """
    x, z = x - np.diag(np.diag(x)), z - np.diag(np.diag(z))
    product, crossed = x * z, x * z.T
    rows_x, columns_x, rows_z, columns_z = x.sum(1), x.sum(0), z.sum(1), z.sum(0)
    ends = [
        (rows_x, rows_z, x.T @ rows_z, z.T @ rows_x, product.sum(0)),
        (columns_x, columns_z, x @ columns_z, z @ columns_x, product.sum(1)),
        (rows_x, columns_z, x.T @ columns_z, z @ rows_x, crossed.sum(0)),
        (columns_x, rows_z, x @ rows_z, z.T @ columns_x, crossed.sum(1)),
    ]
    total, reversed_total = product.sum(), crossed.sum()
    shared = [a @ b for a, b, *_ in ends]
    whole = _combined(len(x), total, reversed_total, x.sum() * z.sum(), *shared)
    left_out = _combined(
        len(x) - 1,
        total - product.sum(0) - product.sum(1),
        reversed_total - crossed.sum(0) - crossed.sum(1),
        (x.sum() - rows_x - columns_x) * (z.sum() - rows_z - columns_z),
        *(
            all_of_it - a * b - first - second + own
            for all_of_it, (a, b, first, second, own) in zip(shared, ends, strict=True)
        ),
    )
    return float(whole), np.asarray(left_out)


def _combined(  # noqa: PLR0913 - sums that share the indices of one or of both
    trials: int,
    product: Number,
    crossed: Number,
    both: Number,
    rows: Number,
    columns: Number,
    turned: Number,
    turned_back: Number,
) -> Number:
    """From sums over all index pairs to means over different ones."""
    two = trials * (trials - 1)
    three = two * (trials - 2)
    four = three * (trials - 3)
    apart = both - rows - columns - turned - turned_back + product + crossed
    return product / two - (rows - product) / three - (columns - product) / three + apart / four


def pairs(
    y: Float[Numbers, "trial synapse"],
    p: Float[Numbers, "trial synapse"],
    *,
    draws: int,
    rng: np.random.Generator,
) -> Estimate:
    r"""Of J from y = f + J d + e with E d = 0, E d d' = C and p = C^-1 d, over pairs of different trials.

    .. math:: |J|^2 = E\,(y_k \cdot y_l)(p_k \cdot p_l), \qquad
        \mathrm{tr}\,J^2 = E\,(p_k \cdot y_l)(p_l \cdot y_k), \qquad k \ne l,

    with what all trials share taken off. The noise may have any covariance, and J is never formed.
    """
    trials = len(y)
    gram_y, gram_p, crossed = (np.zeros((trials, trials)) for _ in range(3))
    own = np.zeros(trials + 1)
    for start in range(0, y.shape[1], BLOCK):
        some_y, some_p = (each[:, start : start + BLOCK] for each in (y, p))
        some_y, some_p = some_y - some_y.mean(0), some_p - some_p.mean(0)
        gram_y += some_y @ some_y.T
        gram_p += some_p @ some_p.T
        crossed += some_p @ some_y.T
        own += _diagonal(some_y, some_p)
    square, square_left = covariance_product(gram_y, gram_p)
    turned, turned_left = covariance_product(crossed, crossed.T)
    inner = np.diag(crossed)
    trace = inner.sum() / (trials - 1)
    trace_left = (inner.sum() - inner * trials / (trials - 1)) / (trials - 2)
    form = (gram_y * gram_p - crossed * crossed.T) / 2
    np.fill_diagonal(form, 0.0)
    return Estimate(
        Sums(np.array(square), np.array(turned), np.array(trace), own[0]),
        Sums(square_left, turned_left, trace_left, own[1:]),
        curl=(square - turned) / 2,
        curl_null=flipped(form, draws, rng) / (trials * (trials - 3)),
        drift=y.mean(0),
    )


def carried_over(y: Float[Numbers, "trial synapse"], *, draws: int, rng: np.random.Generator) -> float:
    """p-value of no dependence of changes on those of the trial before.

    The squared covariance of y_k and y_{k-1} is 0 where trials are independent, whatever the field and the
    noise.
    """
    y = y - y.mean(0)
    gram = y @ y.T
    now, before = gram[1:, 1:], gram[:-1, :-1]
    trials = len(now)
    middle = np.eye(trials) - 1 / trials
    form = (middle @ now @ middle) * (middle @ before @ middle)
    np.fill_diagonal(form, 0.0)
    null = flipped(form, draws, rng) / (trials * (trials - 3))
    observed, _ = covariance_product(now, before)
    return p_value(observed, null)


def _diagonal(y: Numbers, p: Numbers) -> Numbers:
    """Sum over synapses of the unbiased squared covariance of y and p: of all trials, then without each.

    That is the mean of y1 p1 y2 p2 - 2 y1 p1 y2 p3 + y1 y2 p3 p4 over different trials. Both are centred,
    so that sums without a trial are less its own values, and what is left are products with vectors.
    """
    yp, yy, pp = y * p, y**2, p**2
    covariance = yp.sum(0)
    once = yp @ covariance
    thirds = p @ (y * yp).sum(0) + y @ (p * yp).sum(0)
    spread = pp @ yy.sum(0) + yy @ pp.sum(0)
    fourth = (yp**2).sum(1)
    both, apart, same = covariance @ covariance, yy.sum(0) @ pp.sum(0), fourth.sum()
    once, thirds, spread, fourth = (np.append(0.0, each) for each in (once, thirds, spread, fourth))
    two = both - same - 2 * once + 2 * fourth
    three = 2 * same - both + 3 * once + thirds - 6 * fourth
    four = apart + 2 * both - 6 * same - 8 * once - 4 * thirds - 2 * spread + 24 * fourth
    trials = len(y) - (np.arange(len(y) + 1) > 0)
    a = trials * (trials - 1.0)
    b = a * (trials - 2)
    return two / a - 2 * three / b + four / (b * (trials - 3))
