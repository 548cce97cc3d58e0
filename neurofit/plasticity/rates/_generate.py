"""The model that ``RateRule`` inverts: units whose inputs change with familiarity, as the rule says.

Stimulus s gives unit i the input h, of mean 0 and variance 1, and the rate

    phi(h) = r_m / (1 + exp(-beta (h - h0))).

Once s is familiar the input is h + dh, with dh = A f(phi(h)) and the post-synaptic factor of the rule

    f(r) = (2 q - 1 + tanh(beta_f (r - x_f))) / 2

(Lim et al. 2015, doi:10.1038/nn.4158; Pereira & Brunel 2018, doi:10.1016/j.neuron.2018.05.038).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ...names import FAMILIAR, STIMULUS, TRIAL, UNIT, WINDOW
from ...registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._inputs import Numbers

AMPLITUDE = 2.0  # in sd of the input


@dataclass(frozen=True)
class Population:
    """Parameters of units: arrays with dims (unit, 1), so that inputs (unit, stimulus) broadcast."""

    r_m: Numbers
    beta: Numbers
    h0: Numbers
    q: Numbers
    beta_f: Numbers
    x_f: Numbers
    amplitude: float = AMPLITUDE

    @classmethod
    def draw(cls, units: int, rng: np.random.Generator, *, amplitude: float = AMPLITUDE) -> Population:
        """Units around the published medians; scales and slopes vary by a tenth, as lognormals."""

        def around(median: float) -> Numbers:
            return median * np.exp(0.1 * rng.normal(size=(units, 1)))

        h0 = 2.5 + 0.2 * rng.normal(size=(units, 1))
        q = np.clip(0.83 + 0.05 * rng.normal(size=(units, 1)), 0.55, 0.95)
        return cls(around(76.0), around(0.82), h0, q, around(0.28), around(27.0), amplitude)

    def rate(self, h: Numbers) -> Numbers:
        """phi(h), in Hz."""
        return self.r_m / (1 + np.exp(-self.beta * (h - self.h0)))

    def input_of(self, rate: Numbers) -> Numbers:
        """The input h that gives a ``rate``."""
        return self.h0 + np.log(rate / (self.r_m - rate)) / self.beta

    def change(self, h: Numbers) -> Numbers:
        """Dh = A f(phi(h)), in sd of the input."""
        f = (2 * self.q - 1 + np.tanh(self.beta_f * (self.rate(h) - self.x_f))) / 2
        return self.amplitude * f

    def threshold(self) -> Numbers:
        """The input at which f = 0: depression below, potentiation above."""
        return self.input_of(self.x_f + np.arctanh(1 - 2 * self.q) / self.beta_f)[:, 0]


changes: Registry[Callable[[Population, Numbers], Numbers]] = Registry("change with familiarity")
inputs: Registry[Callable[[tuple[int, int], np.random.Generator], Numbers]] = Registry("input distribution")


@changes.register("none")
def _none(units: Population, h: Numbers) -> Numbers:
    """Familiar stimuli give the rates of novel ones."""
    return units.rate(h)


@changes.register("constant")
def _constant(units: Population, h: Numbers) -> Numbers:
    """Every input falls by .3 sd."""
    return units.rate(h - 0.3)


@changes.register("gain")
def _gain(units: Population, h: Numbers) -> Numbers:
    """Every rate is 1.3 times what it was."""
    return 1.3 * units.rate(h)


@changes.register("rule")
def _rule(units: Population, h: Numbers) -> Numbers:
    """Inputs change by the rule."""
    return units.rate(h + units.change(h))


@inputs.register("gaussian")
def _gaussian(shape: tuple[int, int], rng: np.random.Generator) -> Numbers:
    """Normal."""
    return rng.normal(size=shape)


@inputs.register("gamma")
def _gamma(shape: tuple[int, int], rng: np.random.Generator) -> Numbers:
    """Gamma of shape 4, skewed to strong inputs (skewness 1)."""
    return (rng.gamma(4.0, size=shape) - 4) / 2


@inputs.register("mirrored_gamma")
def _mirrored_gamma(shape: tuple[int, int], rng: np.random.Generator) -> Numbers:
    """The same, skewed to weak inputs."""
    return -_gamma(shape, rng)


def rates(
    units: Population,
    stimuli: int,
    rng: np.random.Generator,
    *,
    change: str = "rule",
    drive: str = "gaussian",
) -> tuple[Numbers, Numbers]:
    """Rates (unit, stimulus) for novel stimuli and for other, familiar ones, without noise."""
    shape = (len(units.r_m), stimuli)
    return units.rate(inputs[drive](shape, rng)), changes[change](units, inputs[drive](shape, rng))


def counts(
    units: Population,
    *,
    stimuli: int = 125,
    trials: int | tuple[int, int] = 10,
    change: str = "rule",
    drive: str = "gaussian",
    window: float = 0.12,
    rng: int | np.random.Generator | None = None,
) -> xr.DataArray:
    """Poisson counts (unit, stimulus, trial) in a ``window`` of seconds, with coord ``familiar(stimulus)``.

    ``trials`` may differ between novel and familiar stimuli: what was not shown is NaN.
    """
    rng = np.random.default_rng(rng)
    shown = (trials, trials) if isinstance(trials, int) else trials
    blocks = []
    for rate, number in zip(rates(units, stimuli, rng, change=change, drive=drive), shown, strict=True):
        block = np.full((*rate.shape, max(shown)), np.nan)
        block[..., :number] = rng.poisson(window * rate[..., None], size=(*rate.shape, number))
        blocks.append(block)
    familiar = np.repeat([False, True], stimuli)
    return xr.DataArray(
        np.concatenate(blocks, axis=1),
        {FAMILIAR: (STIMULUS, familiar)},
        (UNIT, STIMULUS, TRIAL),
        attrs={"units": "spikes", "long_name": "spike count", WINDOW: window},
    )
