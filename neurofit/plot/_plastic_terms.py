"""Rules of plasticity from trajectories, from networks and from choices."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

import numpy as np

from ..errors import SchemaError, listing
from ..names import BOUND, REGRESSOR, SESSION_ID, TERM, TRIAL, WEIGHT
from ._style import BLUE, COLOURS, GREY, axes, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes


@styled
def learning_terms(result: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Coefficients of the terms of a learning rule.

    Parameters
    ----------
    result
        As ``neurofit.plasticity.TaylorRule`` has it in ``result_``.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on: each coefficient with two standard errors on either side, and beside its name the
        terms that the data cannot tell from it.

    Raises
    ------
    SchemaError
        If ``result`` is none of ``TaylorRule``.
    """
    _need(result, "learning_terms", "TaylorRule.result_", ("coefficient", "standard_error", "aliases"))
    count = result.sizes[TERM]
    ax = axes(ax, size=(4.0, 0.9 + 0.32 * max(count, 1)))
    ax.axvline(0, color=GREY, linewidth=0.8)
    rows = np.arange(count)
    ax.errorbar(result.coefficient, rows, xerr=2 * result.standard_error, fmt="o", color=BLUE, markersize=4)
    names = [
        f"{name}\n(or {alias})" if alias else str(name)
        for name, alias in zip(result[TERM].values, result.aliases.values, strict=True)
    ]
    ax.set_yticks(rows, names)
    ax.set(ylim=(max(count, 1) - 0.5, -0.5), xlabel="Coefficient (2 standard errors)")
    if not count:
        ax.set_yticks([])
        ax.text(0.5, 0.5, "no term found", transform=ax.transAxes, ha="center", color=GREY)
    return ax


@styled
def observables(importance: xr.Dataset, *, most: int = 12, ax: Axes | None = None) -> Axes:
    """Which observables tell learning rules apart.

    Parameters
    ----------
    importance
        As ``neurofit.plasticity.RuleClassifier.importance`` gives it.
    most
        How many to draw, the most important ones first.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on: the accuracy that is lost without each, with its 95 % interval over networks.

    Raises
    ------
    SchemaError
        If ``importance`` is none of ``RuleClassifier``.
    """
    _need(importance, "observables", "RuleClassifier.importance()", ("importance", "interval"))
    (dim,) = importance.importance.dims
    shown = importance.isel({dim: slice(most)})
    rows = np.arange(shown.sizes[dim])
    ax = axes(ax, size=(4.0, 0.8 + 0.22 * len(rows)))
    ax.axvline(0, color=GREY, linewidth=0.8)
    low, high = (shown.interval.sel({BOUND: end}) for end in ("lower", "upper"))
    ax.hlines(rows, low, high, color=BLUE, linewidth=1.0)
    ax.plot(shown.importance, rows, "o", color=BLUE, markersize=4)
    ax.set_yticks(rows, [str(name).replace("_", " ") for name in shown[dim].values])
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlabel="Accuracy lost without it")
    return ax


@styled
def policy_weights(result: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Weights of a policy over the trials.

    Parameters
    ----------
    result
        As ``neurofit.plasticity.PolicyRule`` has it in ``result_``.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on: each weight with its 95 % interval; dotted lines where a session begins.

    Raises
    ------
    SchemaError
        If ``result`` is none of ``PolicyRule``.
    """
    _need(result, "policy_weights", "PolicyRule.result_", (WEIGHT, f"{WEIGHT}_interval"))
    ax = axes(ax, size=(4.6, 2.4))
    ax.axhline(0, color=GREY, linewidth=0.8)
    trials = np.arange(result.sizes[TRIAL])
    if SESSION_ID in result.coords:
        session = result[SESSION_ID].values
        for last in np.flatnonzero(session[1:] != session[:-1]):
            ax.axvline(float(last + 1), color=GREY, linewidth=0.6, linestyle=":")
    lines = cycle(["-", "--", "-.", ":"])
    for name, colour, line in zip(result[REGRESSOR].values, cycle(COLOURS), lines, strict=False):
        one = result.sel({REGRESSOR: name})
        low, high = (one[f"{WEIGHT}_interval"].sel({BOUND: end}) for end in ("lower", "upper"))
        ax.fill_between(trials, low, high, color=colour, alpha=0.2, lw=0)
        ax.plot(trials, one[WEIGHT], line, color=colour, label=str(name))
    ax.set(xlabel="Trial", ylabel="Weight (log odds)", xlim=(0, len(trials)))
    ax.legend(loc="best", ncols=2)
    return ax


def _need(result: xr.Dataset, who: str, what: str, names: tuple[str, ...]) -> None:
    missing = [name for name in names if name not in result]
    if missing:
        raise SchemaError(f"{who} draws plasticity.{what}; got a dataset without {listing(missing)}")
