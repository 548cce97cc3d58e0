"""Transfer functions phi from inputs to rates, with their derivatives and weak priors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit

from ...registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._inputs import Numbers, Unit

LEFT = -4.5  # sd of the input: no stimulus is there
KNOTS = np.linspace(-2.0, 3.0, 6)
MIDDLE = 1.5


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
class Family:
    """Transfer functions of one form.

    Parameters
    ----------
    about
        Their form.
    size
        Number of parameters.
    prior
        Mean and sd of a weak normal prior, for the scale of a unit.
    log_rate
        Takes parameters and inputs, gives log phi(h), its derivatives (node, parameter), and that by h.
    """

    about: str
    size: int
    prior: Callable[[Scale], tuple[Numbers, Numbers]]
    log_rate: Callable[[Numbers, Numbers], tuple[Numbers, Numbers, Numbers]]

    @property
    def __doc__(self) -> str:  # type: ignore[override]
        """What the registry prints of it."""
        return self.about


families: Registry[Family] = Registry("transfer function")


def _sigmoid(theta: Numbers, h: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    beta = np.exp(theta[1])
    drive = beta * (h - theta[2])
    slope = beta * expit(-drive)
    by = np.stack([np.ones_like(h), slope / beta * drive, -slope], axis=1)
    return theta[0] - np.logaddexp(0, -drive), by, slope


def _sigmoid_prior(scale: Scale) -> tuple[Numbers, Numbers]:
    return np.array([np.log(MIDDLE * scale.highest), 0.0, MIDDLE]), np.array([0.7, 0.7, 1.5])


def _spline(theta: Numbers, h: Numbers) -> tuple[Numbers, Numbers, Numbers]:
    """The slope is a broken line through exp(theta) at ``KNOTS``, 0 at ``LEFT``, level on the right."""
    weight = np.exp(theta)
    area, height = _basis(h)
    rate = area @ weight
    return np.log(rate), area * weight / rate[:, None], height @ weight / rate


def _basis(h: Numbers) -> tuple[Numbers, Numbers]:
    """Integrals (node, 1 + knot) of hat functions from ``LEFT`` to h, after a constant; and the hats."""
    h = np.maximum(h, LEFT)[:, None]
    edges = np.concatenate([[LEFT], KNOTS])
    start, end = edges[:-1], edges[1:]
    along = np.clip((h - start) / (end - start), 0, 1)
    up = (end - start) * along**2 / 2
    down = (end - start) * (along - along**2 / 2)
    area = up.copy()
    area[:, :-1] += down[:, 1:]
    area[:, -1:] += np.maximum(h - KNOTS[-1], 0)
    height = np.where((h >= start) & (h < end), along, 0.0)
    height[:, :-1] += np.where((h >= start) & (h < end), 1 - along, 0.0)[:, 1:]
    height[:, -1:] += h >= KNOTS[-1]
    return np.pad(area, ((0, 0), (1, 0)), constant_values=1), np.pad(height, ((0, 0), (1, 0)))


def _spline_prior(scale: Scale) -> tuple[Numbers, Numbers]:
    """Around the sigmoid that its own prior is around."""
    at = np.concatenate([[LEFT], KNOTS])
    log_rate, _, slope = _sigmoid(_sigmoid_prior(scale)[0], at)
    return np.concatenate([log_rate[:1], (log_rate + np.log(slope))[1:]]), np.full(len(at), 1.0)


for _name, _family in {
    "sigmoid": Family("phi(h) = r_m / (1 + exp(-beta (h - h0))).", 3, _sigmoid_prior, _sigmoid),
    "spline": Family(
        "A rising spline: its slope is a broken line, positive everywhere.",
        1 + len(KNOTS),
        _spline_prior,
        _spline,
    ),
}.items():
    families.register(_name)(_family)
SIGMOID = families["sigmoid"]
