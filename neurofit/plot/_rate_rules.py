"""Rules of plasticity from two distributions of rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..errors import SchemaError, listing
from ..names import ALTERNATIVE, BOUND, INPUT, UNIT
from ._style import BLUE, GREY, INK, ORANGE, axes, styled

if TYPE_CHECKING:
    from matplotlib.axes import Axes


@styled
def quantile_map(curve: xr.Dataset, *, unit: int = 0, ax: Axes | None = None) -> Axes:
    """Rate for familiar stimuli against the rate of novel ones at the same rank.

    Parameters
    ----------
    curve
        As ``neurofit.plasticity.RateRule`` has it in ``curve_``.
    unit
        Position of the unit.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on. Below the diagonal familiarity lowered the rate, above it raised it.

    Raises
    ------
    SchemaError
        If ``curve`` is none of ``RateRule``.
    """
    one = _of_unit(curve, unit, "quantile_map", needs=("rate", "familiar_rate", "extrapolated"))
    ax = axes(ax, size=(3.0, 2.8))
    top = float(np.nanmax([one.rate.max(), one.familiar_rate.max()])) * 1.05
    ax.plot([0, top], [0, top], color=GREY, linewidth=0.8, linestyle=":")
    for part, style in _inside_and_outside(one):
        ax.plot(one.rate.where(part), one.familiar_rate.where(part), style, color=BLUE)
    ax.text(0.93 * top, 0.97 * top, "no change", color=GREY, ha="right", va="top", fontsize=7)
    ax.set(xlim=(0, top), ylim=(0, top), aspect="equal")
    ax.set(xlabel="Rate for novel stimuli (Hz)", ylabel="Rate for familiar stimuli\nof the same rank (Hz)")
    return ax


@styled
def rate_rule(
    curve: xr.Dataset, *, threshold: xr.Dataset | None = None, unit: int = 0, ax: Axes | None = None
) -> Axes:
    """How the change with familiarity depends on a unit's rate.

    Parameters
    ----------
    curve, threshold
        As ``neurofit.plasticity.RateRule`` has them in ``curve_`` and ``threshold_``.
    unit
        Position of the unit.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on: the change with its 95 % interval, broken where no data are, the threshold between
        depression and potentiation, and below it the interval of the threshold.

    Raises
    ------
    SchemaError
        If ``curve`` is none of ``RateRule``.
    """
    one = _of_unit(curve, unit, "rate_rule", needs=("change", "rate", "extrapolated"))
    ax = axes(ax)
    ax.axhline(0, color=GREY, linewidth=0.8)
    rate = np.asarray(one.rate)
    if "interval" in one:
        ax.fill_between(
            rate, *(one.interval.sel({BOUND: end}) for end in ("lower", "upper")), color=BLUE, alpha=0.2, lw=0
        )
    for part, style in _inside_and_outside(one):
        ax.plot(rate, one.change.where(part), style, color=BLUE)
    if threshold is not None:
        _draw_threshold(ax, threshold.isel({UNIT: unit}), rate)
    ax.set(xlabel="Rate for novel stimuli (Hz)", ylabel=f"Change ({one.change.attrs.get('units', '')})")
    return ax


@styled
def alternatives(comparison: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """By how much each alternative is worse than the best one.

    Parameters
    ----------
    comparison
        As ``RateRule`` has it in ``comparison_``, with a ``bic`` for each ``alternative``, or as
        ``neurofit.plasticity.compare_policy_rules`` gives it, with a ``log_marginal``; -2 of that are on the
        same scale.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on: a point for each unit, at its BIC less its lowest one, and how often each
        alternative was the best. Beyond the dotted line, at 10, the evidence is very strong (Kass & Raftery
        1995, doi:10.1080/01621459.1995.10476572).

    Raises
    ------
    SchemaError
        If there is neither of alternatives.
    """
    bic = comparison.get("bic", -2 * comparison.get("log_marginal", xr.DataArray(np.nan)))
    if ALTERNATIVE not in bic.dims:
        raise SchemaError(
            "alternatives draws a comparison with 'bic' or 'log_marginal' (alternative); got variables "
            f"{listing(map(str, comparison.data_vars)) or 'none'}"
        )
    bic = bic.transpose(ALTERNATIVE, ...)
    worse = np.atleast_2d((bic - bic.min(ALTERNATIVE)).values.reshape(bic.shape[0], -1))
    names = [str(name).replace("_", " ") for name in bic[ALTERNATIVE].values]
    scale = "BIC" if "bic" in comparison else "-2 log evidence"
    ax = axes(ax, size=(4.0, 0.9 + 0.32 * len(names)))
    ax.axvline(10, color=GREY, linewidth=0.8, linestyle=":")
    for row, values in enumerate(worse):
        # Points of a row are spread evenly, in their order, so that none hides another.
        spread = (np.argsort(np.argsort(values)) - (values.size - 1) / 2) / values.size
        best = values == 0
        ax.plot(values[~best], (row + 0.5 * spread)[~best], "o", color=BLUE, ms=3, alpha=0.7)
        ax.plot(values[best], (row + 0.5 * spread)[best], "o", color=ORANGE, ms=3.5)
    counted = [f"{name} ({int((values == 0).sum())})" for name, values in zip(names, worse, strict=True)]
    ax.set_yticks(range(len(names)), counted if worse.shape[1] > 1 else names)
    ax.set_xscale("symlog", linthresh=10)
    ax.xaxis.set_major_formatter("{x:g}")
    ax.set(xlim=(-1, None), ylim=(len(names) - 0.5, -0.5), xlabel=f"{scale} above that of the best")
    return ax


def _of_unit(curve: xr.Dataset, unit: int, who: str, *, needs: tuple[str, ...]) -> xr.Dataset:
    missing = [name for name in needs if name not in curve]
    if missing or UNIT not in curve.dims or INPUT not in curve.dims:
        raise SchemaError(
            f"{who} draws curve_ of plasticity.RateRule, with dims unit and input; got dims "
            f"{tuple(curve.dims)}, without {listing(missing) or 'any variable missing'}"
        )
    return curve.isel({UNIT: unit})


def _inside_and_outside(one: xr.Dataset) -> list[tuple[Any, str]]:
    """Where data are, and where they are not, with one point on either side so that the line goes on."""
    outside = np.asarray(one.extrapolated).astype(bool)
    beside = outside | np.r_[outside[1:], False] | np.r_[False, outside[:-1]]
    return [(one.extrapolated.copy(data=~outside), "-"), (one.extrapolated.copy(data=beside), "--")]


def _draw_threshold(ax: Axes, threshold: xr.Dataset, rate: np.ndarray) -> None:
    value = float(threshold.hz)
    if np.isfinite(value):
        ax.plot(value, 0, "o", color=ORANGE, markersize=5, zorder=3)
        right = value > np.nanmean([np.nanmin(rate), np.nanmax(rate)])
        beside: Any = {"xytext": (-5, 6) if right else (5, -11), "textcoords": "offset points"}
        told = f"threshold {value:.3g} Hz"
        ax.annotate(told, (value, 0), color=INK, fontsize=7, ha="right" if right else "left", **beside)
    low, high = np.clip(np.asarray(threshold.hz_interval), np.nanmin(rate), np.nanmax(rate))
    if np.isfinite([low, high]).all():
        ax.plot([low, high], [0, 0], color=ORANGE, linewidth=2.5, solid_capstyle="butt", zorder=2)
