"""Interval of the threshold: all those under which the counts are nearly as likely as under the best one.

A rule that turns at the rate T has a = -b tanh(kappa (T - x_f)), so that T is one of its parameters. With the
others at their best for each T, the interval is where

    2 (highest log posterior - that of the best rule that turns at T) < 3.84

(Venzon & Moolgavkar 1988). Where the ends of the rates are no worse than that, the interval is not bounded:
a rule that turns beyond all rates is one of depression alone, or of potentiation alone. Draws around the peak
miss this: without a prior the likelihood has no one curvature, and its peak may be far from the middle.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import brentq

from ._curves import thresholds
from ._families import Scale
from ._likelihood import REACH, kinds_of, maximise, nodes_for
from ._methods import UNKNOWN

if TYPE_CHECKING:
    from ._families import Family
    from ._inputs import Numbers, Unit
    from ._likelihood import Fitted, Model

ALLOWED = 3.84  # chi square of one degree of freedom, .95
STEPS = 20
TRIED = 5
SETTLED = 0.01
SURE = 0.05  # sd of the input within which bounds are found
NEAR = 2.0  # sd of the rate
LEAST = 0.1  # smallest b that a search starts from


class Turning(NamedTuple):
    """Rules that turn at one rate ``turn``, in sd from the mean: log b, log kappa and u0 are free."""

    turn: float
    size: int  # parameters of the transfer function

    def through(self, free: Numbers) -> tuple[Numbers, Numbers]:
        """Parameters of the rule (transfer function, a, b, log kappa, u0) and their derivatives."""
        size, (log_b, log_kappa, u0) = self.size, free[self.size :]
        b, kappa, off = np.exp(log_b), np.exp(log_kappa), self.turn - u0
        level = np.tanh(kappa * off)
        steep = b * (1 - level**2) * kappa
        by = np.zeros((size + 4, size + 3))
        by[:size, :size] = np.eye(size)
        by[size, size:] = -b * level, -steep * off, steep
        by[size + 1, size] = b
        by[[size + 2, size + 3], [size + 1, size + 2]] = 1
        return np.concatenate([free[:size], [-b * level, b, log_kappa, u0]]), by

    def start(self, theta: Numbers) -> Numbers:
        """Free parameters near those of another rule, moved sideways if it turns near by."""
        size, (a, b, log_kappa, u0) = self.size, theta[self.size :]
        if b > abs(a):
            away = self.turn - u0 - np.arctanh(-a / b) / np.exp(log_kappa)
            u0 = u0 + away if abs(away) < NEAR else u0
        return np.concatenate([theta[:size], [np.log(max(b, LEAST)), log_kappa, u0]])


def interval(
    unit: Unit, best: Fitted, threshold: float, model: Model, family: Family, *, other: Numbers
) -> Numbers:
    """95 % interval (3, bound) of the threshold, in Hz, in sd of the rate and of the input.

    ``threshold`` is the input at which the best rule of the ``model`` turns, NaN where it does not; searches
    start from it and from ``other`` parameters.
    """
    profile = Profile(unit, best, model, family, other)
    if not np.isnan(threshold):
        profile.excess(threshold)
    ends = -REACH, REACH
    lost = [profile.excess(end) for end in ends]
    inner = ends[int(np.argmin(lost))] if np.isnan(threshold) else threshold
    if profile.excess(inner) > 0:
        return UNKNOWN
    found = np.array([[0.0, np.inf], [-np.inf, np.inf], [-np.inf, np.inf]])
    for side, (end, loss) in enumerate(zip(ends, lost, strict=True)):
        if loss > 0:
            at = brentq(profile.excess, inner, end, xtol=SURE)
            bound = thresholds(profile.at(at).theta[None], profile.scale, family)[0]
            found[:, side] = np.where(np.isnan(bound), found[:, side], bound)
    return found


class Profile:
    """Best rules for each threshold, given as an input of the best rule's own."""

    def __init__(self, unit: Unit, best: Fitted, model: Model, family: Family, other: Numbers) -> None:
        self.scale, self.family, self.best, self.other = Scale.of(unit), family, best, other
        self.search = partial(maximise, model, kinds_of(unit), nodes_for(unit), settled=SETTLED)
        self.known: dict[float, Fitted] = {}

    def excess(self, h: float) -> float:
        """Root of the loss by a threshold at the input ``h``, less what is allowed."""
        loss = max(2 * (self.best.posterior - self.at(h).posterior), 0.0)
        return float(np.sqrt(loss) - np.sqrt(ALLOWED))

    def at(self, h: float) -> Fitted:
        """The best rule that turns at the rate of ``h``."""
        if h not in self.known:
            rate = np.exp(self.family.log_rate(self.best.theta[: self.family.size], np.array([h]))[0])
            rule = Turning(float((rate[0] - self.scale.mean) / self.scale.sd), self.family.size)
            near = min(self.known, key=lambda one: abs(one - h), default=None)
            starts = [self.best.theta if near is None else self.known[near].theta, self.other]
            tried = [self.search(rule.start(one), steps=TRIED, through=rule.through) for one in starts]
            first = max(tried, key=lambda one: one.posterior).theta
            found = self.search(first, steps=STEPS, through=rule.through)
            self.known[h] = found._replace(theta=rule.through(found.theta)[0])
        return self.known[h]
