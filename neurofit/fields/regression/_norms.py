"""Numbers that say how much of a Jacobian is symmetric, on plain arrays (point, synapse, synapse)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Numbers = np.ndarray


class Norms(NamedTuple):
    """Means over points of |S|^2, |A|^2 and tr J, and the index of Im to all of the eigenvalues."""

    symmetric: float
    antisymmetric: float
    divergence: float
    spectral_index: float

    @classmethod
    def of(cls, jacobian: Numbers) -> Norms:
        """The spectral index is sum |Im l|^2 / sum |l|^2 over eigenvalues of all points."""
        turned = np.swapaxes(jacobian, 1, 2)
        both = np.square(jacobian + turned).sum(axis=(1, 2)) / 4
        rest = np.square(jacobian - turned).sum(axis=(1, 2)) / 4
        roots = np.linalg.eigvals(jacobian)
        size = float(np.square(np.abs(roots)).sum())
        return cls(
            float(both.mean()),
            float(rest.mean()),
            float(np.trace(jacobian, axis1=1, axis2=2).mean()),
            float(np.square(roots.imag).sum() / size) if size else 0.0,
        )

    @property
    def share(self) -> float:
        """Mean |S|^2 / mean |J|^2."""
        total = self.symmetric + self.antisymmetric
        return self.symmetric / total if total else float("nan")
