"""Ranks, transfer functions and crossings, on plain arrays."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import ndtr, ndtri

Row = Float[np.ndarray, " stimulus"]
Levels = Float[np.ndarray, " level"]
Known = Float[np.ndarray, " known"]
Curve = Float[np.ndarray, "*draw point"]

# Inputs at which curves are given, in sd; each stands for the share of stimuli that N(h) gives it.
GRID = np.linspace(-2.0, 2.0, 41)
WEIGHT = np.exp(-(GRID**2) / 2) / np.exp(-(GRID**2) / 2).sum()


def normal_scores(count: int) -> Row:
    """Inputs z_k = Phi^-1((k - 1/2) / S) of the ranks k = 1 ... S."""
    return ndtri((np.arange(count) + 0.5) / count)


def transfer(rates: Row) -> tuple[Levels, Levels]:
    """Inputs and rates of a step-free transfer function: tied rates are one point, at their mid-rank."""
    levels, copies = np.unique(rates, return_counts=True)
    return ndtri((copies.cumsum() - copies / 2) / len(rates)), levels


def quantile_change(
    novel: Row, familiar: Row, at: Float[np.ndarray, " point"]
) -> tuple[Float[np.ndarray, " point"], Bool[np.ndarray, " point"]]:
    """Change of input dh(p) = phi^-1(Q_familiar(p)) - z(p) at the inputs ``at``, and where it is unknown.

    phi is the novel transfer function, through the points of ``transfer``. Familiar rates outside the range
    of novel ones have no input: the change there is NaN, and flagged.
    """
    return change_between(transfer(novel), transfer(familiar), at)


def change_between(
    novel: tuple[Levels, Levels], familiar: tuple[Known, Known], at: Float[np.ndarray, " point"]
) -> tuple[Float[np.ndarray, " point"], Bool[np.ndarray, " point"]]:
    """The same from two functions of ``transfer``."""
    (z, levels), (z_familiar, levels_familiar) = novel, familiar
    if len(levels) < 2:
        return np.full(len(at), np.nan), np.ones(len(at), dtype=bool)
    rate = np.interp(at, z_familiar, levels_familiar)
    outside = (rate < levels[0]) | (rate > levels[-1]) | (at < z_familiar[0]) | (at > z_familiar[-1])
    return np.where(outside, np.nan, np.interp(rate, levels, z) - at), outside


def deepest_crossing(change: Curve, weight: Float[np.ndarray, " point"]) -> Float[np.ndarray, "*draw"]:
    """Index, with its fraction, at which a curve crosses from below 0 to above; NaN where it never does.

    Of several crossings it is the one that best parts depression from potentiation: where the weighted sum of
    what lies before it is lowest.
    """
    known = np.nan_to_num(change) * weight
    low = np.minimum(0.0, known.cumsum(axis=-1))
    last = low.argmin(axis=-1)
    following = np.minimum(last + 1, change.shape[-1] - 1)
    before = np.take_along_axis(change, last[..., None], axis=-1)[..., 0]
    after = np.take_along_axis(change, following[..., None], axis=-1)[..., 0]
    with np.errstate(invalid="ignore", divide="ignore"):
        found = last + before / (before - after)
    # A curve may touch 0 before it rises; one that only comes up to 0 does not cross.
    rises = (np.where(np.arange(change.shape[-1]) > last[..., None], known, 0.0) > 0).any(axis=-1)
    return np.where((before < 0) & (after >= 0) & rises, found, np.nan)


def offset_and_gain(change: Curve) -> tuple[np.ndarray, np.ndarray]:
    """Mean of the change over stimuli, and its slope on the input: dh ~ offset + gain h, weighted by N(h)."""
    weight = np.where(np.isnan(change), 0.0, WEIGHT)
    weight = weight / np.maximum(weight.sum(axis=-1, keepdims=True), 1e-12)
    value = np.nan_to_num(change)
    mean, centre = (weight * value).sum(axis=-1), (weight * GRID).sum(axis=-1)
    spread = (weight * GRID**2).sum(axis=-1) - centre**2
    slope = ((weight * value * GRID).sum(axis=-1) - mean * centre) / np.maximum(spread, 1e-12)
    return mean - slope * centre, slope


def sampling_error(stimuli: float, at: Curve) -> Curve:
    """Standard error of a quantile curve that S stimuli of each kind leave, without any noise.

    Both quantiles scatter by sqrt(p (1 - p) / S) / N(z): together sqrt(2) times that, in sd of the input.
    """
    density = np.exp(-(at**2) / 2) / np.sqrt(2 * np.pi)
    share = ndtr(at)
    return np.sqrt(2 * share * (1 - share) / stimuli) / density
