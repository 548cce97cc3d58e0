"""Two sets of patterns of the same stimuli: products of their geometries, shared directions, best rotations.

Patterns are centred: the mean over stimuli of each unit is zero.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

Patterns = Float[np.ndarray, "stimulus unit"]
PatternsB = Float[np.ndarray, "stimulus unit_b"]
Directions = Float[np.ndarray, "stimulus component"]
DirectionsB = Float[np.ndarray, "stimulus component_b"]


def centred(patterns: Patterns) -> Patterns:
    """Patterns without the mean of each unit."""
    return patterns - patterns.mean(axis=0)


def compact(patterns: Patterns) -> Directions:
    """Patterns turned into at most as many dimensions as there are stimuli, so that many units cost little.

    Products between stimuli, X X' = U L U', are those of U L^1/2. Dimensions within rounding of zero are left
    out. (A QR decomposition would keep them to more digits, and takes twenty times as long.)
    """
    stimuli, units = patterns.shape
    if units <= stimuli:
        return patterns
    lengths, axes = np.linalg.eigh(patterns @ patterns.T)
    there = lengths > np.finfo(float).eps * units * lengths[-1]
    return axes[:, there] * np.sqrt(lengths[there])


def product(a: Patterns, b: PatternsB) -> float:
    """tr(K L) for K = A A' and L = B B', which is ``|A' B|^2``: no matrix of stimuli by stimuli is made."""
    return float(np.sum((a.T @ b) ** 2))


def debiased_product(a: Patterns, b: PatternsB) -> float:
    """Unbiased HSIC of n stimuli (Song et al. 2012, equation 5) times n (n - 3), for centred patterns.

    With K and L free of their diagonals it is tr(K L) + 1'K1 1'L1 / ((n-1)(n-2)) - 2 / (n-2) 1'K L 1. Rows of
    A A' sum to zero; without the diagonal a they sum to -a, which leaves
    ``|A' B|^2 - n / (n-2) a'b + sum(a) sum(b) / ((n-1)(n-2))``.
    """
    n = len(a)
    own_a, own_b = (np.sum(patterns**2, axis=1) for patterns in (a, b))
    diagonal = n / (n - 2) * (own_a @ own_b) - own_a.sum() * own_b.sum() / ((n - 1) * (n - 2))
    return product(a, b) - float(diagonal)


def principal(
    patterns: Patterns, explained: float
) -> tuple[Directions, Float[np.ndarray, " component"], Float[np.ndarray, "component unit"]]:
    """First principal components U, S, V' that explain this share of the variance, none of them empty."""
    left, singular, right = np.linalg.svd(patterns, full_matrices=False)
    variance = np.cumsum(singular**2)
    rank = np.count_nonzero(singular > np.finfo(float).eps * max(patterns.shape) * singular[0])
    enough = np.searchsorted(variance, explained * variance[-1] * (1 - 1e-12)) + 1
    kept = min(rank, enough)
    return left[:, :kept], singular[:kept], right[:kept]


def canonical_correlations(a: Directions, b: DirectionsB) -> Float[np.ndarray, " shared"]:
    """Of two orthonormal sets of directions: the singular values of A' B."""
    return np.minimum(np.linalg.svd(a.T @ b, compute_uv=False), 1.0)


def projection_weighted(
    a: Directions, loadings: Float[np.ndarray, "component unit"], b: DirectionsB
) -> float:
    """Mean canonical correlation, each weighed by how much of the units of ``a`` goes along it.

    Along the canonical variate h_i it is sum_j ``|h_i' z_j|`` over units z_j of A = a loadings.
    """
    turn, correlations, _ = np.linalg.svd(a.T @ b, full_matrices=False)
    weights = np.abs(turn.T @ loadings).sum(axis=1)
    return float(np.average(np.minimum(correlations, 1.0), weights=weights))


def partly_whitened(patterns: Patterns, alpha: float) -> Directions:
    """Patterns times alpha I + (1 - alpha) s C^-1/2, up to a rotation of units.

    C = A' A, and s^2 is the mean of its positive eigenvalues: white patterns have the variance of the given.
    """
    left, singular, _ = principal(patterns, 1.0)
    scale = np.sqrt(np.mean(singular**2))
    return left * (alpha * singular + (1 - alpha) * scale)


def procrustes(a: Directions, b: DirectionsB) -> float:
    """Smallest ``|A - B Q|`` over rotations and reflections Q; the narrower set gets empty dimensions.

    The difference itself is measured: by A'A + B'B - 2 |A'B| equal sets would be 1e-8 apart.
    """
    width = max(a.shape[1], b.shape[1])
    a, b = (np.pad(patterns, ((0, 0), (0, width - patterns.shape[1]))) for patterns in (a, b))
    left, _, right = np.linalg.svd(b.T @ a)
    return float(np.linalg.norm(a - b @ (left @ right)))
