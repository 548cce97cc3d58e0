"""Sums of Gaussians, and of their derivatives, around centres: what all kinds of field are made of.

phi is exp(-|d|^2 / 2 l^2) with d = w - c and length scale l; H is its Hessian; a are coefficients.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.special import gamma, gammainc, hyp1f1

Points = Float[np.ndarray, "point synapse"]
Centres = Float[np.ndarray, "centre synapse"]
Slopes = Float[np.ndarray, "point synapse synapse"]
Blocks = Float[np.ndarray, "row coefficient"]


def gaussian(w: Points, centres: Centres, length: float) -> Float[np.ndarray, "point centre"]:
    """Phi of every point and centre."""
    square = np.square(w).sum(axis=1)[:, None] + np.square(centres).sum(axis=1) - 2 * w @ centres.T
    return np.exp(np.maximum(square, 0.0) / (-2 * length**2))


def hessian(w: Points, centres: Centres, length: float) -> Blocks:
    """-l^2 H = phi (I - d d' / l^2), a row for each point and synapse."""
    phi, apart = gaussian(w, centres, length), w[:, None, :] - centres
    return _blocks(phi, -phi, apart / length)


def rotational(w: Points, centres: Centres, length: float) -> Blocks:
    """l^2 (H - trace(H) I) / (n - 1) = phi ((n - 1 - |d|^2 / l^2) I + d d' / l^2) / (n - 1)."""
    phi, apart = gaussian(w, centres, length), w[:, None, :] - centres
    rest = w.shape[1] - 1
    square = np.square(apart).sum(axis=2) / length**2
    return _blocks(phi * (1 - square / rest), phi / rest, apart / length)


def _blocks(diagonal: np.ndarray, outer: np.ndarray, apart: np.ndarray) -> Blocks:
    """Diagonal * I + outer * d d' for every point and centre, as one matrix."""
    points, centres, n = apart.shape
    blocks = np.einsum("pci,pcj->picj", apart * outer[..., None], apart)
    synapse = np.arange(n)
    blocks[:, synapse, :, synapse] += diagonal
    return blocks.reshape(points * n, centres * n)


def scalar_slopes(w: Points, centres: Centres, length: float, a: Centres) -> Slopes:
    """Derivative by w_k of the sum over centres of phi a_i."""
    weighted = gaussian(w, centres, length)[..., None] * (w[:, None, :] - centres)
    return -(a.T @ weighted) / length**2


def hessian_slopes(w: Points, centres: Centres, length: float, a: Centres) -> Slopes:
    """Derivative by w_k of the sum over centres of (l^2 H a)_i.

    l^2 phi_ijk = phi ((delta_ij d_k + delta_ik d_j + delta_jk d_i) / l^2 - d_i d_j d_k / l^4)
    """
    phi, apart = gaussian(w, centres, length), w[:, None, :] - centres
    along = np.einsum("pcj,cj->pc", apart, a)
    weighted = phi[..., None] * apart
    outer = a.T @ weighted
    third = np.swapaxes(apart, 1, 2) @ (weighted * along[..., None])
    trace = (phi * along).sum(axis=1)[:, None, None] * np.eye(w.shape[1])
    return (outer + np.swapaxes(outer, 1, 2) + trace) / length**2 - third / length**4


def laplacian_slopes(w: Points, centres: Centres, length: float, a: Centres) -> Slopes:
    """Derivative by w_k of the sum over centres of l^2 trace(H) a_i."""
    apart = w[:, None, :] - centres
    square = np.square(apart).sum(axis=2) / length**2
    weight = gaussian(w, centres, length) * (w.shape[1] + 2 - square) / length**2
    return a.T @ (weight[..., None] * apart)


def gradient_potential(w: Points, centres: Centres, length: float, a: Centres) -> np.ndarray:
    """Sum over centres of phi d . a, whose gradient is that of -l^2 H a."""
    along = w @ a.T - (centres * a).sum(axis=1)
    return (gaussian(w, centres, length) * along).sum(axis=1)


def helmholtz_potential(w: Points, centres: Centres, length: float, a: Centres) -> np.ndarray:
    r"""Sum over centres of -grad psi . a, where -(Laplacian of psi) is phi over the whole space.

    Its gradient is the curl-free part of the sum of phi a, for phi a = -H(psi) a + (H(psi) - trace I) a.
    :math:`-\psi'(r) / r = r^{-n} \int_0^r e^{-s^2 / 2 l^2} s^{n-1} ds` is an incomplete gamma function.
    """
    apart = w[:, None, :] - centres
    half = w.shape[1] / 2
    x = np.square(apart).sum(axis=2) / (2 * length**2)
    small, large = np.minimum(x, 1.0), np.maximum(x, 1.0)
    near = np.exp(-small) * hyp1f1(1.0, half + 1, small) / (2 * half)
    far = gamma(half) * gammainc(half, large) / (2 * large**half)
    return (np.where(x < 1, near, far) * np.einsum("pcj,cj->pc", apart, a)).sum(axis=1)
