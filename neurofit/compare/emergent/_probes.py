"""Stimuli that tell what units are tuned to."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ...errors import SchemaError
from ...names import CHANNEL, COMPONENT, STIMULUS, STIMULUS_ID, X, Y
from ...provenance import label

if TYPE_CHECKING:
    from collections.abc import Sequence


def probe_gratings(
    input_shape: tuple[int, int, int],
    *,
    orientations: int = 8,
    cycles: Sequence[float] = (1.0, 2.0, 3.0, 4.0),
    phases: int = 4,
    contrast: float = 1.0,
) -> xr.DataArray:
    """Gratings of every orientation, spatial frequency and phase, as images that a network takes.

    Parameters
    ----------
    input_shape
        (channel, y, x) of the images, square: ``network.input_shape``. All channels show the same.
    orientations
        How many, evenly spaced over 180 degrees from 0 (horizontal bars), anticlockwise.
    cycles
        Spatial frequencies, in cycles for each image width, above 0 and at most half the number of pixels.
    phases
        How many, evenly spaced over 360 degrees.
    contrast
        Amplitude in the middle of the image, in the units of the network's task.

    Returns
    -------
    DataArray
        Dims ``stimulus``, ``channel``, ``y``, ``x``; coords ``stimulus_id``, ``orientation`` (degrees),
        ``spatial_frequency`` (cycles per image), ``phase`` (degrees).

    Raises
    ------
    SchemaError
        If images are not square, or a frequency cannot be shown on so few pixels.

    Examples
    --------
    >>> dict(probe_gratings((1, 16, 16), cycles=(1, 2), phases=3).sizes)
    {'stimulus': 48, 'channel': 1, 'y': 16, 'x': 16}
    """
    from ... import nets

    channels, height, width = input_shape
    if height != width or min(cycles) <= 0 or max(cycles) > width / 2:
        raise SchemaError(
            f"gratings need square images and frequencies in (0, {width / 2:g}] cycles per image; got "
            f"{height} x {width} pixels and {list(cycles)}"
        )
    angles, lags = np.arange(orientations) * 180 / orientations, np.arange(phases) * 360 / phases
    shown = np.array(list(product(cycles, angles, lags)), np.float64)
    parts = [
        nets.gratings(angle, phase, np.full_like(phase, contrast), size=width, cycles=each)
        for each in cycles
        for angle, phase in [shown[shown[:, 0] == each, 1:].T]
    ]
    images = np.repeat(np.concatenate(parts)[:, None], channels, axis=1).astype(np.float32)
    frequency, orientation, phase = shown.T
    ids = [f"ori{a:05.1f}_sf{k:g}_phase{p:05.1f}" for k, a, p in shown]
    coords = {
        STIMULUS_ID: (STIMULUS, ids),
        "orientation": (STIMULUS, orientation, {"units": "degrees"}),
        "spatial_frequency": (STIMULUS, frequency, {"units": "cycles per image"}),
        "phase": (STIMULUS, phase, {"units": "degrees"}),
    }
    stimuli = xr.DataArray(images, coords, (STIMULUS, CHANNEL, Y, X), name="stimuli")
    return label(stimuli, units="1", long_name="gratings, pixel value")


def probe_positions(*, positions: int = 20, extent: float = 1.0) -> xr.DataArray:
    """Positions on a grid over a square arena, for a network that takes coordinates.

    Parameters
    ----------
    positions
        How many along a side. Twice as many as the bins of ``compare.tunings["place"]``, or more.
    extent
        Length of a side, in the units of the network's task.

    Returns
    -------
    DataArray
        Dims ``stimulus`` and ``component`` (x, y); coords ``stimulus_id``, ``x``, ``y``. Positions lie in the
        middle of equal squares.

    Examples
    --------
    >>> probe_positions(positions=2).values.tolist()
    [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]
    """
    side = (np.arange(positions) + 0.5) * extent / positions
    y, x = (axis.ravel() for axis in np.meshgrid(side, side, indexing="ij"))
    coords = {
        STIMULUS_ID: (STIMULUS, [f"position{index:04d}" for index in range(x.size)]),
        COMPONENT: [X, Y],
        X: (STIMULUS, x),
        Y: (STIMULUS, y),
    }
    stimuli = xr.DataArray(np.stack([x, y], axis=1), coords, (STIMULUS, COMPONENT), name="stimuli")
    return label(stimuli, units="1", long_name="position in the arena")
