"""Which Gabor function comes closest to each filter, and how close."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import xarray as xr
from scipy.optimize import least_squares

from ..errors import SchemaError
from ..names import UNIT, X, Y
from ..provenance import label, stamp

Array = np.ndarray[Any, np.dtype[np.float64]]

SOURCE = "Ringach 2002, Journal of Neurophysiology 88:455, doi:10.1152/jn.2002.88.1.455"
SMALLEST = 4  # pixels along a side
THINNEST = 0.5  # pixels: below, an envelope is one pixel, and any filter has one
HIGHEST = 0.5  # cycles for each pixel
PLACES = (np.arange(6) - 2.5) / 6  # shares of the filter's size, from its middle
ORIENTATIONS = np.arange(12) * np.pi / 12
FREQUENCIES = (0.06, 0.1, 0.16, 0.25, 0.36)
ENVELOPES = ((0.1, 0.1), (0.1, 0.2), (0.2, 0.2), (0.1, 0.4), (0.4, 0.4))  # width and length, likewise
FITTED = {
    "r2": ("1", "share of the filter's sum of squares that the Gabor explains"),
    "orientation": ("degree", "of the bars, anticlockwise from horizontal, from 0 to 180"),
    "frequency": ("cycle/pixel", "spatial frequency"),
    "width": ("pixel", "SD of the envelope across the bars"),
    "length": ("pixel", "SD of the envelope along the bars"),
    "dx": ("pixel", "how far right of the filter's middle the envelope's lies"),
    "dy": ("pixel", "how far above the filter's middle the envelope's lies"),
}


def gabor_fit(filters: xr.DataArray) -> xr.Dataset:
    r"""Least-squares fit of a Gabor function to each filter.

    .. math::

        g(u, v) = e^{-u^2 / 2 \sigma_u^2 - v^2 / 2 \sigma_v^2}\, (a \cos 2 \pi f u + b \sin 2 \pi f u)

    with :math:`u` across the bars and :math:`v` along them. The best of a coarse grid of Gabors is refined;
    :math:`a` and :math:`b` are solved for. Any filter is explained in part: eight free numbers take up about
    that share of the sum of squares of pure noise, so compare with untrained filters of the same size.

    Parameters
    ----------
    filters
        Dims ``unit``, ``y``, ``x`` in any order, at least 4 x 4 pixels, row 0 the top: from ``nets.filters``,
        or receptive fields of neurons.

    Returns
    -------
    Dataset
        With dim ``unit`` and its coords: ``r2``, ``orientation``, ``frequency``, ``width`` and ``length``
        (SD of the envelope across and along the bars), ``dx`` and ``dy`` (its centre). NaN for a filter
        that is zero everywhere.

    Raises
    ------
    SchemaError
        If the filters have other dims, are too small or hold NaN.

    References
    ----------
    Ringach 2002, Journal of Neurophysiology 88:455, doi:10.1152/jn.2002.88.1.455

    Examples
    --------
    >>> from neurofit.nets import gratings
    >>> bars = gratings([30.0, 120.0], 0.0, 1.0, size=12, cycles=2)
    >>> fit = gabor_fit(xr.DataArray(bars, dims=("unit", "y", "x")))
    >>> fit.orientation.values.round(3).tolist(), fit.r2.values.round(3).tolist()
    ([30.0, 120.0], [1.0, 1.0])
    """
    _check(filters)
    values = filters.transpose(UNIT, Y, X).to_numpy().astype(float)
    rows, columns = values.shape[1:]
    y, x = np.indices((rows, columns)).reshape(2, -1)
    right, up = x - (columns - 1) / 2, (rows - 1) / 2 - y
    found = _fit(values.reshape(len(values), -1), right, up)
    fit = {
        name: label(xr.DataArray(column, dims=UNIT), units=units, long_name=long_name)
        for (name, (units, long_name)), column in zip(FITTED.items(), found.T, strict=True)
    }
    coords = {name: coord for name, coord in filters.coords.items() if coord.dims == (UNIT,)}
    return stamp(xr.Dataset(fit, coords), "nets.gabor_fit", sources=[filters], references=[SOURCE])


def _check(filters: xr.DataArray) -> None:
    if set(filters.dims) != {UNIT, Y, X}:
        raise SchemaError(
            f"filters need dims {(UNIT, Y, X)}, got {filters.dims}. Rename with filters.rename(...); "
            "choose a channel with filters.isel(channel=0)"
        )
    if min(filters.sizes[Y], filters.sizes[X]) < SMALLEST:
        raise SchemaError(
            f"a Gabor has more free numbers than a filter of {filters.sizes[Y]} x {filters.sizes[X]} pixels "
            f"can fix: give at least {SMALLEST} x {SMALLEST}"
        )
    if not np.isfinite(filters).all():
        raise SchemaError("filters hold NaN or infinite values: leave such units out")


def _fit(filters: Array, right: Array, up: Array) -> Array:
    """A row of ``FITTED`` for each filter (unit, pixel), whose pixels lie ``right`` of and ``up`` from it."""
    extent = np.array([np.ptp(right) + 1, np.ptp(up) + 1])
    size = extent.min()
    grid = np.array(
        [
            (dx * extent[0], dy * extent[1], angle, frequency, width * size, length * size)
            for dx, dy, angle, frequency, (width, length) in product(
                PLACES, PLACES, ORIENTATIONS, FREQUENCIES, ENVELOPES
            )
        ]
    )
    explained = sum((filters @ wave.T) ** 2 for wave in _waves(grid, right, up))
    best = grid[np.argmax(explained, axis=1)]
    free = (-np.inf, np.inf)
    ranges = [(right.min(), right.max()), (up.min(), up.max()), free, (0, HIGHEST)]
    ranges += [(THINNEST, extent.max())] * 2
    return np.array(
        [_refine(w, start, ranges, right, up) for w, start in zip(filters, best, strict=True)]
    ).reshape(-1, len(FITTED))


def _waves(gabors: Array, right: Array, up: Array) -> tuple[Array, Array]:
    """Two orthonormal waves (gabor, pixel) that span a Gabor of every phase."""
    dx, dy, angle, frequency, width, length = gabors.T[:, :, None]
    x, y = right - dx, up - dy
    across, along = y * np.cos(angle) - x * np.sin(angle), y * np.sin(angle) + x * np.cos(angle)
    envelope = np.exp(-(across**2) / (2 * width**2) - along**2 / (2 * length**2))
    phase = 2 * np.pi * frequency * across
    even = _unit(envelope * np.cos(phase))
    odd = envelope * np.sin(phase)
    return even, _unit(odd - (odd * even).sum(1, keepdims=True) * even)


def _unit(waves: Array) -> Array:
    length: Array = np.linalg.norm(waves, axis=1, keepdims=True)
    # A wave of frequency 0 has no odd part.
    return np.divide(waves, length, out=np.zeros_like(waves), where=length > 1e-9)


def _refine(
    target: Array, start: Array, ranges: list[tuple[float, float]], right: Array, up: Array
) -> list[float]:
    """The best Gabor near ``start``, as a row of ``FITTED``."""
    energy = target @ target
    if not energy:
        return [np.nan] * len(FITTED)
    scaled = target / np.sqrt(energy)

    def missed(gabor: Array) -> Array:
        waves = np.concatenate(_waves(gabor[None], right, up))
        return scaled - (waves @ scaled) @ waves

    low, high = np.array(ranges).T
    inside = np.clip(start, low + 1e-3, high - 1e-3)
    scale = (1, 1, 0.3, 0.05, 1, 1)
    fit = least_squares(missed, inside, bounds=(low, high), x_scale=scale, ftol=1e-6, max_nfev=40)
    dx, dy, angle, frequency, width, length = fit.x
    return [1 - 2 * fit.cost, np.rad2deg(angle) % 180, frequency, width, length, dx, dy]
