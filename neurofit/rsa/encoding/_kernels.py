"""From held-out predictions to scores, with what noise takes off them and how far they may be off."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import t as student

from .._kernels.patterns import group_means

Rows = Float[np.ndarray, "*more row unit"]
Means = Float[np.ndarray, "*more stimulus unit"]
Targets = Float[np.ndarray, "stimulus unit"]
Folds = Int[np.ndarray, " stimulus"]
Terms = Float[np.ndarray, "8 stimulus unit"]

SCORES = (
    "explained_variance",
    "corrected_explained_variance",
    "correlation",
    "corrected_correlation",
    "ceiling",
)
UNIT_DRAWS = 200


def variance_of_means(rows: Rows, stimulus: Int[np.ndarray, " row"]) -> Means:
    """Noise variance of the mean response to each stimulus: s_i^2 / n_i, from its n_i repeats.

    A stimulus shown once has the mean s^2 of those repeated; NaN where none is.
    """
    repeats = np.bincount(stimulus)
    means = group_means(rows, stimulus, len(repeats))
    between = group_means(np.square(rows - means[..., stimulus, :]), stimulus, len(repeats))
    again = repeats > 1
    if not again.any():
        return np.full_like(means, np.nan)
    variance = between * (repeats / np.maximum(repeats - 1, 1))[:, None]
    variance[..., ~again, :] = variance[..., again, :].mean(axis=-2, keepdims=True)
    return variance / repeats[:, None]


def terms(response: Targets, prediction: Targets, baseline: Targets, noise: Targets, fold: Folds) -> Terms:
    """What each stimulus adds to the sums that scores are made of.

    They are the squared errors of the prediction and of the mean of the training stimuli (``baseline``), and
    the noise in either; with means of each fold taken off, the square of the response and the noise in that;
    and with unit variance in each fold, the product of response and prediction and the square of each.
    """
    size = np.bincount(fold)
    centred = response - group_means(response, fold, len(size))[fold]
    response_score, prediction_score = (_standardised(values, fold) for values in (response, prediction))
    return np.stack(
        [
            np.square(response - prediction),
            np.square(response - baseline),
            noise,
            np.square(centred),
            noise * (1.0 - 1.0 / size[fold])[:, None],
            np.nan_to_num(response_score) * np.nan_to_num(prediction_score),
            # What is flat in a fold has the correlation 0 there, and the fold counts as the others do.
            np.nan_to_num(np.square(response_score), nan=1.0),
            np.nan_to_num(np.square(prediction_score), nan=1.0),
        ]
    )


def _standardised(values: Targets, fold: Folds) -> Targets:
    """Mean 0 and variance 1 in each fold; NaN where it is flat."""
    folds = int(fold.max()) + 1
    centred = values - group_means(values, fold, folds)[fold]
    variance = group_means(np.square(centred), fold, folds)
    flat = np.sqrt(variance) <= 8 * np.finfo(float).eps * np.abs(values).max(axis=0)
    return centred / np.sqrt(np.where(flat, np.nan, variance))[fold]


def scores(parts: Terms) -> Float[np.ndarray, "5 unit"]:
    """The ``SCORES``, NaN where they are not defined.

    With sums over stimuli: explained variance is ``1 - error / total``, the ceiling ``1 - noise / total``,
    and corrected is the one over the other, which is 1 on average for the true mean responses. Correlation is
    the mean over folds, and corrected over the root of the share of variance within folds that is not noise.
    """
    error, total, noise, within, noise_within, product, response, prediction = parts.sum(axis=1)
    explained = 1.0 - _ratio(error, total)
    ceiling = 1.0 - _ratio(noise, total)
    correlation = np.where(total > 0, _ratio(product, np.sqrt(response * prediction)), np.nan)
    reliable = 1.0 - _ratio(noise_within, within)
    root = np.sqrt(np.where(reliable > 0, reliable, np.nan))
    return np.stack([explained, _ratio(explained, ceiling), correlation, correlation / root, ceiling])


def _ratio(a: Float[np.ndarray, " unit"], b: Float[np.ndarray, " unit"]) -> Float[np.ndarray, " unit"]:
    """``a / b``, NaN unless b is positive."""
    return np.divide(a, b, out=np.full_like(a, np.nan), where=b > 0)


def jackknife_variance(without: Float[np.ndarray, " group *shape"]) -> Float[np.ndarray, "*shape"]:
    """Variance of an estimate, from its values without each of g groups: (g - 1) / g sum (e - mean)^2."""
    groups = len(without)
    return (groups - 1) / groups * np.square(without - without.mean(axis=0)).sum(axis=0)


def interval(
    estimate: Float[np.ndarray, "*shape"], variance: Float[np.ndarray, "*shape"], groups: int
) -> Float[np.ndarray, "*shape 2"]:
    """95 % interval by Student's t with ``groups - 1`` degrees of freedom."""
    half = student.ppf(0.975, groups - 1) * np.sqrt(variance)
    return np.stack([estimate - half, estimate + half], axis=-1)


def median(values: Float[np.ndarray, "*shape unit"]) -> Float[np.ndarray, "*shape"]:
    """Median over the units that have a value; NaN where none has."""
    some = np.isfinite(values).any(axis=-1)
    return np.where(some, np.nanmedian(np.where(some[..., None], values, 0.0), axis=-1), np.nan)


def median_variance(values: Float[np.ndarray, " unit"], rng: np.random.Generator) -> float:
    """Bootstrap variance of the median over the units that have a value."""
    known = values[np.isfinite(values)]
    if not known.size:
        return float("nan")
    return float(np.median(rng.choice(known, size=(UNIT_DRAWS, known.size)), axis=1).var())
