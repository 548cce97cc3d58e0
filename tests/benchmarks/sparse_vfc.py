"""SparseVFC, written anew from its paper, and tuned by held-out error: what our regression is set beside.

Ma, Zhao, Tian, Bai & Tu 2013, Pattern Recognition 46:3519, doi:10.1016/j.patcog.2013.05.017. The field is a
sum of Gaussians exp(-beta |w - c|^2) around some samples c, with vector coefficients and no trend.
Expectation and maximisation take turns: how likely each sample is one of the field rather than an outlier,
and a weighted ridge regression, whose penalty is lambda times the variance of the noise.
"""

from dataclasses import dataclass

import numpy as np
from scipy.linalg import cho_factor, cho_solve

OUTLIER = 5.0  # volume of changes, in units of their standard deviation, over which outliers spread
ROUNDS = 100
GRID = {"beta": np.geomspace(0.02, 20.0, 10), "penalty": np.geomspace(1e-3, 10.0, 5), "centres": (100, 500)}


@dataclass(frozen=True)
class VectorField:
    """Coefficients (centre, synapse) around centres, of changes from their mean; beta in units of w."""

    centres: np.ndarray
    coefficients: np.ndarray
    beta: float
    mean: np.ndarray

    def __call__(self, w):
        """The field at points."""
        return self.kernel(w) @ self.coefficients + self.mean

    def kernel(self, w):
        """Gaussians (point, centre)."""
        square = (
            np.square(w).sum(axis=1)[:, None] + np.square(self.centres).sum(axis=1) - 2 * w @ self.centres.T
        )
        return np.exp(-self.beta * np.maximum(square, 0))

    def jacobian(self, w):
        """Its derivatives (point, synapse, synapse)."""
        weighted = self.kernel(w)[..., None] * (w[:, None, :] - self.centres)
        return -2 * self.beta * (self.coefficients.T @ weighted)


def sparse_vfc(w, dw, *, beta, penalty=3.0, centres=100, inliers=0.9, rng=None):
    """The field; beta is in units of the root mean square weight, as the paper has it."""
    mean, scale = dw.mean(axis=0), np.sqrt(np.square(w - w.mean(axis=0)).mean())
    beta = beta / scale**2
    chosen = w[np.random.default_rng(rng).permutation(len(w))[:centres]]
    changes = (dw - mean) / dw.std()
    found = VectorField(chosen, np.zeros((len(chosen), w.shape[1])), beta, mean)
    kernel, prior = found.kernel(w), found.kernel(chosen)
    prior = prior + 1e-8 * np.eye(len(chosen))
    left, variance, before = changes, np.square(changes).mean(), np.inf
    for _ in range(ROUNDS):
        square = np.square(left).sum(axis=1)
        likely = np.exp(-square / (2 * variance)) * inliers
        other = (2 * np.pi * variance) ** (w.shape[1] / 2) * (1 - inliers) / OUTLIER ** w.shape[1]
        member = np.maximum(likely / (likely + other), 1e-5)
        inner = kernel.T @ (member[:, None] * kernel) + penalty * variance * prior
        coefficients = cho_solve(cho_factor(inner), kernel.T @ (member[:, None] * changes))
        left = changes - kernel @ coefficients
        variance = max((member * np.square(left).sum(axis=1)).sum() / (member.sum() * w.shape[1]), 1e-10)
        inliers = float(np.clip(member.mean(), 0.05, 0.95))
        if abs(before - variance) <= 1e-4 * variance:
            break
        before = variance
    return VectorField(chosen, coefficients * dw.std(), beta, mean)


def tuned(w, dw, *, fit=sparse_vfc, rng=0):
    """The field with the beta, penalty and centres of least error on a fifth of the samples, held out."""
    test = np.arange(len(w)) % 5 == 0

    def error(beta, penalty, centres):
        try:
            found = fit(w[~test], dw[~test], beta=beta, penalty=penalty, centres=centres, rng=rng)
        except np.linalg.LinAlgError:
            return np.inf
        return np.square(found(w[test]) - dw[test]).sum()

    # One after the other, twice, from the paper's own penalty.
    best = {"beta": 0.1, "penalty": 3.0, "centres": 100}
    for name in ("beta", "penalty", "centres", "beta", "penalty"):
        best[name] = min(GRID[name], key=lambda value, name=name: error(**(best | {name: value})))
    around = best["beta"] * np.geomspace(0.6, 1.7, 7)
    best["beta"] = min(around, key=lambda value: error(**(best | {"beta": value})))
    return fit(w, dw, **best, rng=rng)
