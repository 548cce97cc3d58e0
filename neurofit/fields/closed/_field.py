"""Fields of weight changes in closed form: how synapses change at any weights, and its Jacobian."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import SchemaError, unknown_name
from ...registry import Registry
from ._kernels import summary

if TYPE_CHECKING:
    from collections.abc import Callable

Numbers = np.ndarray

closed_fields: Registry[Callable[..., "ClosedField"]] = Registry("closed field")


@dataclass(frozen=True, eq=False)
class ClosedField:
    r"""A field :math:`f(w) = M w + a (w - w^3)`, with the cube taken of each synapse.

    Parameters
    ----------
    kind
        Its name in ``closed_fields``.
    matrix
        M, (n, n): all of the field where it is linear.
    well
        a, (n,): 0 where the field is linear.
    """

    kind: str
    matrix: Numbers
    well: Numbers

    def __call__(self, w: Any) -> Numbers:
        """Mean change of weights a unit of time, (..., n), at weights (..., n)."""
        w = self._weights(w)
        return w @ self.matrix.T + self.well * (w - w**3)

    def jacobian(self, w: Any) -> Numbers:
        """J[..., i, j], how the change of i moves with weight j, at weights (..., n)."""
        slope = self.well * (1 - 3 * self._weights(w) ** 2)
        return self.matrix + slope[..., None] * np.eye(self.synapses)

    def truth_at(self, w: Any) -> dict[str, float]:
        """Gradient share, divergence, curl norm, reciprocity, spectral index, norm of J at weights (n,)."""
        return summary(self.jacobian(w))

    @property
    def truth(self) -> dict[str, float]:
        """``truth_at`` weights of 0; of a linear field, anywhere."""
        return self.truth_at(np.zeros(self.synapses))

    @property
    def synapses(self) -> int:
        """How many there are."""
        return len(self.matrix)

    @property
    def linear(self) -> bool:
        """Whether the Jacobian is the same everywhere."""
        return not self.well.any()

    def _weights(self, w: Any) -> Numbers:
        w = np.asarray(w, dtype=float)
        if w.ndim < 1 or w.shape[-1] != self.synapses:
            raise SchemaError(f"weights have shape {w.shape}; the last axis has to have {self.synapses}")
        return w


def closed_field(
    kind: str, *, synapses: int = 10, rng: int | np.random.Generator | None = None, **options: float
) -> ClosedField:
    r"""A small field of weight changes whose Jacobian is known.

    Parameters
    ----------
    kind
        A name in ``closed_fields``: ``"linear"`` (option ``gradient_share``, met exactly), ``"saddle"``
        (``rotation``, in lengths of the symmetric part), ``"rotation"`` (``speed``),
        ``"potential_and_rotation"`` (``decay``, ``rotation``), ``"per_synapse_rates"`` (``spread`` of the
        log rates, ``stable``), ``"double_well"`` (``rotation``).
    synapses
        How many; at least 2. Of planes that rotate an odd one out stands still.
    rng
        Seed or generator of directions and rates.
    **options
        Of the kind.

    Returns
    -------
    ClosedField
        Call it with weights (..., synapse); it has ``jacobian(w)``, and ``truth``.

    Raises
    ------
    UnknownNameError
        If there is no such kind or option; the nearest one is named.
    SchemaError
        If there are fewer than two synapses, or an option is out of range.

    Examples
    --------
    >>> field = closed_field("potential_and_rotation", synapses=2, decay=1.0, rotation=2.0, rng=0)
    >>> field([1.0, 0.0]).tolist()
    [-1.0, 2.0]
    >>> round(field.truth["gradient_share"], 3), field.truth["divergence"]
    (0.2, -2.0)
    """
    make = closed_fields[kind]
    known = list(inspect.signature(make).parameters)[2:]
    for option in options:
        if option not in known:
            raise unknown_name(f"option of closed field {kind!r}", option, known)
    if synapses < 2:
        raise SchemaError(f"synapses must be 2 or more to rotate, not {synapses}")
    return make(synapses, np.random.default_rng(rng), **options)


@closed_fields.register("linear")
def linear(synapses: int, rng: np.random.Generator, *, gradient_share: float = 0.5) -> ClosedField:
    """Stable and linear, with an exact gradient share: weights decay, and turn about each other."""
    if not 0 < gradient_share <= 1:
        raise SchemaError(f"gradient_share is above 0 and at most 1, not {gradient_share}; see 'rotation'")
    axes = turned(synapses, rng)
    # Eigenvalues of S + A have real parts within those of S: what is negative definite stays stable.
    symmetric = -axes * rng.uniform(0.5, 1.5, synapses) @ axes.T
    other = rng.normal(size=(synapses, synapses))
    other = other - other.T
    size = np.sqrt((1 / gradient_share - 1) * (symmetric**2).sum() / (other**2).sum())
    return _linear("linear", symmetric + size * other)


@closed_fields.register("saddle")
def saddle(synapses: int, rng: np.random.Generator, *, rotation: float = 0.0) -> ClosedField:
    """A saddle, of divergence 0, and a rotation: away from 0 along half of the directions, else to it."""
    axes = turned(synapses, rng)
    signs = np.tile([1.0, -1.0], synapses)[: synapses // 2 * 2]
    signs = np.concatenate([signs, np.zeros(synapses % 2)])
    return _linear("saddle", axes * signs @ axes.T + rotation * axes @ planes(synapses) @ axes.T)


@closed_fields.register("rotation")
def rotation(synapses: int, rng: np.random.Generator, *, speed: float = 1.0) -> ClosedField:
    """Pairs of directions that turn into each other at an angular speed, and nothing else."""
    axes = turned(synapses, rng)
    return _linear("rotation", speed * axes @ planes(synapses) @ axes.T)


@closed_fields.register("potential_and_rotation")
def potential_and_rotation(
    synapses: int, rng: np.random.Generator, *, decay: float = 1.0, rotation: float = 1.0
) -> ClosedField:
    """A round bowl in which weights also turn: a gradient share of decay^2 / (decay^2 + rotation^2)."""
    return _linear("potential_and_rotation", rotation * planes(synapses) - decay * np.eye(synapses))


@closed_fields.register("per_synapse_rates")
def per_synapse_rates(
    synapses: int, rng: np.random.Generator, *, spread: float = 1.0, stable: bool = True
) -> ClosedField:
    """The gradient of an objective with a rate for each synapse, diag(r) grad F: rotational, real spectrum.

    Rates are log-normal. Without ``stable`` the Hessian is Gaussian, and the share near
    (1 + exp(-spread^2)) / 2; with it, the Hessian is negative definite.
    """
    factor = rng.normal(size=(synapses, synapses))
    hessian = -factor @ factor.T / synapses if stable else (factor + factor.T) / np.sqrt(2 * synapses)
    return _linear("per_synapse_rates", np.exp(spread * rng.normal(size=synapses))[:, None] * hessian)


@closed_fields.register("double_well")
def double_well(synapses: int, rng: np.random.Generator, *, rotation: float = 0.5) -> ClosedField:
    """Each weight has wells at -1 and 1, and pairs of weights turn about 0: not linear."""
    return ClosedField("double_well", rotation * planes(synapses), np.ones(synapses))


def _linear(kind: str, matrix: Numbers) -> ClosedField:
    return ClosedField(kind, matrix, np.zeros(len(matrix)))


def planes(synapses: int) -> Numbers:
    """Quarter turns of the first weight into the second, of the third into the fourth, ..."""
    turn = np.zeros((synapses, synapses))
    first = np.arange(0, synapses - 1, 2)
    turn[first + 1, first], turn[first, first + 1] = 1.0, -1.0
    return turn


def turned(synapses: int, rng: np.random.Generator) -> Numbers:
    """Orthonormal axes in random directions."""
    return np.linalg.qr(rng.normal(size=(synapses, synapses)))[0]
