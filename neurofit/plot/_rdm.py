"""An RDM as a square of colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import schema
from ..errors import SchemaError
from ..names import PAIR, STIMULUS_A, STIMULUS_B
from ._style import MAP, axes, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

NAMED_STIMULI = 12  # more labels than this cannot be read


@styled
def rdm(dissimilarity: xr.DataArray, *, ax: Axes | None = None, **kwargs: Any) -> Axes:
    """Dissimilarity of every pair of stimuli.

    Parameters
    ----------
    dissimilarity
        One RDM: dim ``pair``, coords ``stimulus_a`` and ``stimulus_b``.
    ax
        Where to draw; a new figure by default.
    **kwargs
        For ``matplotlib.axes.Axes.imshow``.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    SchemaError
        If it is not one RDM.
    """
    schema.check(dissimilarity, "rdm")
    if dissimilarity.dims != (PAIR,):
        raise SchemaError(
            f"one RDM can be drawn at a time, got dims {dissimilarity.dims}. Select one with .sel(...)."
        )
    ax = axes(ax)
    stimuli = np.unique(np.concatenate([dissimilarity[STIMULUS_A], dissimilarity[STIMULUS_B]]))
    rows, columns = (np.searchsorted(stimuli, dissimilarity[name]) for name in (STIMULUS_A, STIMULUS_B))
    square = np.full((len(stimuli), len(stimuli)), np.nan)
    square[rows, columns] = square[columns, rows] = dissimilarity.values
    image = ax.imshow(square, **{"cmap": MAP, "interpolation": "nearest", **kwargs})
    units = dissimilarity.attrs.get("units", "1")
    name = dissimilarity.attrs.get("long_name", "dissimilarity")
    bar = ax.figure.colorbar(image, ax=ax, fraction=0.046, pad=0.03)
    bar.set_label(name if units == "1" else f"{name}\n({units})")
    bar.outline.set_visible(False)
    ax.spines[:].set_visible(False)
    if len(stimuli) <= NAMED_STIMULI:
        ax.set_xticks(range(len(stimuli)), stimuli, rotation=90)
        ax.set_yticks(range(len(stimuli)), stimuli)
    else:
        ax.set(xticks=[], yticks=[], xlabel=f"{len(stimuli)} stimuli, by name", ylabel="stimuli")
    return ax
