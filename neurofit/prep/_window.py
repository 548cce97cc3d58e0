"""A window around an event, in steps of one width."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import SchemaError

if TYPE_CHECKING:
    from ._groups import Array


def edges(window: tuple[float, float], width: float | None) -> Array:
    """Edges of the bins, in seconds from the time that trials are aligned to."""
    start, stop = map(float, window)
    width = stop - start if width is None else float(width)
    if not (np.isfinite([start, stop]).all() and stop > start and width > 0):
        raise SchemaError(
            f"the window must end after it starts, and bins have a width; got {window}, {width}"
        )
    bins = round((stop - start) / width)
    if bins < 1 or not np.isclose(bins * width, stop - start, rtol=1e-9, atol=0):
        raise SchemaError(
            f"the window {window} is no whole number of bins of {width} s, "
            f"but {(stop - start) / width:.6g}; with {max(bins, 1)} bins it would end at "
            f"{start + max(bins, 1) * width:.6g} s"
        )
    # Rounded, so that the third bin of 0.1 s starts at 0.3 and not at 0.30000000000000004.
    bounds = np.round(start + width * np.arange(bins + 1), 12)
    bounds[[0, -1]] = start, stop
    return bounds
