"""How hexagonal a map is: its autocorrelogram against itself turned round."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from jaxtyping import Bool, Complex128, Float64, Int64
from scipy import fft

Maps = Float64[np.ndarray, "map y x"]
Seen = Bool[np.ndarray, "y x"]
Correlograms = Float64[np.ndarray, "map lag_y lag_x"]
Waves = Complex128[np.ndarray, "#map frequency_y frequency_x"]
OfMaps = Float64[np.ndarray, " map"]

SYMMETRIC, OTHER = (60.0, 120.0), (30.0, 90.0, 150.0)
WIDEST = 0.75  # of the arena's shorter side: at larger lags too few bins overlap
FEWEST_RINGS = 3


def autocorrelograms(maps: Maps, seen: Seen) -> Correlograms:
    r"""Pearson correlation of each map with itself shifted, over the bins seen in both.

    .. math::

        r(\tau) = \frac{n \sum a b - \sum a \sum b}
                       {\sqrt{(n \sum a^2 - (\sum a)^2)(n \sum b^2 - (\sum b)^2)}}

    with :math:`a` the map, :math:`b` the shifted one, :math:`n` the bins of overlap. The middle is lag 0.
    """
    mean = (maps * seen).sum(axis=(1, 2), keepdims=True) / seen.sum()
    centred = np.where(seen, maps - mean, 0.0)
    size = [2 * side - 1 for side in seen.shape]
    one, first, second = (_transform(part, size) for part in (seen[None].astype(float), centred, centred**2))
    n = np.round(_overlaps(one, one, size))
    product = n * _overlaps(first, first, size)
    sum_a, square_a = _overlaps(first, one, size), n * _overlaps(second, one, size)
    # What the shifted map sums to at a lag is what the map sums to at the opposite one.
    sum_b, square_b = sum_a[:, ::-1, ::-1], square_a[:, ::-1, ::-1]
    variance = (square_a - sum_a**2) * (square_b - sum_b**2)
    varies = variance > 1e-12 * (variance.max(axis=(1, 2), keepdims=True) + np.finfo(float).tiny)
    scale = np.sqrt(np.where(varies, variance, 1.0))
    return np.where(varies, np.clip((product - sum_a * sum_b) / scale, -1, 1), 0.0)


def gridness(correlograms: Correlograms) -> tuple[OfMaps, OfMaps]:
    r"""Score of each autocorrelogram, and the spacing of its ring of peaks in bins; NaN without a ring.

    .. math:: \min(r_{60}, r_{120}) - \max(r_{30}, r_{90}, r_{150})

    with :math:`r_\varphi` the correlation with the correlogram turned by :math:`\varphi`, in a ring about the
    central peak: from where that peak ends to the radius for which the score is largest.
    """
    _, height, width = correlograms.shape
    ring, inside, turned = _geometry(height, width)
    pixels = correlograms[:, inside]
    rings = int(ring.max()) + 1
    members = (ring == np.arange(rings)[:, None]).astype(float).T
    profile = (pixels @ members) / members.sum(axis=0)
    start = _end_of_centre(profile)
    whole = correlograms.reshape(len(correlograms), -1)
    r = {
        angle: _ring_correlation(pixels, (turn @ whole.T).T, members, start) for angle, turn in turned.items()
    }
    score = np.minimum(*(r[a] for a in SYMMETRIC)) - np.maximum.reduce([r[a] for a in OTHER])
    wide_enough = np.arange(rings) >= start[:, None] + FEWEST_RINGS
    best = np.where(wide_enough, score, -np.inf).max(axis=1)
    beyond = np.where(np.arange(rings) >= start[:, None], profile, -np.inf)
    spacing = beyond.argmax(axis=1).astype(float)
    exists = np.isfinite(best)
    return np.where(exists, best, np.nan), np.where(exists, spacing, np.nan)


def isotropic_surrogates(map_: Float64[np.ndarray, "y x"], seen: Seen, draws: int, rng: Any) -> Maps:
    """Random maps as smooth as the given one but without directions: its spectrum averaged round the circle.

    The spectrum is that of the map in a frame of zeros twice its size, so that opposite walls stay apart.
    """
    centred = np.where(seen, map_ - map_[seen].mean(), 0.0)
    size = [2 * side for side in seen.shape]
    power = np.abs(fft.fft2(centred, size)) ** 2
    frequency = np.hypot(fft.fftfreq(size[0])[:, None], fft.fftfreq(size[1])[None, :])
    shell = np.round(frequency * max(size)).astype(np.int64)
    mean = np.bincount(shell.ravel(), power.ravel()) / np.bincount(shell.ravel())
    noise = fft.fft2(rng.standard_normal((draws, *size)), axes=(1, 2))
    return fft.ifft2(noise * np.sqrt(mean[shell]), axes=(1, 2)).real[:, : seen.shape[0], : seen.shape[1]]


def _transform(maps: Maps, size: list[int]) -> Waves:
    return fft.rfft2(maps, [fft.next_fast_len(side, real=True) for side in size])


def _overlaps(a: Waves, b: Waves, size: list[int]) -> Correlograms:
    """Sum over bins of a(bin) b(bin + lag), lag 0 in the middle."""
    full = [fft.next_fast_len(side, real=True) for side in size]
    sums = fft.irfft2(a.conj() * b, full)
    rows, columns = (np.arange(-(side // 2), side // 2 + 1) for side in size)
    return sums[:, rows[:, None], columns]


def _end_of_centre(profile: Float64[np.ndarray, "map ring"]) -> Int64[np.ndarray, " map"]:
    """First ring at which the radial mean is below zero or stops falling."""
    ended = profile[:, 1:-1] <= np.minimum(profile[:, 2:], np.inf)
    ended |= profile[:, 1:-1] <= 0
    never = ~ended.any(axis=1)
    return np.where(never, profile.shape[1], ended.argmax(axis=1) + 1)


@cache
def _geometry(height: int, width: int) -> tuple[Any, Any, dict[float, Any]]:
    """Ring of each pixel of the disk, the disk's pixels, and matrices that turn a correlogram's disk."""
    from scipy.sparse import csr_array

    y, x = np.indices((height, width), dtype=float)
    y, x = y - height // 2, x - width // 2
    radius = np.hypot(y, x)
    inside = radius <= WIDEST * (min(height, width) + 1) / 2
    ring = np.round(radius[inside]).astype(np.int64)
    turned = {}
    for angle in (*SYMMETRIC, *OTHER):
        c, s = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
        row = c * y[inside] - s * x[inside] + height // 2
        column = s * y[inside] + c * x[inside] + width // 2
        turned[angle] = csr_array(_bilinear(row, column, (height, width)))
    return ring, inside, turned


def _bilinear(row: Any, column: Any, shape: tuple[int, int]) -> Any:
    """Matrix that takes an image to its values between pixels."""
    from scipy.sparse import coo_array

    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    down, right = row - top, column - left
    at, entries, weights = [], [], []
    for i, j, weight in (
        (0, 0, (1 - down) * (1 - right)),
        (0, 1, (1 - down) * right),
        (1, 0, down * (1 - right)),
        (1, 1, down * right),
    ):
        at.append(np.arange(len(row)))
        rows, columns = np.minimum(top + i, shape[0] - 1), np.minimum(left + j, shape[1] - 1)
        entries.append(np.ravel_multi_index((rows, columns), shape))
        weights.append(weight)
    place = (np.concatenate(at), np.concatenate(entries))
    return coo_array((np.concatenate(weights), place), shape=(len(row), shape[0] * shape[1]))


def _ring_correlation(
    a: Float64[np.ndarray, "map pixel"],
    b: Float64[np.ndarray, "map pixel"],
    members: Float64[np.ndarray, "pixel ring"],
    start: Int64[np.ndarray, " map"],
) -> Float64[np.ndarray, "map ring"]:
    """Pearson correlation of a and b from ring ``start`` of each map to every further ring."""
    begun = np.arange(members.shape[1]) >= start[:, None]

    def total(values: Float64[np.ndarray, "*map pixel"]) -> Float64[np.ndarray, "map ring"]:
        return np.cumsum(np.where(begun, values @ members, 0.0), axis=1)

    n = np.maximum(total(np.ones((1, len(members)))), 1.0)
    mean_a, mean_b = total(a) / n, total(b) / n
    covariance = total(a * b) / n - mean_a * mean_b
    variance = (total(a * a) / n - mean_a**2) * (total(b * b) / n - mean_b**2)
    return np.divide(
        covariance, np.sqrt(np.maximum(variance, 0)), out=np.zeros_like(n), where=variance > 1e-20
    )
