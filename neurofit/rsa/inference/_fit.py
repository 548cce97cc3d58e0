"""The mixture of RDMs that is most similar to subjects, from inner products alone."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.optimize import nnls

from .._kernels.sums import over_draws

Products = Float[np.ndarray, "part part"]
Target = Float[np.ndarray, " part"]


class Moments(NamedTuple):
    """Inner products over the pairs of each draw; ``complete`` where no pair is missing."""

    gram: Float[np.ndarray, "draw part part"]
    products: Float[np.ndarray, "draw part subject"]
    lengths: Float[np.ndarray, "draw subject"]
    complete: bool


def moments(
    parts: Float[np.ndarray, "part pair"],
    data: Float[np.ndarray, "subject pair"],
    times: Float[np.ndarray, "draw stimulus"],
    *,
    centred: bool,
) -> Moments:
    """Inner products of parts, and of parts with subjects, over the pairs that all of them have."""
    rows = np.concatenate([parts, data])
    here = np.isfinite(rows).all(axis=0)
    count, every = len(parts), len(rows)
    # Centred beforehand, the sums lose no digits to a common offset.
    known = np.where(here, rows, 0.0)
    known -= here * (known.sum(axis=1, keepdims=True) / max(1, here.sum()) if centred else 0.0)
    part, row = np.indices((count, every)).reshape(2, -1)
    data_rows, all_rows, constant = np.arange(count, every), np.arange(every), np.array([every])
    one = np.concatenate([part, data_rows, all_rows, constant])
    other = np.concatenate([row, data_rows, np.repeat(constant, every), constant])
    sums = over_draws(times)(np.concatenate([known, here[None]]), one, other)
    total, squares, sums, size = np.split(sums, np.cumsum([part.size, len(data), every]), axis=1)
    total = total.reshape(-1, count, every)
    if centred:
        size = np.maximum(size, 1e-300)
        total -= sums[:, :count, None] * sums[:, None, :] / size[..., None]
        squares -= sums[:, count:] ** 2 / size
    lengths = np.sqrt(np.where(squares > 0, squares, np.nan))
    return Moments(total[..., :count], total[..., count:], lengths, bool(here.all()))


def best_mixture(gram: Products, target: Target) -> Target:
    """Weights b >= 0 of the highest cosine, target' b / sqrt(b' gram b); NaN where there is none.

    With gram = A'A the cosine is highest where |A b - A'^-1 target|^2 is least: non-negative least squares
    (Lawson & Hanson). Where no mixture has a positive cosine, it is the part with the highest one.
    """
    scale = np.sqrt(np.diagonal(gram))
    if not (np.isfinite(target).all() and (scale > 0).all()):
        return np.full_like(target, np.nan)
    values, axes = np.linalg.eigh(gram / np.outer(scale, scale))
    root = np.sqrt(np.maximum(values, 1e-10 * values[-1]))
    weights = nnls(root[:, None] * axes.T, (axes.T @ (target / scale)) / root)[0]
    if not weights.any():
        weights = (np.arange(len(target)) == np.argmax(target / scale)).astype(np.float64)
    return weights / scale


def best_interpolation(gram: Products, target: Target) -> Target:
    """Weights of two adjacent parts, the mixture of highest cosine of all such; NaN where there is none."""
    tried = []
    for first in range(max(1, len(target) - 1)):
        part = np.arange(first, min(first + 2, len(target)))
        weights = np.zeros_like(target)
        weights[part] = best_mixture(gram[np.ix_(part, part)], target[part])
        tried.append(weights)
    if not np.isfinite(tried).all():
        return np.full_like(target, np.nan)
    cosines = [weights @ target / np.sqrt(weights @ gram @ weights) for weights in tried]
    return np.asarray(tried[int(np.argmax(cosines))])
