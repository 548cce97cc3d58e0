"""How every figure looks: legible in a column, in colours that everybody can tell apart."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

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


def styled(draw: Callable[..., Axes]) -> Callable[..., Axes]:
    """``draw``, in this style where it makes its own figure; on Axes that are given, theirs holds."""

    @wraps(draw)
    def drawn(*args: Any, ax: Axes | None = None, **kwargs: Any) -> Axes:
        if ax is not None:
            return draw(*args, ax=ax, **kwargs)
        import matplotlib as mpl

        with mpl.rc_context(RC):
            ax = draw(*args, **kwargs)
            interactive = mpl.is_interactive()
        # A notebook's backend turns this on with its first figure; turned back, it would show no later ones.
        mpl.interactive(interactive)
        return ax

    return drawn


def axes(ax: Axes | None, *, size: tuple[float, float] = (3.5, 2.6)) -> Axes:
    """``ax``, or that of a new figure of this ``size`` in inches."""
    if ax is not None:
        return ax
    import matplotlib.pyplot as plt

    return plt.subplots(figsize=size, layout="constrained")[1]
