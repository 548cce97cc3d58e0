"""From trials to patterns, and from patterns to the distance of each pair of stimuli.

Pairs i < j stand in squareform order: (0, 1), (0, 2), ..., (1, 2), ...
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int

Rows = Float[np.ndarray, "*more row unit"]
Groups = Int[np.ndarray, " row"]
Patterns = Float[np.ndarray, "*more stimulus unit"]
FoldMeans = Float[np.ndarray, "*more fold stimulus unit"]
Present = Bool[np.ndarray, "fold stimulus"]
Precision = Float[np.ndarray, "unit unit"]
Products = Float[np.ndarray, "*more stimulus stimulus"]
Distances = Float[np.ndarray, "*more pair"]


def group_means(rows: Rows, group: Groups, groups: int) -> Float[np.ndarray, "*more group unit"]:
    """Mean of the rows in each of ``groups`` groups; zero for a group without rows."""
    counts = np.bincount(group, minlength=groups)
    filled = counts > 0
    starts = (np.cumsum(counts) - counts)[filled]
    together = rows[..., np.argsort(group, kind="stable"), :]
    means = np.zeros((*rows.shape[:-2], groups, rows.shape[-1]))
    means[..., filled, :] = np.add.reduceat(together, starts, axis=-2) / counts[filled, None]
    return means


def repeat_number(group: Groups) -> Groups:
    """How many earlier rows are in the same group: 0 for the first of each."""
    counts = np.bincount(group)
    number = np.empty_like(group)
    number[np.argsort(group, kind="stable")] = np.arange(len(group)) - np.repeat(
        np.cumsum(counts) - counts, counts
    )
    return number


def squared_euclidean(patterns: Patterns) -> Distances:
    """Mean over units of (x_i - x_j)^2."""
    # Centred, the products hold no common offset, and their differences lose no digits.
    centred = patterns - patterns.mean(axis=-2, keepdims=True)
    return np.maximum(pair_distances(centred @ centred.mT) / patterns.shape[-1], 0.0)


def correlation(patterns: Patterns) -> Distances:
    """1 - r, with r the Pearson correlation of x_i and x_j over units; NaN where a pattern is flat."""
    centred = patterns - patterns.mean(axis=-1, keepdims=True)
    length = np.linalg.norm(centred, axis=-1, keepdims=True)
    directions = centred / np.where(is_flat(patterns)[..., None], np.nan, length)
    first, second = np.triu_indices(patterns.shape[-2], 1)
    return np.clip(1.0 - (directions @ directions.mT)[..., first, second], 0.0, 2.0)


def is_flat(patterns: Patterns) -> Bool[np.ndarray, "*more stimulus"]:
    """Whether a pattern is the same in all units, up to rounding."""
    largest: Float[np.ndarray, "*more stimulus"] = np.abs(patterns).max(axis=-1)
    return np.ptp(patterns, axis=-1) <= 64 * np.finfo(float).eps * largest


def crossvalidated_products(means: FoldMeans, present: Present, precision: Precision) -> Products:
    """Mean over pairs of different folds (f, g) of x_if' P x_jg, where both are present.

    With S = sum_f M_f and N = sum_f p_f it is (S P S' - sum_f M_f P M_f') / (N N' - sum_f p_f p_f'), entry by
    entry. An absent mean has to be zero.
    """
    within = means.swapaxes(-3, -2).reshape(*means.shape[:-3], means.shape[-2], -1)
    weighted = (means @ precision).swapaxes(-3, -2).reshape(within.shape)
    total = means.sum(axis=-3)
    # Two stimuli, each in two folds or more, always have a pair of different folds: no count is zero.
    appear = present.astype(float)
    pairs_of_folds = np.outer(appear.sum(axis=0), appear.sum(axis=0)) - appear.T @ appear
    return (total @ precision @ total.mT - within @ weighted.mT) / pairs_of_folds


def crossvalidated_lengths(
    means: FoldMeans, present: Present, precision: Precision
) -> Float[np.ndarray, "*more stimulus"]:
    """Diagonal of ``crossvalidated_products``: the squared length of each pattern, free of noise."""
    total = means.sum(axis=-3)
    every = np.sum((total @ precision) * total, axis=-1)
    same = np.sum((means @ precision) * means, axis=(-3, -1))
    folds = present.sum(axis=0)
    return (every - same) / (folds * (folds - 1))


def pair_distances(products: Products) -> Distances:
    """G_ii + G_jj - G_ij - G_ji of a matrix G of products."""
    lengths = np.diagonal(products, axis1=-2, axis2=-1)
    first, second = np.triu_indices(products.shape[-1], 1)
    crossed = products[..., first, second] + products[..., second, first]
    return lengths[..., first] + lengths[..., second] - crossed
