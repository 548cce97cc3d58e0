"""What the eigenvalues of a Jacobian say of its field in any metric."""

from __future__ import annotations

import numpy as np


def spectral_index(values: np.ndarray) -> float:
    r""":math:`\sum |\mathrm{Im}\,\lambda|^2 / \sum |\lambda|^2`: 0 for any gradient in any constant metric.

    A real spectrum is necessary for a gradient and not sufficient: a shear has one. NaN where all are 0.
    """
    total = (np.abs(values) ** 2).sum()
    return float((values.imag**2).sum() / total) if total else np.nan
