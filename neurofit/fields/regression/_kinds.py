r"""Kinds of field that a sum of kernels around centres can be, on plain arrays.

With d = w - c and the Gaussian :math:`\varphi = e^{-|d|^2 / 2 l^2}` of length scale l, a centre c with
coefficients a adds to the field

- full: :math:`\varphi\, a`;
- curl-free: :math:`-l^2 H a`, with H the Hessian of :math:`\varphi`;
- divergence-free: :math:`l^2 (H - \mathrm{tr}(H)\, I)\, a / (n - 1)`.

At its centre each is a: all kinds have the same prior variance. A trend, constant and linear in w, is of the
same kind: its matrix is any, symmetric, or of trace 0. A row is one equation of the regression.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from ...errors import RecordingError
from ...registry import Registry
from . import _gaussian as sums

Numbers = np.ndarray
field_kinds: Registry[Kind] = Registry("kind of field")


class Kind(ABC):
    """What kernels and the trend of one kind add to a field, to its Jacobian and to its potential."""

    @abstractmethod
    def design(self, w: Numbers, centres: Numbers, length: float) -> Numbers:
        """Kernels (row, coefficient) at points ``w`` (point, synapse)."""

    @abstractmethod
    def jacobian(self, w: Numbers, centres: Numbers, length: float, a: Numbers) -> Numbers:
        """Jacobian (point, synapse, synapse) of the kernels with coefficients ``a`` (centre, synapse)."""

    @abstractmethod
    def potential(self, w: Numbers, centres: Numbers, length: float, a: Numbers) -> Numbers:
        """F (point,), whose gradient is the curl-free part of the kernels."""

    @abstractmethod
    def slopes(self, n: int) -> Numbers:
        """Matrices (term, synapse, synapse) that the trend's matrix is a sum of."""

    def width(self, n: int) -> int:
        """Coefficients of one centre in one regression."""
        return n

    def rows(self, values: Numbers) -> Numbers:
        """Values (point, synapse) as (row, column)."""
        return values.reshape(-1, 1)

    def flat(self, a: Numbers) -> Numbers:
        """Coefficients (centre, synapse) as (coefficient, column)."""
        return a.reshape(-1, 1)

    def trend(self, w: Numbers) -> Numbers:
        """Constant and linear terms (row, term) at points."""
        points, n = w.shape
        constant = np.broadcast_to(np.eye(n), (points, n, n))
        linear = np.einsum("tij,pj->pit", self.slopes(n), w)
        return np.concatenate([constant, linear], axis=2).reshape(points * n, -1)

    def affine(self, terms: Numbers, n: int) -> tuple[Numbers, Numbers]:
        """The constant (synapse,) and the matrix of a trend with coefficients ``terms``."""
        return terms[:n, 0], np.tensordot(terms[n:, 0], self.slopes(n), axes=1)


class _Full(Kind):
    """Any field: one Gaussian for each synapse."""

    # Synapses do not mix: a row is a point, and each synapse a column of its own.
    def width(self, n: int) -> int:
        return 1

    def flat(self, a: Numbers) -> Numbers:
        return a

    def rows(self, values: Numbers) -> Numbers:
        return values

    def design(self, w: Numbers, centres: Numbers, length: float) -> Numbers:
        return sums.gaussian(w, centres, length)

    def trend(self, w: Numbers) -> Numbers:
        return np.column_stack([np.ones(len(w)), w])

    def affine(self, terms: Numbers, n: int) -> tuple[Numbers, Numbers]:
        return terms[0], terms[1:].T

    def slopes(self, n: int) -> Numbers:
        return np.eye(n * n).reshape(-1, n, n)

    def jacobian(self, w: Numbers, centres: Numbers, length: float, a: Numbers) -> Numbers:
        return sums.scalar_slopes(w, centres, length, a)

    def potential(self, w: Numbers, centres: Numbers, length: float, a: Numbers) -> Numbers:
        return sums.helmholtz_potential(w, centres, length, a)


class _CurlFree(Kind):
    """Gradients: the Jacobian is symmetric everywhere."""

    def design(self, w: Numbers, centres: Numbers, length: float) -> Numbers:
        return sums.hessian(w, centres, length)

    def slopes(self, n: int) -> Numbers:
        pairs = np.eye(n * n).reshape(n, n, n, n)[np.triu_indices(n)]
        return (pairs + np.swapaxes(pairs, 1, 2)) / 2

    def jacobian(self, w: Numbers, centres: Numbers, length: float, a: Numbers) -> Numbers:
        return -sums.hessian_slopes(w, centres, length, a)

    def potential(self, w: Numbers, centres: Numbers, length: float, a: Numbers) -> Numbers:
        return sums.gradient_potential(w, centres, length, a)


class _DivergenceFree(Kind):
    """Flows without sources: the Jacobian has trace 0 everywhere."""

    def design(self, w: Numbers, centres: Numbers, length: float) -> Numbers:
        return sums.rotational(w, centres, length)

    def slopes(self, n: int) -> Numbers:
        matrices = np.eye(n * n).reshape(-1, n, n)
        matrices[:, -1, -1] -= np.trace(matrices, axis1=1, axis2=2)
        return matrices[:-1]

    def jacobian(self, w: Numbers, centres: Numbers, length: float, a: Numbers) -> Numbers:
        both = sums.hessian_slopes(w, centres, length, a) - sums.laplacian_slopes(w, centres, length, a)
        return both / (w.shape[1] - 1)

    def potential(self, w: Numbers, centres: Numbers, length: float, a: Numbers) -> Numbers:
        raise RecordingError(
            "a divergence-free field has no potential. Fit it with kind='curl_free', or with kind='full' for "
            "the potential of its curl-free part."
        )


field_kinds.register("full")(_Full())
field_kinds.register("curl_free")(_CurlFree())
field_kinds.register("divergence_free")(_DivergenceFree())
