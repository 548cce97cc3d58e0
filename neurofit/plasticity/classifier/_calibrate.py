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
    """The T that makes softmax(log p / T) likeliest for the rules that samples have."""

    def loss(log_t: float) -> float:
        scaled = log_softmax(log_probability / np.exp(log_t), axis=1)
        return -float(np.take_along_axis(scaled, codes[:, None], axis=1).mean())

    found = minimize_scalar(loss, bounds=(-3.0, 5.0), method="bounded")
    return float(np.exp(found.x))


def tempered(log_probability: Numbers, of: float) -> Numbers:
    """Probabilities (sample, rule) at a temperature."""
    return np.exp(log_softmax(log_probability / of, axis=1))


def calibration_error(probability: Numbers, codes: Numbers) -> float:
    """Mean distance between how sure answers are and how often they are right, over bins of equal count."""
    sure, right = probability.max(axis=1), probability.argmax(axis=1) == codes
    bins = np.array_split(np.argsort(sure, kind="stable"), min(BINS, len(sure)))
    return float(sum(len(one) * abs(sure[one].mean() - right[one].mean()) for one in bins) / len(sure))
