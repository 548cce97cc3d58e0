"""Fields of weight changes: their parts in a plane, their spectrum, and how sure their gradient share is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import SchemaError, listing
from ..names import ALTERNATIVE, BOUND, KIND, POINT
from ._style import BLUE, COLOURS, GREY, INK, MAP, ORANGE, axes, styled

if TYPE_CHECKING:
    import xarray as xr
    from matplotlib.axes import Axes

Numbers = np.ndarray
ARROWS = 9  # along each side of a panel
WORDS = {
    "gradient": "a gradient",
    "partly": "partly a gradient",
    "not": "not a gradient",
    "not identifiable": "not identifiable",
}


@styled
def field_parts(result: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """The gradient of an objective, what runs across it, and the field that was measured.

    The three cases of Richards et al. 2019, figure 3, from data: in the plane in which the Jacobian is
    largest, about the fixed point.

    Parameters
    ----------
    result
        Of ``neurofit.fields.WeightField.decompose``, of one field, with its ``jacobian``.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on, with a panel for each part: arrows of weight changes, over contours of the
        potential of the gradient part, higher where lighter. Each part with its share of the Jacobian.

    Raises
    ------
    SchemaError
        If there is no ``jacobian``, for there were fewer trials than synapses, or several fields.

    References
    ----------
    Richards et al. 2019, Nature Neuroscience 22:1761, doi:10.1038/s41593-019-0520-2
    """
    _need(result, "field_parts", ("jacobian", "gradient_share"))
    if result.jacobian.ndim != 2:
        raise SchemaError(f"field_parts draws one field; got dims {result.jacobian.dims}: take one with isel")
    jacobian = result.jacobian.values
    plane = _plane(jacobian)
    inside = plane.T @ jacobian @ plane
    symmetric, other = (inside + inside.T) / 2, (inside - inside.T) / 2
    share = float(result.gradient_share)
    ax = axes(ax, size=(7.0, 2.6))
    ax.set_axis_off()
    low, high = result.gradient_share_interval.values
    titles = (
        f"Gradient part: {share:.2f}",
        f"Rotational part: {1 - share:.2f}",
        f"Measured field: {WORDS[str(result.verdict.values)]}",
    )
    for place, (part, title) in enumerate(zip((symmetric, other, inside), titles, strict=True)):
        panel = ax.inset_axes((place * 0.345, 0.0, 0.31, 1.0))
        _arrows(panel, part, symmetric)
        panel.set_title(title)
        panel.set(xlabel="Weights, direction 1", ylabel="Direction 2" if not place else "")
    ax.figure.text(0.5, -0.04, f"95 % interval of the gradient's share {low:.2f} to {high:.2f}", ha="center")
    return ax


def _plane(jacobian: Numbers) -> Numbers:
    """The two directions in which J and its transpose are largest (synapse, 2)."""
    if len(jacobian) == 2:
        return np.eye(2)
    return np.linalg.eigh(jacobian @ jacobian.T + jacobian.T @ jacobian)[1][:, ::-1][:, :2]


def _arrows(panel: Axes, part: Numbers, symmetric: Numbers) -> None:
    side = np.linspace(-1, 1, 60)
    x, y = np.meshgrid(side, side)
    potential = (symmetric[0, 0] * x**2 + 2 * symmetric[0, 1] * x * y + symmetric[1, 1] * y**2) / 2
    panel.contourf(x, y, potential, levels=9, cmap=MAP, alpha=0.45)
    at = np.linspace(-0.85, 0.85, ARROWS)
    a, b = np.meshgrid(at, at)
    u, v = np.tensordot(part, np.stack([a, b]), axes=1)
    size = np.hypot(u, v).max()
    panel.quiver(
        a, b, u, v, color=INK, angles="xy", scale_units="xy", scale=max(5 * size, 1e-12), width=0.008
    )
    panel.set(xlim=(-1, 1), ylim=(-1, 1), aspect="equal", xticks=[], yticks=[])


@styled
def field_spectrum(result: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Eigenvalues of a field's Jacobian in the plane: on the real line, if it is a gradient in any metric.

    Parameters
    ----------
    result
        Of ``neurofit.fields.WeightField.decompose``, of one field, with its eigenvalues.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    SchemaError
        If ``result`` has no eigenvalues.
    """
    _need(result, "field_spectrum", ("eigenvalue_real", "eigenvalue_imaginary", "spectral_index"))
    if result.spectral_index.ndim:
        raise SchemaError(
            f"field_spectrum draws one field; got dims {result.spectral_index.dims}: take one with isel"
        )
    ax = axes(ax, size=(3.2, 2.8))
    ax.axhline(0, color=GREY, linewidth=0.8)
    ax.axvline(0, color=GREY, linewidth=0.8)
    ax.plot(result.eigenvalue_real, result.eigenvalue_imaginary, "o", color=BLUE, markersize=4)
    reach = 1.1 * float(np.abs([result.eigenvalue_real, result.eigenvalue_imaginary]).max())
    units = result.eigenvalue_real.attrs.get("units", "")
    ax.set(
        xlim=(-reach, reach),
        ylim=(-reach, reach),
        aspect="equal",
        xlabel=f"Real part ({units})",
        ylabel=f"Imaginary part ({units})",
        title=f"Spectral index {float(result.spectral_index):.3f}\n"
        f"(noise alone: up to {float(result.spectral_index_null):.3f})",
    )
    return ax


@styled
def field_shares(result: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """Gradient shares of one field, of several, or of one under alternatives, each beside a random field.

    Parameters
    ----------
    result
        Of ``neurofit.fields.WeightField.decompose`` or ``neurofit.fields.sensitivity``.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on: shares with 95 % intervals, filled where the field is identified, and a tick for
        the share of a random field.

    Raises
    ------
    SchemaError
        If ``result`` has no gradient shares.
    """
    _need(result, "field_shares", ("gradient_share", "gradient_share_interval", "identified"))
    dims = result.gradient_share.dims
    rows = result.expand_dims(POINT)
    if dims:
        rows = result.rename({dims[0]: POINT}) if len(dims) == 1 else result.stack({POINT: dims})
    at = np.arange(rows.sizes[POINT])
    ax = axes(ax, size=(5.2, 0.9 + 0.24 * len(at)))
    low, high = (rows.gradient_share_interval.sel({BOUND: end}).values for end in ("lower", "upper"))
    ax.hlines(at, low, high, color=BLUE, linewidth=1.0)
    known = rows.identified.values.astype(bool)
    for which, face in ((known, BLUE), (~known, "white")):
        ax.plot(
            rows.gradient_share.values[which], at[which], "o", color=BLUE, markerfacecolor=face, markersize=4
        )
    ax.plot(rows.gradient_share_null.values, at, "|", color=ORANGE, markersize=9, label="random field")
    ax.set_yticks(at, _names(rows, dims))
    ax.set(ylim=(len(at) - 0.5, -0.5), xlim=(-0.02, 1.02), xlabel="Gradient share of the field (95 %)")
    ax.legend(loc="lower left", bbox_to_anchor=(0, 1.0), borderaxespad=0)
    return ax


def _names(rows: xr.Dataset, dims: tuple[object, ...]) -> list[str]:
    if not dims:
        return ["field"]
    return [str(value) for value in rows[POINT].values]


@styled
def field_samples(table: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """How the gradient share settles with the number of trials or sessions, beside a random field.

    Parameters
    ----------
    table
        Of ``neurofit.fields.sensitivity``, with fewer ``rows``.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    SchemaError
        If ``table`` has no alternatives with fewer rows.
    """
    _need(table, "field_samples", ("gradient_share", "gradient_share_interval", "rows"))
    kept = table.isel({ALTERNATIVE: np.isin(table[KIND].values, ["rows", "as given"])}).sortby("rows")
    kept = kept.isel({ALTERNATIVE: np.isfinite(kept.rows.values)})
    ax = axes(ax)
    low, high = (kept.gradient_share_interval.sel({BOUND: end}) for end in ("lower", "upper"))
    ax.fill_between(kept.rows, low, high, color=BLUE, alpha=0.2, lw=0, label="95 % interval")
    ax.plot(kept.rows, kept.gradient_share, "o-", color=BLUE, markersize=4)
    ax.plot(kept.rows, kept.gradient_share_null, "--", color=ORANGE, label="random field")
    ax.set(xlabel="Trials or steps", ylabel="Gradient share", ylim=(-0.02, 1.02), xscale="log")
    ax.set_xticks(kept.rows.values, [f"{count:.0f}" for count in kept.rows.values], minor=False)
    ax.set_xticks([], minor=True)
    ax.legend(loc="best")
    return ax


@styled
def field_power(result: xr.Dataset, *, ax: Axes | None = None) -> Axes:
    """What an experiment can tell of a field, by its number of trials.

    Parameters
    ----------
    result
        Of ``neurofit.fields.power``.
    ax
        Where to draw; a new figure by default.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    SchemaError
        If ``result`` is none of ``fields.power``.
    """
    _need(result, "field_power", ("power", "false_positives", "identified"))
    ax = axes(ax)
    lines = (
        ("power", "o-", "finds curl"),
        ("identified", "s--", "field identified"),
        ("false_positives", "^:", "finds curl in a gradient"),
    )
    for (name, style, text), colour in zip(lines, COLOURS, strict=False):
        ax.plot(result.trials, result[name], style, color=colour, markersize=4, label=text)
    ax.axhline(0.8, color=GREY, linewidth=0.6)
    ax.set(xscale="log", ylim=(-0.02, 1.02), xlabel="Perturbations", ylabel="Share of experiments")
    ax.legend(loc="center right")
    return ax


def _need(result: xr.Dataset, who: str, names: tuple[str, ...]) -> None:
    missing = [name for name in names if name not in result]
    if missing:
        raise SchemaError(
            f"{who} draws a result of neurofit.fields; this one has no {listing(missing)}. A Jacobian takes "
            "more trials than synapses"
        )
