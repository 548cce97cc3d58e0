"""Probabilities that mean what they say, of plain arrays."""

from __future__ import annotations

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax

Numbers = np.ndarray
FLOOR = 1e-12
BINS = 10


def log_of(probability: Numbers) -> Numbers:
    """Logarithm of probabilities (sample, rule), none of them 0."""
    return np.log(np.maximum(probability, FLOOR))


def temperature(log_probability: Numbers, codes: Numbers) -> float:
    """The T that gives softmax(log p / T) the lowest Brier score for the rules that samples have.

    The likelihood would be moved far by a single network that is wrong and sure; the Brier score is bounded.
    """
    is_so = np.eye(log_probability.shape[1])[codes]

    def brier(log_t: float) -> float:
        return float(np.square(tempered(log_probability, np.exp(log_t)) - is_so).sum(axis=1).mean())

    return float(np.exp(minimize_scalar(brier, bounds=(-3.0, 5.0), method="bounded").x))


def tempered(log_probability: Numbers, of: float) -> Numbers:
    """Probabilities (sample, rule) at a temperature."""
    return np.exp(log_softmax(log_probability / of, axis=1))


def calibration_error(probability: Numbers, codes: Numbers) -> float:
    """Mean distance between how sure answers are and how often they are right, over bins of equal count."""
    sure, right = probability.max(axis=1), probability.argmax(axis=1) == codes
    bins = np.array_split(np.argsort(sure, kind="stable"), min(BINS, len(sure)))
    return float(sum(len(one) * abs(sure[one].mean() - right[one].mean()) for one in bins) / len(sure))
