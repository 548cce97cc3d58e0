r"""The constant metric in which a linear field is nearest to a gradient, and nearest to the usual one.

In coordinates T w the Jacobian is T J T^-1. The difference of the squares of its symmetric and antisymmetric
parts is tr J^2 in all of them, so the least \|T J T^-1\| has the least antisymmetric part as well.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from ...registry import Registry

Numbers = np.ndarray
ROUNDING = 100 * np.finfo(float).eps
SAME = 1e-7  # of the largest eigenvalue, between eigenvalues that are taken as one
PARALLEL = 1e-5  # between eigenvectors of one eigenvalue that are taken as one
STEEPEST = 1e12  # condition number of a metric, beyond which eigenvectors are taken as one
SHARE = 1e-12
SETTLED = 1e-9  # change of a logarithm, from one step of the search to the next
STEPS = 60


class Found(NamedTuple):
    """A metric (synapse, synapse), T with T'T = metric, and why no metric does (empty if this one does)."""

    metric: Numbers
    root: Numbers
    against: str


Search = Callable[[Numbers, Numbers], Found]
metric_kinds: Registry[Search] = Registry("kind of metric")


def antisymmetric_share(jacobian: Numbers) -> float:
    r"""\|A\|^2 / \|J\|^2 of J = S + A."""
    turning = (jacobian - jacobian.T) / 2
    return float((turning**2).sum() / (jacobian**2).sum())


def seen_from(jacobian: Numbers, root: Numbers) -> Numbers:
    """T J T^-1."""
    return np.linalg.solve(root.T, (root @ jacobian).T).T


@metric_kinds.register("full")
def full(jacobian: Numbers, variance: Numbers) -> Found:
    """Any positive definite matrix: exists where the spectrum is real and eigenvectors span the space.

    G is the sum over distinct eigenvalues of the orthogonal projectors on left eigenspaces; of all metrics
    that make J normal (symmetric, if its spectrum is real) it has the least tr G - log det G.
    """
    values, left = np.linalg.eig(jacobian.T)
    metric = np.zeros_like(jacobian)
    for group in _alike(values, SAME * np.abs(values).max()):
        basis, sizes, _ = np.linalg.svd(left[:, group], full_matrices=False)
        span = basis[:, sizes > PARALLEL * sizes[0]]
        metric += (span @ span.conj().T).real
    size, axes = np.linalg.eigh((metric + metric.T) / 2)
    kept = np.maximum(size, size.max() / STEEPEST)
    metric, root = (axes * kept) @ axes.T, (axes * np.sqrt(kept)) @ axes.T
    if turned := _complex(jacobian, values, left):
        return Found(metric, root, f"{turned} of {len(values)} eigenvalues are complex")
    if size.min() <= size.max() / STEEPEST:
        return Found(metric, root, "eigenvectors do not span the space (defective)")
    return Found(metric, root, "")


def _alike(values: Numbers, apart: float) -> list[Numbers]:
    """Groups of eigenvalues that are the same but for rounding."""
    order = np.lexsort([values.imag, values.real])
    breaks = np.flatnonzero(abs(np.diff(values[order])) > apart) + 1
    return np.split(order, breaks)


def _complex(jacobian: Numbers, values: Numbers, left: Numbers) -> int:
    """Number of eigenvalues that are complex beyond what rounding does to them."""
    if not values.imag.any():
        return 0
    inverse = np.linalg.pinv(left)
    sensitivity = np.linalg.norm(inverse, axis=1) * np.linalg.norm(left, axis=0)
    return int((abs(values.imag) > ROUNDING * sensitivity * np.linalg.norm(jacobian, 2)).sum())


@metric_kinds.register("diagonal")
def diagonal(jacobian: Numbers, variance: Numbers) -> Found:
    r"""A learning rate for each synapse: exists where products along every loop are the same both ways.

    With x the logarithm of the metric, \|T J T^-1\|^2 = sum of J_ij^2 exp(x_i - x_j) is convex: a balanced
    matrix, with rows as long as columns, has the least. Newton's steps, with a penalty of 1e-9 on x. The
    variance of noise is taken off the squares: it would make rates look more alike than they are.
    """
    off = 1 - np.eye(len(jacobian))
    x = _balanced((jacobian**2 - variance) * off)
    if not np.isfinite(x).all():
        x = np.nan_to_num(_balanced(jacobian**2 * off))
    root = np.diag(np.exp(x / 2))
    return Found(np.diag(np.exp(x)), root, _unbalanced(jacobian, seen_from(jacobian, root)))


def _balanced(squares: Numbers) -> Numbers:
    """Logarithms, of mean 0, that balance; NaN if they do not settle, as where noise exceeds the signal."""
    if squares.sum() <= 0:
        return np.zeros(len(squares)) if not squares.any() else np.full(len(squares), np.nan)
    squares = squares / squares.sum()
    x, penalty = np.zeros(len(squares)), 1e-9 / len(squares)
    for _ in range(STEPS):
        flows = np.exp(x)[:, None] * squares * np.exp(-x)
        out, back = flows.sum(axis=1), flows.sum(axis=0)
        curvature = np.diag(out + back + penalty) - flows - flows.T
        step = -np.linalg.solve(curvature, out - back + penalty * x)
        x = x + step / max(1.0, abs(step).max())
        if abs(step).max() < SETTLED:
            return x - x.mean()
        if np.ptp(x) > np.log(STEEPEST):
            break
    return np.full(len(squares), np.nan)


def _unbalanced(jacobian: Numbers, balanced: Numbers) -> str:
    """Why no rates do, by the pair of synapses that differs most under the best of them."""
    if antisymmetric_share(balanced) <= SHARE:
        return ""
    one, other = (int(at) for at in np.unravel_index(np.argmax(abs(balanced - balanced.T)), balanced.shape))
    forth, back = jacobian[one, other], jacobian[other, one]
    if forth * back < 0:
        return f"synapses {one} and {other} act on each other with opposite signs"
    if forth == 0 or back == 0:
        return f"of synapses {one} and {other} only one acts on the other"
    return f"loops through synapses {one} and {other} have other products one way than the other"
