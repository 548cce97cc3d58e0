"""What familiarity may do to rates: nothing, a constant, a gain, or a rule.

All alternatives share the transfer function phi(h) = r_m / (1 + exp(-beta (h - h0))), whose parameters are
log r_m, log beta and h0. What they add is in normalised units, u = (r - mean) / sd of the unit's novel rates,
so that one prior suits all units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from ...registry import Registry
from ._likelihood import LogRate, Model

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._inputs import Unit

Numbers = np.ndarray
TRANSFER = 3


@dataclass(frozen=True)
class Scale:
    """Mean and sd of a unit's novel rates, and the highest rate it was seen at."""

    mean: float
    sd: float
    highest: float

    @classmethod
    def of(cls, unit: Unit) -> Scale:
        """From the counts; what the scatter of counts adds to the variance is taken off."""
        rate = unit.novel.rate
        noise = unit.fano * np.mean(rate / (unit.novel.trials * unit.novel.window))
        variance = max(rate.var() - noise, 0.1 * rate.var(), 1e-6)
        return cls(
            float(rate.mean()), float(np.sqrt(variance)), float(max(rate.max(), unit.familiar.rate.max()))
        )


@dataclass(frozen=True)
class Alternative:
    """A change with familiarity.

    Parameters
    ----------
    about
        What changes.
    mean, sd
        Normal prior of each parameter that it adds to the transfer function.
    familiar
        Takes parameters, inputs and scale, gives the log rate of familiar stimuli and its derivatives.
    """

    about: str
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    familiar: Callable[[Numbers, Numbers, Scale], LogRate]

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        """What the registry prints of it."""
        return self.about

    def model(self, scale: Scale) -> Model:
        """The alternative for one unit, with weak priors."""
        mean = np.array([np.log(1.5 * scale.highest), 0.0, 1.5, *self.mean])
        sd = np.array([0.7, 0.7, 1.5, *self.sd])

        def log_rates(theta: Numbers, h: Numbers) -> tuple[LogRate, LogRate]:
            log_rate, jacobian = transfer(theta, h)
            padded = np.pad(jacobian, ((0, 0), (0, len(theta) - TRANSFER)))
            return (log_rate, padded), self.familiar(theta, h, scale)

        return Model(log_rates, mean, np.diag(sd**-2))


def transfer(theta: Numbers, h: Numbers) -> LogRate:
    """Log phi(h), and its derivatives by log r_m, log beta and h0."""
    beta, h0 = np.exp(theta[1]), theta[2]
    drive = beta * (h - h0)
    room = expit(-drive)
    return theta[0] - np.logaddexp(0, -drive), np.stack([np.ones_like(h), room * drive, -beta * room], axis=1)


def change(theta: Numbers, rate: Numbers, scale: Scale) -> tuple[Numbers, Numbers, Numbers]:
    """The rule dh = a + b tanh(kappa (u - u0)), its derivatives by a, b, log kappa, u0, and by the rate.

    It is A f(r) with A = 2 b, q = (a / b + 1) / 2, beta_f = kappa / sd and x_f = mean + u0 sd.
    """
    a, b, kappa, u0 = theta[3], theta[4], np.exp(theta[5]), theta[6]
    off = (rate - scale.mean) / scale.sd - u0
    bend = np.tanh(kappa * off)
    steep = b * (1 - bend**2) * kappa
    own = np.stack([np.ones_like(bend), bend, steep * off, -steep], axis=1)
    return a + b * bend, own, steep / scale.sd


def _shifted(theta: Numbers, h: Numbers, delta: Numbers, by: Numbers) -> LogRate:
    """Log phi(h + delta), where delta has the derivatives ``by`` (node, parameter)."""
    log_rate, jacobian = transfer(theta, h + delta)
    slope = np.exp(theta[1]) * expit(-np.exp(theta[1]) * (h + delta - theta[2]))
    jacobian = np.pad(jacobian, ((0, 0), (0, len(theta) - TRANSFER)))
    return log_rate, jacobian + slope[:, None] * by


def _same(theta: Numbers, h: Numbers, scale: Scale) -> LogRate:  # noqa: ARG001
    return transfer(theta, h)


def _constant(theta: Numbers, h: Numbers, scale: Scale) -> LogRate:  # noqa: ARG001
    by = np.zeros((len(h), len(theta)))
    by[:, TRANSFER] = 1
    return _shifted(theta, h, np.full_like(h, theta[TRANSFER]), by)


def _gain(theta: Numbers, h: Numbers, scale: Scale) -> LogRate:  # noqa: ARG001
    log_rate, jacobian = transfer(theta, h)
    return log_rate + theta[TRANSFER], np.concatenate([jacobian, np.ones((len(h), 1))], axis=1)


def _rule(theta: Numbers, h: Numbers, scale: Scale) -> LogRate:
    log_rate, jacobian = transfer(theta, h)
    rate = np.exp(log_rate)
    delta, own, by_rate = change(theta, rate, scale)
    return _shifted(theta, h, delta, np.concatenate([(by_rate * rate)[:, None] * jacobian, own], axis=1))


alternatives: Registry[Alternative] = Registry("change with familiarity")
for _name, _entry in {
    "none": Alternative("Rates stay as they are.", (), (), _same),
    "constant": Alternative("Every input changes by as much.", (0.0,), (1.0,), _constant),
    "gain": Alternative("Every rate changes by a factor.", (0.0,), (1.0,), _gain),
    "rule": Alternative(
        "Inputs change by a + b tanh(kappa (u - u0)).",
        (0.0, 0.0, np.log(2.0), 1.0),
        (0.7, 0.7, 0.7, 1.0),
        _rule,
    ),
}.items():
    alternatives.register(_name)(_entry)
