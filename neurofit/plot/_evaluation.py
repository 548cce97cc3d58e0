"""Models against subjects: how similar, how surely, and which of them can be told apart."""

from __future__ import annotations

from string import ascii_lowercase
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SchemaError
from ..names import BOUND, CORRECTION, MODEL, MODEL_B, SUBJECT, TIME
from ._style import BLUE, COLOURS, GREY, axes, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

SURE = 0.05  # p, after correction for the false discovery rate
LIGHT = "#D9D9D9"


@styled
def evaluation(result: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Similarity of each model to the subjects, with 95 % intervals and the noise ceiling.

    Small dots are single subjects. A model with a hollow dot is not shown to be above 0. Models that share a
    letter ("alike") are not told apart. Both at a false discovery rate of .05.

    Parameters
    ----------
    result
        As ``neurofit.rsa.evaluate`` gives it, for one entry of further dims such as time.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    _check(result, {MODEL})
    ranked = result.isel({MODEL: np.argsort(result.estimate.values)})
    place = np.arange(ranked.sizes[MODEL])
    ax = axes(ax, size=(4.6, 0.9 + 0.27 * len(place)))
    ax.axvline(0, color=GREY, linewidth=0.8)
    _band(ax, result)
    subjects = ranked.similarity.transpose(MODEL, SUBJECT).values
    if subjects.shape[1] > 1:
        ax.plot(subjects, place - 0.25, ".", color=GREY, markersize=3.5)
    low, high = ranked.interval.transpose(BOUND, MODEL).values
    ax.hlines(place, low, high, color=BLUE, linewidth=1.5)
    above = ranked.p_zero.sel({CORRECTION: "fdr"}).values < SURE
    for at, estimate, sure in zip(place, ranked.estimate.values, above, strict=True):
        ax.plot(estimate, at, "o", color=BLUE, markerfacecolor=BLUE if sure else "w", markersize=5)
    beside: Any = {"xycoords": ("axes fraction", "data"), "annotation_clip": False}
    ax.annotate("alike", (1.01, len(place) - 0.35), va="bottom", color=GREY, fontsize="small", **beside)
    for at, letters in zip(place, _letters(_alike(ranked)), strict=True):
        ax.annotate(letters, (1.01, at), va="center", **beside)
    ax.set_yticks(place, ranked[MODEL].values)
    ax.set(xlabel=_axis(result), ylim=(-0.6, len(place) - 0.4))
    return ax


@styled
def time_course(result: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Similarity of each model over time, with 95 % intervals and the noise ceiling.

    Parameters
    ----------
    result
        As ``neurofit.rsa.evaluate`` gives it for RDMs with dim ``time``.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    _check(result, {MODEL, TIME})
    ax, time = axes(ax), result[TIME].values
    ax.axhline(0, color=GREY, linewidth=0.8)
    if np.isfinite(result.ceiling_lower).any():
        ax.fill_between(
            time, result.ceiling_lower, result.ceiling_upper, color=LIGHT, linewidth=0, label="noise ceiling"
        )
    for number, model in enumerate(result[MODEL].values):
        one, colour = result.sel({MODEL: model}), COLOURS[number % len(COLOURS)]
        low, high = one.interval.transpose(BOUND, TIME).values
        ax.fill_between(time, low, high, color=colour, alpha=0.2, linewidth=0)
        ax.plot(time, one.estimate, color=colour, label=str(model))
    ax.set(xlabel="time (s)", ylabel=_axis(result))
    ax.legend()
    return ax


def _check(result: xr.Dataset, dims: set[str]) -> None:
    found = set(result.estimate.dims) if "estimate" in result else set()
    if found != dims:
        raise SchemaError(
            f"this figure needs a result of rsa.evaluate whose estimate has dims {sorted(dims)}; got "
            f"{sorted(map(str, found)) or 'no estimate'}. Choose one entry of others with result.isel(...)."
        )


def _axis(result: xr.Dataset) -> str:
    return str(result.estimate.attrs["long_name"])


def _band(ax: Axes, result: xr.Dataset) -> None:
    low, high = float(result.ceiling_lower), float(result.ceiling_upper)
    if np.isfinite(low):
        ax.axvspan(low, high, color=LIGHT, linewidth=0)
        ax.annotate(
            "noise ceiling",
            ((low + high) / 2, 1.01),
            xycoords=("data", "axes fraction"),
            ha="center",
            va="bottom",
            color=GREY,
            fontsize="small",
        )


def _alike(ranked: xr.Dataset) -> np.ndarray:
    """Which models (model, model_b) are not told apart."""
    p = ranked.p_pairwise.sel({CORRECTION: "fdr"}).transpose(MODEL, MODEL_B)
    return ~(p.sel({MODEL_B: ranked[MODEL].values}).values < SURE)


def _letters(alike: np.ndarray) -> list[str]:
    """Letters of each model, the best with "a": two share one exactly where they are alike."""
    from networkx import Graph, find_cliques

    every = Graph()
    every.add_nodes_from(range(len(alike)))
    every.add_edges_from(np.argwhere(np.triu(alike, 1)).tolist())
    groups = sorted((sorted(group, reverse=True) for group in find_cliques(every)), reverse=True)
    return [
        "".join(letter for letter, group in zip(ascii_lowercase, groups, strict=False) if model in group)
        for model in range(len(alike))
    ]
