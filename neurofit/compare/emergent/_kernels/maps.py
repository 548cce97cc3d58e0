"""Maps of responses over an arena: information and fields."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float64, Int64
from scipy import ndimage

Values = Float64[np.ndarray, "row unit"]
Bins = Int64[np.ndarray, " row"]
Maps = Float64[np.ndarray, "bin unit"]
OfUnits = Float64[np.ndarray, " unit"]
Map = Float64[np.ndarray, "y x"]


def bin_means(values: Values, place: Bins, counts: Int64[np.ndarray, " bin"]) -> Maps:
    """Mean response in each bin; NaN in a bin without samples."""
    starts = (np.cumsum(counts) - counts)[counts > 0]
    means = np.full((len(counts), values.shape[1]), np.nan)
    means[counts > 0] = np.add.reduceat(values[np.argsort(place, kind="stable")], starts, axis=0)
    return means / np.maximum(counts, 1)[:, None]


def information(values: Values, place: Bins, counts: Int64[np.ndarray, " bin"]) -> OfUnits:
    """Skaggs' information in bits for each event; NaN for a unit that falls below zero or is silent."""
    seen = counts > 0
    share = counts[seen] / counts.sum()
    rates = bin_means(values, place, counts)[seen]
    mean = share @ rates
    defined = (mean > 0) & (values.min(axis=0) >= 0)
    relative = np.divide(rates, mean, out=np.ones_like(rates), where=defined)
    bits = relative * np.log2(relative, out=np.zeros_like(relative), where=relative > 0)
    return np.where(defined, share @ bits, np.nan)


def fields(rate: Map, seen: Bool[np.ndarray, "y x"], threshold: float, smallest: int) -> tuple[int, float]:
    """Number of fields (bins that touch and reach ``threshold`` of the peak), and the largest's share."""
    high = seen & (np.where(seen, rate, -np.inf) >= threshold * rate[seen].max())
    labelled, _ = ndimage.label(high)
    sizes = np.bincount(labelled.ravel())[1:]
    sizes = sizes[sizes >= smallest]
    return len(sizes), float(sizes.max(initial=0) / seen.sum())
