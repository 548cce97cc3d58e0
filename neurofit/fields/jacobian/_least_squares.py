"""A Jacobian by least squares, and its sums without the share that noise adds to them."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from ._curl import curl_form, flipped
from ._sums import Estimate, Sums, left_out_of

Numbers = np.ndarray
GROUPS = 25  # of trials that the jackknife leaves out
ERRORS = 100  # draws of the error of a small Jacobian
FEWEST_ERRORS = 20  # of a large one, whose eigenvalues take long


def least_squares(y: Numbers, x: Numbers, *, draws: int, rng: np.random.Generator) -> Estimate:
    r"""Of J from y = f + J x + e with any x, given more trials than synapses.

    With M = (X'X)^-1 of centred x, the estimate has an error of covariance :math:`\Sigma_e \otimes M`, so

    .. math:: E|\hat J|^2 = |J|^2 + \mathrm{tr}\Sigma_e\,\mathrm{tr}M, \qquad
        E\,\mathrm{tr}\hat J^2 = \mathrm{tr} J^2 + \mathrm{tr}(\Sigma_e M),

    where the second terms are taken off. The noise is the same in all trials.
    """
    jacobian, p, residual, leverage = _fit(y, x)
    sums = _debiased(jacobian, p, residual)
    # Residuals are smaller than the noise by the root of what the fit leaves free.
    noise = residual / np.sqrt(np.maximum(1 - leverage, 1e-9))[:, None]
    count = min(ERRORS, max(FEWEST_ERRORS, 50 * ERRORS // x.shape[1]))
    signs = rng.choice([-1.0, 1.0], size=(count, len(y)))
    return Estimate(
        sums,
        left_out_of(lambda rows: _debiased(*_fit(y[rows], x[rows])[:3]), len(y), GROUPS),
        curl=float(sums.square - sums.turned) / 2,
        curl_null=flipped(curl_form(noise, p), draws, rng),
        drift=y.mean(0) - jacobian @ x.mean(0),
        jacobian=jacobian,
        noise=np.einsum("sk,ki,kj->sij", signs, noise, p, optimize=True),
    )


def split_half(y: Numbers, x: Numbers, p: Numbers, *, draws: int, rng: np.random.Generator) -> Estimate:
    """Of J from products of its estimates from two halves of the trials, whose noise is independent.

    Each half is fitted by least squares where it has more trials than synapses, and otherwise is the mean
    of y p' over its trials. The mean over random halves.
    """
    trials, synapses = y.shape
    enough = trials // 2 > synapses + 1

    def half(rows: Numbers) -> Numbers:
        if enough:
            return _fit(y[rows], x[rows])[0]
        return (y[rows] - y[rows].mean(0)).T @ p[rows] / (len(rows) - 1)

    def sums(rows: Numbers) -> Sums:
        parts = []
        for _ in range(HALVES):
            mixed = rng.permutation(rows)
            first, second = half(mixed[: len(rows) // 2]), half(mixed[len(rows) // 2 :])
            own = np.diag(first) * np.diag(second)
            trace = (np.trace(first) + np.trace(second)) / 2
            parts.append(((first * second).sum(), (first * second.T).sum(), trace, own.sum()))
        return Sums(*np.mean(parts, axis=0))

    found = sums(np.arange(trials))
    if enough:
        jacobian, weights, residual, _ = _fit(y, x)
    else:
        residual, weights, jacobian = y - y.mean(0), p / (trials - 1), None
    return Estimate(
        found,
        left_out_of(sums, trials, HALF_GROUPS),
        curl=float(found.square - found.turned) / 2,
        curl_null=flipped(curl_form(residual, weights), draws, rng),
        drift=y.mean(0),
        jacobian=jacobian,
    )


HALVES, HALF_GROUPS = 20, 10


def _fit(y: Numbers, x: Numbers) -> tuple[Numbers, Numbers, Numbers, Numbers]:
    """Jacobian, the weights p of y in it (J = y'p), residuals, and leverage of each trial."""
    centred_x, centred_y = x - x.mean(0), y - y.mean(0)
    left, upper = np.linalg.qr(centred_x)
    p = linalg.solve_triangular(upper, left.T).T
    jacobian = centred_y.T @ p
    return (
        jacobian,
        p,
        centred_y - centred_x @ jacobian.T,
        1 / len(x) + (centred_x * p).sum(1),
    )


def _debiased(jacobian: Numbers, p: Numbers, residual: Numbers) -> Sums:
    """Sums of a fit, less what noise adds to them."""
    free = len(p) - p.shape[1] - 1
    inverse = p.T @ p
    variance = (residual**2).sum(0) / free
    noise = Sums(
        variance.sum() * np.trace(inverse),
        ((residual @ inverse) * residual).sum() / free,
        np.array(0.0),
        (variance * np.diag(inverse)).sum(),
    )
    return Sums.of(jacobian).less(noise)
