"""Symmetric matrices of blocks on and beside the diagonal, as trials in a row make them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.linalg import cho_solve_banded, cholesky_banded, solve_triangular

Diagonal = Float[np.ndarray, "trial state state"]
Below = Float[np.ndarray, "step state state"]
States = Float[np.ndarray, "trial state"]


class Factor(NamedTuple):
    """Banded Cholesky factor of a matrix of blocks."""

    band: np.ndarray[Any, np.dtype[np.float64]]  # (2 * state, trial * state), lower form
    size: int  # of a block

    def solve(self, right: States) -> States:
        """The matrix's inverse times ``right``."""
        return cho_solve_banded((self.band, True), right.ravel(), check_finite=False).reshape(right.shape)

    def logdet(self) -> float:
        """Logarithm of the matrix's determinant."""
        return float(2 * np.log(self.band[0]).sum())

    def blocks(self) -> tuple[Diagonal, Below]:
        """The factor's blocks on the diagonal and below it."""
        columns = self.band.reshape(2 * self.size, -1, self.size)
        diagonal = np.zeros((columns.shape[1], self.size, self.size))
        below = np.zeros_like(diagonal)
        for b in range(self.size):
            diagonal[:, b:, b] = columns[: self.size - b, :, b].T
            below[:, :, b] = columns[self.size - b : 2 * self.size - b, :, b].T
        return diagonal, below[:-1]


def factor(diagonal: Diagonal, below: Below) -> Factor:
    """Cholesky factor of a matrix from its blocks; ``LinAlgError`` where it is not positive definite."""
    trials, size, _ = diagonal.shape
    band = np.zeros((2 * size, trials, size))
    for b in range(size):
        band[: size - b, :, b] = diagonal[:, b:, b].T
        band[size - b : 2 * size - b, :-1, b] = below[:, :, b].T
    return Factor(cholesky_banded(band.reshape(2 * size, -1), lower=True, check_finite=False), size)


def inverse_blocks(matrix: Factor) -> Diagonal:
    """Blocks on the diagonal of the inverse, by the backward recursion of a smoother."""
    diagonal, below = matrix.blocks()
    eye = np.broadcast_to(np.eye(matrix.size), diagonal.shape)
    inner = solve_triangular(diagonal, eye, lower=True)
    inverse = inner.transpose(0, 2, 1) @ inner
    gains = inner[:-1].transpose(0, 2, 1) @ below.transpose(0, 2, 1)
    for trial in range(len(gains) - 1, -1, -1):
        gain = gains[trial]
        inverse[trial] += gain @ inverse[trial + 1] @ gain.T
    return inverse
