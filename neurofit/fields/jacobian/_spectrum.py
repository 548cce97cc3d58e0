"""What eigenvalues of a Jacobian say: no metric changes them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .._spectral import spectral_index

Numbers = np.ndarray
SURE = 0.95
FLAT = 0.05  # of an eigenvalue: a real part below it is that of a centre


class Spectrum(NamedTuple):
    """Eigenvalues, their index, what noise makes of one that is 0, the fixed point, and its kind."""

    values: Numbers
    index_: float
    null: float
    fixed_point: Numbers
    kind: str


def spectrum(jacobian: Numbers, drift: Numbers, noise: Numbers | None) -> Spectrum:
    """Of an estimated Jacobian, with draws of its error (draw, synapse, synapse)."""
    values, vectors = np.linalg.eig(jacobian)
    real = np.real((vectors * values.real) @ np.linalg.inv(vectors))
    values = values[np.lexsort((values.imag, values.real))]
    null, kind = np.nan, fixed_point_kind(values)
    if noise is not None:
        null = float(np.quantile([spectral_index(np.linalg.eigvals(real + e)) for e in noise], SURE))
        same = np.mean([fixed_point_kind(np.linalg.eigvals(jacobian + e)) == kind for e in noise])
        kind = kind if same >= SURE else "uncertain"
    return Spectrum(values, spectral_index(values), null, -np.linalg.pinv(jacobian) @ drift, kind)


def fixed_point_kind(values: Numbers) -> str:
    """Name of a fixed point whose Jacobian has these eigenvalues."""
    size = np.abs(values).max()
    turns = (np.abs(values.imag) > FLAT * size).any()
    real = np.where(np.abs(values.real) > FLAT * size, values.real, 0.0)
    if (real == 0).all():
        return "centre"
    if (real < 0).all():
        return "attracting spiral" if turns else "attractor"
    if (real > 0).all():
        return "repelling spiral" if turns else "repeller"
    if (real > 0).any() and (real < 0).any():
        return "saddle"
    return "flat in some directions"
