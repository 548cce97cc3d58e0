"""Ways to choose centres, length scale and ridge, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from ...registry import Registry
from ._search import default_centres, search

if TYPE_CHECKING:
    from ._kinds import Kind
    from ._solution import Solution

Numbers = np.ndarray
SMALL = 1500  # numbers in dW, up to which every sample is a centre


class Scaled(NamedTuple):
    """Weights less their mean and in units of their root mean square distance from it, and changes."""

    w: Numbers
    dw: Numbers
    origin: Numbers
    scale: float

    @classmethod
    def of(cls, w: Numbers, dw: Numbers) -> Scaled:
        """One scale for all synapses: scales of their own would change which field is a gradient."""
        origin = w.mean(axis=0)
        scale = float(np.sqrt(np.square(w - origin).sum(axis=1).mean()))
        return cls((w - origin) / scale, dw, origin, scale)


class Method(Protocol):
    """Solves the regression for scaled samples."""

    def __call__(
        self, kind: Kind, w: Numbers, dw: Numbers, centres: int | None, rng: np.random.Generator
    ) -> Solution:
        """``centres`` is how many are asked for."""


methods: Registry[Method] = Registry("method")


@methods.register("nystroem")
def nystroem(kind: Kind, w: Numbers, dw: Numbers, centres: int | None, rng: np.random.Generator) -> Solution:
    """Kernels around some of the samples; generalised cross-validation."""
    count = min(centres or default_centres(kind, *w.shape), len(w))
    chosen = w[rng.permutation(len(w))[:count]]
    return search(kind, w, dw, chosen, "gcv", 100)


@methods.register("gaussian_process")
def gaussian_process(
    kind: Kind, w: Numbers, dw: Numbers, centres: int | None, rng: np.random.Generator
) -> Solution:
    """Kernels around all samples, which is exact; marginal likelihood."""
    return search(kind, w, dw, w[rng.permutation(len(w))], "likelihood", 300)


@methods.register("held_out")
def held_out(kind: Kind, w: Numbers, dw: Numbers, centres: int | None, rng: np.random.Generator) -> Solution:
    """Kernels around some of the samples; error of samples left out, in five folds."""
    order = rng.permutation(len(w))
    count = min(centres or default_centres(kind, *w.shape), len(w))
    return search(kind, w[order], dw[order], w[order[:count]], "held_out", 140)


@methods.register("auto")
def auto(kind: Kind, w: Numbers, dw: Numbers, centres: int | None, rng: np.random.Generator) -> Solution:
    """By held-out error for fields of a restricted kind; else the Gaussian process where data are few."""
    # What a restricted kind cannot follow is smooth, and no noise: only whole samples left out tell.
    if kind.width(2) > 1:
        return held_out(kind, w, dw, centres, rng)
    exact = centres is None and dw.size <= SMALL
    return methods["gaussian_process" if exact else "nystroem"](kind, w, dw, centres, rng)
