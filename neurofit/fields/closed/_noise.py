"""Noise of measured weight changes: what it may look like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

Numbers = np.ndarray

noises: Registry[Callable[[tuple[int, int], np.random.Generator], Numbers]] = Registry("noise")

FACTORS = 3
TAILS = 3  # degrees of freedom of Student's t: the fourth moment does not exist


@noises.register("gaussian")
def gaussian(shape: tuple[int, int], rng: np.random.Generator) -> Numbers:
    """Independent and normal, of variance 1."""
    return rng.normal(size=shape)


@noises.register("heavy_low_rank")
def heavy_low_rank(shape: tuple[int, int], rng: np.random.Generator) -> Numbers:
    """Half of the variance from three heavy-tailed factors that all synapses share, half independent."""
    trials, synapses = shape
    loadings = rng.normal(size=(FACTORS, synapses))
    loadings /= np.sqrt((loadings**2).mean() * FACTORS)
    shared = rng.standard_t(TAILS, size=(trials, FACTORS)) @ loadings / np.sqrt(TAILS / (TAILS - 2))
    return np.sqrt(0.5) * (shared + rng.normal(size=shape))
