"""From patterns to the distance of each pair of stimuli, all as G_ii + G_jj - G_ij - G_ji of some products G.

Pairs i < j stand in squareform order: (0, 1), (0, 2), ..., (1, 2), ... Products are made for a block of
stimuli at a time and only against later ones: beside the distances it takes no more than ``WORKSPACE``.
"""

from __future__ import annotations

from collections.abc import Callable
from math import prod

import numpy as np
from jaxtyping import Bool, Float

from .patterns import is_flat, is_zero

Patterns = Float[np.ndarray, "*more stimulus unit"]
Across = Float[np.ndarray, "*#more stimulus unit"]  # of two that go together, each along its own dims
FoldPatterns = Float[np.ndarray, "*#more stimulus fold unit"]
Present = Bool[np.ndarray, "stimulus fold"]
Lengths = Float[np.ndarray, "*more stimulus"]
Precision = Float[np.ndarray, "unit unit"]
Distances = Float[np.ndarray, "*more pair"]
Block = Float[np.ndarray, "*#more row column"]
# Writes (G_ij + G_ji) / 2 for some rows i and the columns j from the first of them on.
Products = Callable[[slice, Block], None]

WORKSPACE = 2**26  # bytes: larger blocks than 64 MiB are not faster
ROWS = 64  # of products at once, or more where they take no more than
IN_CACHE = 3 * 2**17  # bytes: what is larger leaves the cache, and memory for it is slow to come


def pair_distances(products: Products, lengths: Lengths, divisor: int) -> Distances:
    """(G_ii + G_jj - G_ij - G_ji) / divisor, with ``lengths`` the diagonal of G."""
    stimuli, half = lengths.shape[-1], lengths / 2
    result = np.empty((*lengths.shape[:-1], stimuli * (stimuli - 1) // 2))
    # A block is held three times over at most: the products of all folds, and of the same fold both ways.
    row = 8 * stimuli * max(1, prod(lengths.shape[:-1]))
    height = min(max(ROWS, IN_CACHE // row), stimuli, max(1, WORKSPACE // (3 * row)))
    # One block of memory for all: what is given back to the system each time is slow to come again.
    held = np.empty((*lengths.shape[:-1], height * stimuli))
    done = 0
    for first in range(0, stimuli, height):
        rows = slice(first, min(first + height, stimuli))
        size = rows.stop - first, stimuli - first
        block = held[..., : prod(size)].reshape(*lengths.shape[:-1], *size)
        products(rows, block)
        np.subtract(half[..., None, first:], block, out=block)
        block += half[..., rows, None]
        later = np.arange(size[0])[:, None] < np.arange(size[1])
        pairs = slice(done, done + int(np.count_nonzero(later)))
        for entry in np.ndindex(lengths.shape[:-1]):
            result[(*entry, pairs)] = block[entry][later]
        done = pairs.stop
    result *= 2 / divisor
    return result


def squared_euclidean(patterns: Patterns) -> Distances:
    """Mean over units of (x_i - x_j)^2."""
    # Centred, the products hold no common offset, and their differences lose no digits.
    centred = patterns - patterns.mean(axis=-2, keepdims=True)
    lengths: Lengths = np.einsum("...u,...u->...", centred, centred)
    distances = pair_distances(mutual(centred, centred), lengths, patterns.shape[-1])
    return np.maximum(distances, 0.0, out=distances)


def correlation(patterns: Patterns) -> Distances:
    """1 - r, with r the Pearson correlation of x_i and x_j over units; NaN where a pattern is flat."""
    centred = patterns - patterns.mean(axis=-1, keepdims=True)
    return _angular(centred, undefined=is_flat(patterns), out=centred)


def cosine(patterns: Patterns) -> Distances:
    """1 - x_i . x_j / (|x_i| |x_j|); NaN where a pattern is zero."""
    return _angular(patterns, undefined=is_zero(patterns))


def crossvalidated(
    x: FoldPatterns, y: FoldPatterns, present: Present
) -> tuple[Products, Float[np.ndarray, "*#more stimulus"]]:
    """Products G and lengths from different folds alone: G_ij is the mean of x_if . y_jg over f != g.

    With X_f the patterns of fold f, p_f whether a stimulus is present in it, X = sum_f X_f and N = sum_f p_f:
    G = (X Y' - sum_f X_f Y_f') / (N N' - sum_f p_f p_f'), entry by entry. An absent pattern has to be zero.
    """
    total_x = _total(x)
    total_y = total_x if y is x else _total(y)
    x_parts = total_x, _in_a_row(x)
    y_parts = x_parts if y is x else (total_y, _in_a_row(y))
    every_fold, same_fold = (mutual(*part) for part in zip(x_parts, y_parts, strict=True))
    appear = present.astype(float)
    folds = appear.sum(axis=-1)

    def products(rows: slice, out: Block) -> None:
        every_fold(rows, out)
        same = np.empty_like(out)
        same_fold(rows, same)
        out -= same
        # Two stimuli, each in two folds or more, always have a pair of different folds: no count is zero.
        columns = slice(rows.start, None)
        out /= np.outer(folds[rows], folds[columns]) - appear[rows] @ appear[columns].T

    return products, _lengths(x, y, present, (total_x, total_y))


def crossvalidated_lengths(
    x: FoldPatterns, y: FoldPatterns, present: Present
) -> Float[np.ndarray, "*#more stimulus"]:
    """Diagonal of those products: for y = x the squared length of each pattern, free of noise."""
    return _lengths(x, y, present, (_total(x), _total(y)))


def _lengths(
    x: FoldPatterns, y: FoldPatterns, present: Present, totals: tuple[Across, Across]
) -> Float[np.ndarray, "*#more stimulus"]:
    folds = present.sum(axis=-1)
    every: Lengths = np.einsum("...u,...u->...", *totals)
    return (every - np.einsum("...u,...u->...", _in_a_row(x), _in_a_row(y))) / (folds * (folds - 1))


def mutual(x: Across, y: Across) -> Products:
    """(x_i . y_j + y_i . x_j) / 2."""

    def products(rows: slice, out: Block) -> None:
        height, later = rows.stop - rows.start, slice(rows.stop, None)
        # Among the rows themselves one product is the other's transpose, and half the work where y is x.
        among, with_later = out[..., :height], out[..., height:]
        np.matmul(x[..., rows, :], y[..., rows, :].mT, out=among)
        np.matmul(x[..., rows, :], y[..., later, :].mT, out=with_later)
        if y is not x:
            among += among.mT.copy()
            with_later += y[..., rows, :] @ x[..., later, :].mT
            out /= 2

    return products


def _total(x: FoldPatterns) -> Float[np.ndarray, "*#more stimulus unit"]:
    """Sum over folds."""
    return x.sum(axis=-2)


def _in_a_row(x: FoldPatterns) -> Float[np.ndarray, "*#more stimulus unit_in_fold"]:
    return x.reshape(*x.shape[:-2], -1)


def _angular(
    patterns: Patterns, *, undefined: Bool[np.ndarray, "*more stimulus"], out: Patterns | None = None
) -> Distances:
    length = np.sqrt(np.einsum("...u,...u->...", patterns, patterns))
    # Directions are half as far apart, squared, as 1 less their cosine.
    directions = np.divide(patterns, np.where(undefined, np.nan, length)[..., None], out=out)
    distances = pair_distances(mutual(directions, directions), np.ones_like(length), 2)
    return np.clip(distances, 0.0, 2.0, out=distances)
