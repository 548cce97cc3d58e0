"""Tuning curves over orientation and spatial frequency."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex128, Float64, Int64

Values = Float64[np.ndarray, "row unit"]
Groups = Int64[np.ndarray, " row"]
Curves = Float64[np.ndarray, "value unit"]
OfUnits = Float64[np.ndarray, " unit"]


def curves(values: Values, group: Groups) -> Curves:
    """Mean response to each value."""
    member = (group == np.arange(group.max() + 1)[:, None]).astype(np.float64)
    return (member / member.sum(axis=1, keepdims=True)) @ values


def centred(values: Values, strata: Groups) -> Values:
    """Responses without the mean of their stratum."""
    return values - curves(values, strata)[strata]


def resultant_length(values: Values, group: Groups, direction: Complex128[np.ndarray, " value"]) -> OfUnits:
    """Length of the sum over values of the mean response times its ``direction`` on the unit circle."""
    curve = curves(values, group)
    return np.hypot(direction.real @ curve, direction.imag @ curve)


def share_between(values: Values, group: Groups) -> OfUnits:
    """Share of the variance of responses that lies between the values: eta squared, in [0, 1]."""
    total = ((values - values.mean(axis=0)) ** 2).sum(axis=0)
    deviation = (curves(values, group) - values.mean(axis=0)) ** 2
    between = np.bincount(group).astype(np.float64) @ deviation
    return np.divide(between, total, out=np.zeros_like(total), where=total > 0)


def first_harmonic(
    cycle: Float64[np.ndarray, "row phase unit"], phase: Float64[np.ndarray, " phase"]
) -> Float64[np.ndarray, "row unit"]:
    """Amplitude of the first harmonic over phases (degrees), which are even on the circle."""
    wave = np.exp(1j * np.deg2rad(phase))
    real, imaginary = (np.einsum("p,rpu->ru", part, cycle) for part in (wave.real, wave.imag))
    amplitude: Float64[np.ndarray, "row unit"] = 2 / len(phase) * np.hypot(real, imaginary)
    return amplitude


def half_height(curve: Curves, octave: Float64[np.ndarray, " value"]) -> tuple[OfUnits, OfUnits]:
    """Where a curve over octaves peaks, and its full width at half of the peak; the width NaN if unseen.

    Linear between values. A curve that stays above half of its peak on one side is low- or high-pass.
    """
    peak = octave[curve.argmax(axis=0)]
    width = np.full(curve.shape[1], np.nan)
    for unit, response in enumerate(curve.T):
        top = int(response.argmax())
        if response[top] <= 0:
            continue
        sides = [
            _crossing(response[top::-1], octave[top::-1]),
            _crossing(response[top:], octave[top:]),
        ]
        width[unit] = sides[1] - sides[0]
    return peak, width


def _crossing(response: Float64[np.ndarray, " side"], octave: Float64[np.ndarray, " side"]) -> float:
    """Where a response falls to half of its first entry, going away from it; NaN if nowhere."""
    below = np.flatnonzero(response <= response[0] / 2)
    if not below.size:
        return float("nan")
    after = below[0]
    share = (response[after - 1] - response[0] / 2) / (response[after - 1] - response[after])
    return float(octave[after - 1] + share * (octave[after] - octave[after - 1]))
