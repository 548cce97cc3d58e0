"""Noise covariance of units, from trials that repeat a stimulus."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from sklearn.covariance import ledoit_wolf_shrinkage

from .patterns import group_means

Residuals = Float[np.ndarray, "sample unit"]
Covariance = Float[np.ndarray, "unit unit"]


def scaled_residuals(
    trials: Float[np.ndarray, "*more trial unit"], stimulus: Int[np.ndarray, " trial"]
) -> Float[np.ndarray, "*more trial unit"]:
    """What is left of each trial without its stimulus' mean, times sqrt(n / (n - 1)) for n repeats.

    So scaled, the covariance of each residual is that of the noise. Each stimulus needs two trials or more.
    """
    repeats = np.bincount(stimulus)
    means = group_means(trials, stimulus, len(repeats))
    scale = np.sqrt(repeats / (repeats - 1))[stimulus]
    return (trials - means[..., stimulus, :]) * scale[:, None]


def ledoit_wolf(residuals: Residuals, degrees_of_freedom: int) -> Covariance:
    """Sample covariance shrunk towards equal variances: (1 - l) S + l trace(S)/n I (Ledoit & Wolf 2004).

    The shrinkage intensity l is scaled up by samples / degrees of freedom, for the residuals of a stimulus
    depend on each other: two repeats give two opposite residuals, which are one sample.
    """
    samples, units = residuals.shape
    sample_covariance = residuals.T @ residuals / samples
    assuming_independence = float(ledoit_wolf_shrinkage(residuals, assume_centered=True))
    intensity = min(1.0, assuming_independence * samples / degrees_of_freedom)
    target = np.trace(sample_covariance) / units * np.eye(units)
    return (1.0 - intensity) * sample_covariance + intensity * target


def diagonal(residuals: Residuals, degrees_of_freedom: int) -> Covariance:
    """Variances alone, shrunk towards their mean as ``ledoit_wolf`` shrinks them; no covariances.

    Where noise that units share lies along what tells stimuli apart, as a common gain does, whitening takes
    the signal away with it. Variances alone leave the geometry as it is, up to the scale of each unit.
    """
    return np.diag(np.diag(ledoit_wolf(residuals, degrees_of_freedom)))


def schaefer_strimmer(residuals: Residuals, degrees_of_freedom: int) -> Covariance:
    """Sample covariance shrunk towards its own variances: covariances times 1 - l (Schaefer & Strimmer 2005).

    With residuals z of unit variance and r_ij = mean(z_i z_j) over samples, the intensity is

        l = sum_ij var(r_ij) / sum_ij r_ij^2,   var(r_ij) = (mean(z_i^2 z_j^2) - r_ij^2) / degrees of freedom,

    over i != j. A unit that varies more than others is not pulled towards them, nor is one that never varies.
    """
    samples, units = residuals.shape
    covariance = full(residuals, degrees_of_freedom)
    deviation = np.sqrt(np.diag(covariance))
    standard = residuals / np.where(deviation > 0, deviation, 1.0)
    apart = ~np.eye(units, dtype=bool)
    squares = (standard.T @ standard / samples)[apart] ** 2
    squared = np.square(standard, out=standard)
    fourth = (squared.T @ squared / samples)[apart]
    uncertain = float(np.sum(fourth - squares)) / degrees_of_freedom
    intensity = min(1.0, uncertain / float(squares.sum())) if squares.any() else 1.0
    return np.where(apart, (1.0 - intensity) * covariance, covariance)


def full(residuals: Residuals, degrees_of_freedom: int) -> Covariance:
    """Sample covariance as it is; it can be inverted only with more degrees of freedom than units."""
    return residuals.T @ residuals / len(residuals)
