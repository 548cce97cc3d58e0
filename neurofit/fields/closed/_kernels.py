"""What a known Jacobian says of its field, and the exact steps of a linear one: arrays in, arrays out."""

from __future__ import annotations

import numpy as np
from scipy.linalg import expm

from .._spectral import spectral_index

Numbers = np.ndarray


def summary(jacobian: Numbers, *, spectrum: bool = True) -> dict[str, float]:
    r"""The indices of one Jacobian (n, n), J = S + A; NaN where it is 0 and has no direction.

    gradient_share :math:`|S|^2 / |J|^2`, divergence tr J, curl_norm :math:`\sqrt 2 |A|`, reciprocity
    :math:`\sum_{i \ne j} J_{ij} J_{ji} / \sum_{i \ne j} J_{ij}^2`, spectral_index
    :math:`\sum |\mathrm{Im}\, \lambda|^2 / \sum |\lambda|^2` if ``spectrum``, and jacobian_norm :math:`|J|`.
    """
    symmetric, other = (jacobian + jacobian.T) / 2, (jacobian - jacobian.T) / 2
    total, diagonal = (jacobian**2).sum(), (np.diag(jacobian) ** 2).sum()
    found = {
        "gradient_share": _ratio((symmetric**2).sum(), total),
        "divergence": float(np.trace(jacobian)),
        "curl_norm": float(np.sqrt(2 * (other**2).sum())),
        "reciprocity": _ratio((jacobian * jacobian.T).sum() - diagonal, total - diagonal),
        "jacobian_norm": float(np.sqrt(total)),
    }
    if spectrum:
        found["spectral_index"] = spectral_index(np.linalg.eigvals(jacobian))
    return found


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole > 0 else float("nan")


def exact_step(jacobian: Numbers, diffusion: Numbers, interval: float) -> tuple[Numbers, Numbers]:
    r"""Propagator and covariance of dw = J w dt + noise, whose variance grows by ``diffusion`` a time.

    .. math:: E = e^{J t}, \qquad Q = \int_0^t e^{J s} D\, e^{J^\top s}\, ds

    from one exponential of a matrix of twice the size (Van Loan 1978, IEEE Transactions on Automatic Control
    23:395, doi:10.1109/TAC.1978.1101743), of a short time that is then doubled: that of a long one would hold
    growth and decay side by side, and lose the digits of what decays.
    """
    n = len(jacobian)
    doublings = max(0, int(np.ceil(np.log2(max(float(np.linalg.norm(jacobian)) * interval, 1e-300)))))
    block = np.block([[-jacobian, diffusion], [np.zeros_like(jacobian), jacobian.T]])
    power = expm(block * (interval / 2**doublings))
    propagator = power[n:, n:].T
    covariance = propagator @ power[:n, n:]
    for _ in range(doublings):
        covariance = propagator @ covariance @ propagator.T + covariance
        propagator = propagator @ propagator
    return propagator, (covariance + covariance.T) / 2


def root(covariance: Numbers) -> Numbers:
    """A square root of a positive semi-definite matrix."""
    values, axes = np.linalg.eigh(covariance)
    return axes * np.sqrt(np.maximum(values, 0.0))
