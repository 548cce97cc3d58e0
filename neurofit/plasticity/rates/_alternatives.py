"""What familiarity may do to rates: nothing, a constant, a gain, or a rule.

All alternatives share a transfer function, of one of ``families``, whose parameters come first. What they add
is in normalised units, u = (r - mean) / sd of the unit's novel rates, so that one prior suits all units.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...registry import Registry
from ._likelihood import LogRate, Model

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._families import Family, Scale
    from ._inputs import Numbers


@dataclass(frozen=True)
class Alternative:
    """A change with familiarity.

    Parameters
    ----------
    about
        What changes.
    mean, sd
        Normal prior of each parameter that it adds to the transfer function's.
    familiar
        Takes family, parameters, inputs and scale, gives log rates of familiar stimuli and their derivatives.
    """

    about: str
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    familiar: Callable[[Family, Numbers, Numbers, Scale], LogRate]

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        """What the registry prints of it."""
        return self.about

    def model(self, scale: Scale, family: Family) -> Model:
        """The alternative for one unit, with weak priors."""
        mean, sd = (
            np.concatenate([of_transfer, np.asarray(own)])
            for of_transfer, own in zip(family.prior(scale), (self.mean, self.sd), strict=True)
        )

        def log_rates(theta: Numbers, h: Numbers) -> tuple[LogRate, LogRate]:
            log_rate, jacobian, _ = family.log_rate(theta[: family.size], h)
            return (log_rate, _padded(jacobian, theta)), self.familiar(family, theta, h, scale)

        return Model(log_rates, mean, np.diag(sd**-2))


def _padded(jacobian: Numbers, theta: Numbers) -> Numbers:
    """Derivatives by all parameters: those of the change do not matter."""
    return np.pad(jacobian, ((0, 0), (0, len(theta) - jacobian.shape[1])))


def change(own: Numbers, rate: Numbers, scale: Scale) -> tuple[Numbers, Numbers, Numbers]:
    """The rule dh = a + b tanh(kappa (u - u0)), its derivatives by a, b, log kappa, u0, and by the rate.

    It is A f(r) with A = 2 b, q = (a / b + 1) / 2, beta_f = kappa / sd and x_f = mean + u0 sd.
    """
    a, b, kappa, u0 = own[0], own[1], np.exp(own[2]), own[3]
    off = (rate - scale.mean) / scale.sd - u0
    bend = np.tanh(kappa * off)
    steep = b * (1 - bend**2) * kappa
    by = np.stack([np.ones_like(bend), bend, steep * off, -steep], axis=1)
    return a + b * bend, by, steep / scale.sd


def threshold(own: Numbers, scale: Scale) -> Numbers:
    """Rates at which rules (draw, 4) turn from depression to potentiation; NaN where they do not.

    It is mean + sd (u0 + artanh(-a / b) / kappa) where b > |a|.
    """
    a, b, log_kappa, u0 = own.T
    with np.errstate(invalid="ignore", divide="ignore"):
        turn = np.where(b > np.abs(a), np.arctanh(-a / b), np.nan)
    return scale.mean + scale.sd * (u0 + turn / np.exp(log_kappa))


def _shifted(family: Family, theta: Numbers, h: Numbers, delta: Numbers, by: Numbers) -> LogRate:
    """Log phi(h + delta), where delta has the derivatives ``by`` (node, parameter)."""
    log_rate, jacobian, slope = family.log_rate(theta[: family.size], h + delta)
    return log_rate, _padded(jacobian, theta) + slope[:, None] * by


def _same(family: Family, theta: Numbers, h: Numbers, scale: Scale) -> LogRate:  # noqa: ARG001
    return family.log_rate(theta, h)[:2]


def _constant(family: Family, theta: Numbers, h: Numbers, scale: Scale) -> LogRate:  # noqa: ARG001
    by = np.zeros((len(h), len(theta)))
    by[:, -1] = 1
    return _shifted(family, theta, h, np.full_like(h, theta[-1]), by)


def _gain(family: Family, theta: Numbers, h: Numbers, scale: Scale) -> LogRate:  # noqa: ARG001
    log_rate, jacobian, _ = family.log_rate(theta[:-1], h)
    return log_rate + theta[-1], np.concatenate([jacobian, np.ones((len(h), 1))], axis=1)


def _rule(family: Family, theta: Numbers, h: Numbers, scale: Scale) -> LogRate:
    log_rate, jacobian, _ = family.log_rate(theta[: family.size], h)
    rate = np.exp(log_rate)
    delta, own, by_rate = change(theta[family.size :], rate, scale)
    by = np.concatenate([(by_rate * rate)[:, None] * jacobian, own], axis=1)
    return _shifted(family, theta, h, delta, by)


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
