"""Distances between Poisson distributions of spike counts.

The Kullback-Leibler divergence of rate l_i from l_j is l_i log(l_i / l_j) + l_j - l_i; both ways together it
is (l_i - l_j)(log l_i - log l_j), which is made of products of rates with logarithms of rates.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

from .distances import crossvalidated, mutual, pair_distances

Counts = Float[np.ndarray, "*shape"]
Rates = Float[np.ndarray, "*more stimulus unit"]
FoldRates = Float[np.ndarray, "*more stimulus fold unit"]
Present = Bool[np.ndarray, "stimulus fold"]
Times = Int[np.ndarray, "stimulus fold"]
Distances = Float[np.ndarray, "*more pair"]


def with_prior(counts: Counts, rate: float, weight: float) -> Counts:
    """(x + weight rate) / (1 + weight): the mean rate if ``weight`` observations of ``rate`` came on top.

    It is the posterior mean under a gamma prior, and above zero where nothing was counted.
    """
    return (counts + weight * rate) / (1.0 + weight)


def symmetrised_divergence(rates: Rates) -> Distances:
    """Mean over units of (l_i - l_j)(log l_i - log l_j)."""
    logs = np.log(rates)
    # Only differences count; centred, they lose no digits.
    rates, logs = (values - values.mean(axis=-2, keepdims=True) for values in (rates, logs))
    lengths: Float[np.ndarray, "*more stimulus"] = np.einsum("...u,...u->...", rates, logs)
    return np.maximum(pair_distances(mutual(rates, logs), lengths, rates.shape[-1]), 0.0)


def crossvalidated_divergence(rates: FoldRates, present: Present, trials: Times) -> Distances:
    """Mean over units and pairs of different folds (f, g) of (l_if - l_jf)(log l_ig - log l_jg).

    Where cells are missing, each of its four products is the mean over those pairs of folds that have it, of
    rates and logarithms less their means over ``trials``.
    """
    rates, logs = (_less_mean(values, present, trials) for values in (rates, np.log(rates)))
    return pair_distances(*crossvalidated(rates, logs, present), rates.shape[-1])


def _less_mean(values: FoldRates, present: Present, trials: Times) -> FoldRates:
    mean = np.einsum("sf,...sfu->...u", trials / trials.sum(), values)
    return np.where(present[..., None], values - mean[..., None, None, :], 0.0)
