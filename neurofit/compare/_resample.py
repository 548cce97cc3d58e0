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
    inside = kernel(areas, layers, drawn.values.astype(np.float64))
    outside = on_stimuli_left_out(areas, layers, drawn, comparator=comparator)
    full = kernel(areas, layers, np.ones((1, drawn.sizes[STIMULUS])))[0]
    return Similarities(full, inside, outside)


def on_stimuli_left_out(
    areas: Float[np.ndarray, "area pair"],
    layers: Float[np.ndarray, "layer pair"],
    drawn: xr.DataArray,
    *,
    comparator: str,
) -> Float[np.ndarray, "draw area layer"]:
    """Similarities on the stimuli that each draw left out."""
    kernel = rsa.comparators[comparator]
    return kernel(areas, layers, (drawn.values == 0).astype(np.float64))
