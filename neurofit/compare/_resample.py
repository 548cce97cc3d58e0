"""Similarity of areas to layers: on all stimuli, in bootstrap draws of them, and on those left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .. import rsa
from ..names import DRAW, STIMULUS, STIMULUS_ID

if TYPE_CHECKING:
    from jaxtyping import Float

BLOCK = 2**22  # weights held at once; 32 MiB


@dataclass(frozen=True)
class Similarities:
    """Similarity of each area's RDM to each layer's."""

    full: Float[np.ndarray, "area layer"]
    inside: Float[np.ndarray, "draw area layer"]
    outside: Float[np.ndarray, "draw area layer"]


def draw_stimuli(shown: xr.DataArray, draws: int, rng: np.random.Generator) -> xr.DataArray:
    """How often each stimulus is in each bootstrap draw."""
    n_stimuli = shown.sizes[STIMULUS]
    times = rng.multinomial(n_stimuli, np.full(n_stimuli, 1 / n_stimuli), size=draws)
    drawn = xr.DataArray(times, {STIMULUS_ID: shown[STIMULUS_ID]}, (DRAW, STIMULUS))
    return drawn.isel({STIMULUS: np.argsort(shown[STIMULUS_ID].values)})  # as in RDMs


def resample(
    areas: Float[np.ndarray, "area pair"],
    layers: Float[np.ndarray, "layer pair"],
    drawn: xr.DataArray,
    *,
    comparator: str,
) -> Similarities:
    """Similarities within each draw of the stimuli, and on the stimuli that it left out (about 37 %).

    In a draw, a pair of stimuli weighs as much as the product of how often the two were drawn; a stimulus
    drawn twice is never compared with itself.
    """
    kernel = rsa.comparators[comparator]
    size = max(1, BLOCK // areas.shape[1])
    blocks = [drawn.isel({DRAW: slice(start, start + size)}) for start in range(0, drawn.sizes[DRAW], size)]
    inside = [kernel(areas, layers, block.values.astype(float)) for block in blocks]
    outside = [kernel(areas, layers, (block == 0).values.astype(float)) for block in blocks]
    full = kernel(areas, layers, np.ones((1, drawn.sizes[STIMULUS])))[0]
    return Similarities(full, np.concatenate(inside), np.concatenate(outside))
