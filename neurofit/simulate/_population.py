"""Poisson neurons driven by the units of a network's layer: arrays in, arrays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Float, Int

from ..registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

Layer = Float[np.ndarray, "stimulus artificial"]
Drives = Float[np.ndarray, "stimulus unit"]

BASELINE = 3.0  # Hz, without drive; median over neurons
DRIVE = 8.0  # Hz for one standard deviation of the layer's activity; median over neurons
SPREAD = 0.5  # sd of log baseline and of log gain over neurons
GAIN_NOISE = 0.2  # sd over trials of the log gain shared by all neurons, and again by those of one area
SHARED_NOISE = 0.15  # sd of the loadings of an area's two latent factors on log rate
SAMPLING_RATE = 30_000.0  # Hz, as an acquisition system rounds spike times


readouts: Registry[Callable[[Layer, int, np.random.Generator], Drives]] = Registry("readout")


@readouts.register("mixture")
def mixture(activations: Layer, n_units: int, rng: np.random.Generator) -> Drives:
    """Each neuron sums all units of the layer with random weights, which keeps distances on average.

    (Johnson & Lindenstrauss 1984, doi:10.1090/conm/026/737400.)
    """
    return activations @ rng.normal(size=(activations.shape[1], n_units))


@readouts.register("single")
def single(activations: Layer, n_units: int, rng: np.random.Generator) -> Drives:
    """Each neuron follows one unit of the layer, drawn from those that tell the stimuli apart."""
    spread = activations.std(axis=0)
    telling = np.flatnonzero(spread > 1e-3 * spread.max())
    return activations[:, rng.choice(telling, n_units, replace=len(telling) < n_units)]


def rates(drives: Drives, rng: np.random.Generator) -> Drives:
    """Rates (Hz) of neurons: ``baseline + gain * (drive - its minimum) / sd of the drives``.

    There is one sd for all neurons and a gain for each, so that the geometry of the drives is kept but for
    the neurons' own gains.
    """
    baseline, gain = np.exp(SPREAD * rng.normal(size=(2, drives.shape[1])))
    scale = np.sqrt(np.mean(drives.std(axis=0) ** 2))
    return BASELINE * baseline + DRIVE * gain * (drives - drives.min(axis=0)) / scale


def trial_gains(
    n_trials: int, n_units: int, common: Float[np.ndarray, " trial"], rng: np.random.Generator
) -> Float[np.ndarray, "trial unit"]:
    """Factors on the rates of one area's neurons: ``common`` gain, the area's own, and two latent factors.

    The mean over trials is about 1, so that noise moves no tuning curve.
    """
    own = GAIN_NOISE * rng.normal(size=(n_trials, 1))
    loadings = SHARED_NOISE * rng.normal(size=(2, n_units))
    latents = rng.normal(size=(n_trials, 2)) @ loadings
    variance = 2 * GAIN_NOISE**2 + (loadings**2).sum(axis=0)
    return np.exp(common[:, None] + own + latents - variance / 2)


def spike_times(
    starts: Float[np.ndarray, " interval"],
    durations: Float[np.ndarray, " interval"],
    expected: Float[np.ndarray, "interval unit"],
    rng: np.random.Generator,
) -> list[Float[np.ndarray, " spike"]]:
    """Sorted spike times (s) of Poisson neurons with rates (``expected``, Hz) constant in each interval."""
    counts: Int[np.ndarray, "interval unit"] = rng.poisson(expected * durations[:, None])
    times = []
    for count in counts.T:
        inside = rng.random(count.sum()) * np.repeat(durations, count)
        raw = np.repeat(starts, count) + inside
        # Two spikes at one tick of the clock are one.
        times.append(np.unique(np.round(raw * SAMPLING_RATE)) / SAMPLING_RATE)
    return times
