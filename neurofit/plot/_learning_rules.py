"""Learning rules between bias and variance, and what learning does to the tuning of layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import SchemaError, listing
from ..names import BOUND, LAYER, ORIENTATION, RULE
from ._style import BLUE, COLOURS, GREY, INK, axes, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

NO_NOISE = 1e-9  # a rule that draws nothing has no noise of its own but for rounding
ROW = 0.42  # decades, for the name of a rule without noise


@styled
def bias_variance(result: xr.Dataset, *, layer: str = "all", ax: Axes | None = None) -> Axes:
    """Where learning rules stand between bias and variance: Fig. 2 of Richards et al. 2019, measured.

    Along x, the bias: the angle between a rule's expected update and its target, with a 95 % interval. Along
    y, the variance: the noise-to-signal ratio over the rule's own randomness. Rules that draw nothing at
    random stand below the dotted line, one a row.

    Parameters
    ----------
    result
        As ``neurofit.nets.gradient_quality`` gives it for several rules.
    layer
        Which layer; ``"all"`` is all weights as one.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    SchemaError
        If ``result`` has no rules.
    """
    if RULE not in result.dims or "cosine" not in result:
        raise SchemaError(
            f"bias_variance draws what nets.gradient_quality gives for several rules; got dims {result.dims}"
        )
    one = result.sel({LAYER: layer}).dropna(RULE, subset=["cosine"]).sortby("cosine", ascending=False)
    bounds = [one.cosine_interval.sel({BOUND: bound}) for bound in ("upper", "lower")]
    angle, low, high = (_angle(values) for values in (one.cosine, *bounds))
    noise = np.asarray(one.internal_noise.values)
    random = noise > NO_NOISE
    decades = _decades(noise[random])
    height = np.where(random, np.log10(np.where(random, noise, 1.0)), np.nan)
    height[~random] = decades[0] - ROW * (1 + np.arange(np.sum(~random)))
    ax = axes(ax, size=(5.6, 1.0 + 0.42 * (decades[-1] - height.min(initial=decades[0]))))
    ax.hlines(height, low, high, color=GREY, linewidth=1.0)
    ax.plot(angle[random], height[random], "o", color=BLUE, markersize=5)
    ax.plot(angle[~random], height[~random], "o", color=INK, markerfacecolor="w", markersize=5)
    ax.axhline(decades[0] - 0.4 * ROW, color=GREY, linewidth=0.6, linestyle=":")
    for name, place, ends in zip(one[RULE].values, _apart(height), zip(low, high, strict=True), strict=True):
        right = max(ends) < 60
        beside: Any = {"xytext": (5 if right else -5, 0), "textcoords": "offset points"}
        at = (max(ends) if right else min(ends), place)
        ax.annotate(str(name).replace("_", " "), at, va="center", ha="left" if right else "right", **beside)
    none = height[~random].mean() if (~random).any() else np.nan
    ax.set_yticks([*decades, none], [*(f"$10^{{{decade}}}$" for decade in decades), "none"])
    ax.set_xticks([0, 15, 30, 45, 60, 75, 90])
    ax.set(xlim=(-3, 93), ylim=(height.min(initial=decades[0]) - ROW, decades[-1] + 0.3))
    ax.set(xlabel="Bias: angle to the target gradient (degrees)", ylabel="Variance: noise-to-signal ratio")
    return ax


def _angle(cosine: xr.DataArray) -> np.ndarray:
    return np.degrees(np.arccos(np.clip(np.asarray(cosine), -1, 1)))


def _apart(height: np.ndarray) -> np.ndarray:
    """Places of names: at their points, or as far above the name below as a line needs."""
    order = np.argsort(height, kind="stable")
    rows = ROW * 0.8 * np.arange(len(height))
    place = np.empty_like(height)
    place[order] = np.maximum.accumulate(height[order] - rows) + rows
    return place


def _decades(noise: np.ndarray) -> list[int]:
    """Powers of ten around the noise of rules."""
    if not noise.size:
        return [0]
    return list(range(int(np.floor(np.log10(noise.min()))), int(np.ceil(np.log10(noise.max()))) + 1))


@styled
def tuning_change(
    *results: xr.Dataset,
    control: list[xr.Dataset] | None = None,
    local: bool = False,
    ax: Axes | None = None,
) -> Axes:
    """Change of tuning slopes by layer, at the trained orientation and at right angles to it.

    Lines are means over results, such as networks of several seeds; dots are single ones.

    Parameters
    ----------
    *results
        As ``neurofit.nets.tuning_change`` gives them.
    control
        The same for weights that changed at random.
    local
        Whether to draw what each layer's own weights change, without what it inherits from those below.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    SchemaError
        If there is no result, or results have different layers.
    """
    layers = [tuple(result[LAYER].values) for result in (*results, *(control or []))]
    if not results or len(set(layers)) != 1:
        raise SchemaError(
            "tuning_change draws one or more results of nets.tuning_change with the same layers; got "
            f"{listing(sorted(set(layers))) or 'none'}"
        )
    variable = "local_change" if local else "change"
    ax = axes(ax, size=(3.8, 2.8))
    ax.axhline(0, color=GREY, linewidth=0.8)
    series = {
        "trained orientation": (results, 0, "o-"),
        "at right angles": (results, 1, "s--"),
        **({"random change, trained": (control, 0, "^:")} if control else {}),
    }
    x = np.arange(len(layers[0]))
    for (name, (shown, at, style)), colour in zip(series.items(), COLOURS, strict=False):
        values = 100 * np.array([one[variable].isel({ORIENTATION: at}).values for one in shown])
        ax.plot(x, values.mean(0), style, color=colour, label=name, markersize=4.5)
        if len(values) > 1:
            ax.plot(x, values.T, style[0], color=colour, alpha=0.35, markersize=2.5)
    ax.set_xticks(x, layers[0])
    ax.set(ylabel=f"{'Local change' if local else 'Change'} of tuning slope (%)")
    ax.legend(loc="upper left")
    return ax
