"""How every figure looks: legible in a column, in colours that everybody can tell apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe & Ito 2008, "Color universal design": told apart with any kind of colour vision, and in grey.
INK = "#000000"
BLUE = "#0072B2"
ORANGE = "#D55E00"
GREY = "#767676"
COLOURS = (BLUE, ORANGE, "#009E73", "#CC79A7", "#E69F00", "#56B4E9")

MAP = "cividis"  # even in lightness, and made for colour-blind eyes: Nunez et al. 2018

RC: Any = {
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.labelsize": 8,
    "xtick.labelsize": 7.5,
    "ytick.labelsize": 7.5,
    "legend.fontsize": 7.5,
    "legend.frameon": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "lines.linewidth": 1.2,
    "svg.hashsalt": "neurofit",  # the same data give the same file
    "svg.fonttype": "path",  # looks the same where the font is missing
    "figure.dpi": 120,
    "savefig.dpi": 200,
}


def axes(ax: Axes | None) -> Axes:
    """``ax``, or that of a new figure."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    with plt.rc_context(RC):
        return plt.subplots(figsize=(3.5, 2.6), layout="constrained")[1]
