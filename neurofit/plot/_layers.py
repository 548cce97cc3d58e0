"""Areas of a recording against layers of a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import schema
from ..errors import unknown_name
from ..names import AREA, BOUND, LAYER, MODEL
from ._style import BLUE, GREY, INK, MAP, ORANGE, axes, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


def one_model(result: xr.Dataset, model: str | None) -> xr.Dataset:
    """The named model's part of a result, by default the one with the highest score, without other layers."""
    schema.check(result, "layer_map")
    if model is None:
        model = str(result.attrs["leading_model"])
    if model not in result[MODEL].values:
        raise unknown_name("model", model, result[MODEL].values)
    return result.sel({MODEL: model}).dropna(LAYER, subset=["similarity"], how="all")


@styled
def layer_map(result: xr.Dataset, *, model: str | None = None, ax: Axes | None = None, **kwargs: Any) -> Axes:
    """Similarity of every area to every layer, beside what the noise allows.

    The layer named for an area, where one can be, is framed.

    Parameters
    ----------
    result
        As ``neurofit.compare.areas_to_layers`` gives it.
    model
        Which model; by default the one with the highest score.
    ax
        Where to draw; a new figure by default.
    **kwargs
        For ``matplotlib.axes.Axes.imshow``.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    one, ax = one_model(result, model), axes(ax, size=(4.6, 2.8))
    layers, areas = one[LAYER].values.tolist(), one[AREA].values.tolist()
    values = one.similarity.transpose(AREA, LAYER).values
    low, high = np.nanmin(values, initial=0.0), np.nanmax(values, initial=1.0)
    image = ax.imshow(values, **{"cmap": MAP, "vmin": low, "vmax": high, **kwargs})
    for row, column in np.ndindex(values.shape):
        ink = "w" if values[row, column] < (low + high) / 2 else INK
        ax.text(column, row, f"{values[row, column]:z.2f}", ha="center", va="center", color=ink)
    for row, area in enumerate(areas):
        ax.text(
            len(layers) - 0.2, row, f"{float(one.ceiling.sel({AREA: area})):z.2f}", ha="left", va="center"
        )
        if bool(one.conclusive.sel({AREA: area})):
            named = int(one.share.sel({AREA: area}).argmax(LAYER))
            ax.add_patch(_frame(named, row))
    ax.text(len(layers) - 0.2, -0.62, "noise\nceiling", ha="left", va="bottom")
    ax.set_xticks(range(len(layers)), layers)
    ax.set_yticks(range(len(areas)), areas)
    ax.set(xlabel="layer", ylabel="area")
    ax.spines[:].set_visible(False)
    bar = ax.figure.colorbar(image, ax=ax, fraction=0.046, pad=0.2)
    bar.set_label("similarity of RDMs")
    bar.outline.set_visible(False)
    return ax


def _frame(column: int, row: int) -> Any:
    from matplotlib.patches import Rectangle

    return Rectangle((column - 0.47, row - 0.47), 0.94, 0.94, fill=False, edgecolor=ORANGE, linewidth=2)


@styled
def similarity(result: xr.Dataset, *, area: str, model: str | None = None, ax: Axes | None = None) -> Axes:
    """Similarity of one area to each layer, with intervals, noise ceiling and the untrained network.

    Parameters
    ----------
    result
        As ``neurofit.compare.areas_to_layers`` gives it.
    area
        Which area.
    model
        Which model; by default the one with the highest score.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    if area not in result[AREA].values:
        raise unknown_name("area", area, result[AREA].values)
    one, ax = one_model(result, model).sel({AREA: area}), axes(ax)
    place = np.arange(one.sizes[LAYER])
    ax.axhline(float(one.ceiling), color=INK, linestyle=(0, (4, 2)), linewidth=1, label="noise ceiling")
    if one.control_similarity.notnull().any():
        _points(ax, place + 0.12, one.control_similarity, one.control_interval, GREY, "s", "untrained")
    _points(ax, place - 0.12, one.similarity, one.interval, BLUE, "o", "trained")
    ax.axhline(0, color=GREY, linewidth=0.6)
    ax.set_xticks(place, one[LAYER].values)
    ax.set(xlabel="layer", ylabel="similarity of RDMs", title=area, xlim=(-0.5, len(place) - 0.5))
    return ax


@styled
def layer_position(result: xr.Dataset, *, model: str | None = None, ax: Axes | None = None) -> Axes:
    """Where on the way through the network each area lies; hollow where no layer can be named.

    Parameters
    ----------
    result
        As ``neurofit.compare.areas_to_layers`` gives it.
    model
        Which model; by default the one with the highest score.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    one, ax = one_model(result, model), axes(ax)
    place = np.arange(one.sizes[AREA])
    if one.control_position.notnull().any():
        _points(ax, place + 0.12, one.control_position, one.control_position_interval, GREY, "s", "untrained")
    _points(ax, place - 0.12, one.position, one.position_interval, BLUE, "o", "trained")
    open_ended = ~one.conclusive.values
    ax.plot(
        place[open_ended] - 0.12,
        one.position.values[open_ended],
        "o",
        color=BLUE,
        markerfacecolor="w",
        label="trained, inconclusive" if open_ended.any() else None,
    )
    ax.set_xticks(place, one[AREA].values)
    ax.set_yticks(one.depth.values, one[LAYER].values)
    ax.set(xlabel="area", ylabel="position in the network", ylim=(-0.08, 1.08), xlim=(-0.5, len(place) - 0.5))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=2)
    return ax


def _points(
    ax: Axes, x: Any, centre: xr.DataArray, bounds: xr.DataArray, colour: str, marker: str, name: str
) -> None:
    low, high = (bounds.isel({BOUND: end}).values for end in (0, 1))
    ax.vlines(x, low, high, color=colour, linewidth=1.5)
    ax.plot(x, centre.values, marker, color=colour, markersize=5, label=name)
