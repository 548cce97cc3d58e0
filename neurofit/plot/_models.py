"""Models against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import schema
from ..names import BOUND, MODEL
from ._style import BLUE, GREY, axes, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


@styled
def models(result: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """How far each model lies behind the best one, with intervals.

    Parameters
    ----------
    result
        As ``neurofit.compare.areas_to_layers`` gives it.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    schema.check(result, "layer_map")
    ax = axes(ax)
    ranked = result.sortby(result.deficit, ascending=False)
    place = np.arange(ranked.sizes[MODEL])
    low, high = (-ranked.deficit_interval.isel({BOUND: end}).values for end in (0, 1))
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.hlines(place, low, high, color=BLUE, linewidth=1.5)
    ax.plot(-ranked.deficit.values, place, "o", color=BLUE, markersize=5)
    ax.set_yticks(place, ranked[MODEL].values)
    ax.set(xlabel="score, relative to the best model's", ylim=(-0.6, len(place) - 0.4))
    return ax
