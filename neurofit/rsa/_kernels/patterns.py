"""From trials to patterns."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.linalg.blas import dtrmm
from scipy.sparse import csr_array

Rows = Float[np.ndarray, "*more row unit"]
Groups = Int[np.ndarray, " row"]
Weights = Int[np.ndarray, " row"]
Patterns = Float[np.ndarray, "*more stimulus unit"]

ROUNDING = 64 * np.finfo(float).eps


def group_means(
    rows: Rows, group: Groups, groups: int, weights: Weights | None = None
) -> Float[np.ndarray, "*more group unit"]:
    """Mean of the rows in each of ``groups`` groups, zero for a group without rows.

    With ``weights`` each row counts that often. Where each row is a group of its own, in order, the rows
    themselves come back.
    """
    if np.array_equal(group, np.arange(groups)):
        return rows
    counts = np.bincount(group, weights, minlength=groups)
    ones = np.ones(len(group)) if weights is None else weights.astype(float)
    member = csr_array((ones, (group, np.arange(len(group)))), shape=(groups, len(group)))
    means = np.empty((*rows.shape[:-2], groups, rows.shape[-1]))
    for index in np.ndindex(rows.shape[:-2]):
        means[index] = member @ rows[index]
    means /= np.maximum(counts, 1)[:, None]
    return means


def whitened(
    patterns: Float[np.ndarray, "*more unit"], root: Float[np.ndarray, "unit unit"], *, in_place: bool = False
) -> Float[np.ndarray, "*more unit"]:
    """Patterns times L of a precision L L', lower triangular as Cholesky gives it."""
    # Products with the zeros of L are half of all, and one large product is faster than many small ones.
    rows = np.ascontiguousarray(patterns).reshape(-1, patterns.shape[-1])
    return dtrmm(1.0, root.T, rows.T, lower=0, overwrite_b=in_place).T.reshape(patterns.shape)


def repeat_number(group: Groups) -> Groups:
    """How many earlier rows are in the same group: 0 for the first of each."""
    counts = np.bincount(group)
    number = np.empty_like(group)
    number[np.argsort(group, kind="stable")] = np.arange(len(group)) - np.repeat(
        np.cumsum(counts) - counts, counts
    )
    return number


def is_flat(patterns: Patterns) -> Bool[np.ndarray, "*more stimulus"]:
    """Whether a pattern is the same in all units, up to rounding."""
    highest: Float[np.ndarray, "*more stimulus"] = patterns.max(axis=-1)
    lowest: Float[np.ndarray, "*more stimulus"] = patterns.min(axis=-1)
    return highest - lowest <= ROUNDING * np.maximum(highest, -lowest)


def is_zero(patterns: Patterns) -> Bool[np.ndarray, "*more stimulus"]:
    """Whether a pattern is zero in all units."""
    empty: Bool[np.ndarray, "*more stimulus"] = np.all(patterns == 0, axis=-1)
    return empty
