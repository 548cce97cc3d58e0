r"""Trajectories of a network under a rule, and how they depend on the rule and on the first weights.

With drive u = W x and rate y = phi(u), weights follow W' = W + eta f, f_ij = sum over terms of
theta r^d x_j^a y_i^b w_ij^c. The sensitivity S = dW / d(theta, W_0) follows

    S' = S + eta (f_w S + f_y dy + [r^d x^a y^b w^c]),    dy = phi'(u) sum over j of x_j S_j,

so that one pass forward gives slopes of every observation, and products of these are added up on the way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._terms import Activation, Counts, Numbers

MODALITIES = ("activity", "weights")
LEAST_PROBABILITY = 1e-9


class Observed(NamedTuple):
    """What is known of some trajectories; NaN where it was not recorded."""

    pre: Numbers  # (trajectory, step, pre)
    reward: Numbers  # (trajectory, step)
    activity: Numbers  # (trajectory, step, post)
    weights: Numbers  # (trajectory, step, post, pre)
    activation: Activation
    learning_rate: float
    binary: bool  # whether activity is yes or no, with the unit's rate as probability

    @property
    def counts(self) -> Numbers:
        """How many values of each modality were observed."""
        return np.array([np.count_nonzero(~np.isnan(v)) for v in (self.activity, self.weights)], dtype=float)


class Moment(NamedTuple):
    """A network at one step, before its weights change."""

    rate: Numbers  # (trajectory, post)
    weights: Numbers  # (trajectory, post, pre)
    rate_slopes: Numbers  # (slope, trajectory, post)
    weight_slopes: Numbers  # (slope, trajectory, post, pre)


class Normal(NamedTuple):
    """Sums over steps, by modality: squares of residuals, and products of slopes with them and each other."""

    squares: Numbers  # (modality,)
    gradient: Numbers  # (modality, trajectory, post, slope)
    products: Numbers  # (modality, trajectory, post, slope, slope)


def unroll(
    seen: Observed, powers: Counts, theta: Numbers, first: Numbers, *, of_rule: bool, of_first: bool
) -> Iterator[Moment]:
    """Go through the steps of all trajectories, with slopes by rule, by first weights (of one's own unit)."""
    weights = first.copy()
    terms, inputs = len(theta) * of_rule, first.shape[-1] * of_first
    slopes = np.zeros((terms + inputs, *first.shape))
    slopes[terms:] = np.eye(inputs, first.shape[-1])[:, None, None, :]
    for x, r in zip(seen.pre.swapaxes(0, 1), seen.reward.swapaxes(0, 1), strict=True):
        drive = np.einsum("kmn,kn->km", weights, x)
        rate = seen.activation.rate(drive)
        rate_slopes = seen.activation.slope(drive) * np.einsum("kn,qkmn->qkm", x, slopes)
        yield Moment(rate, weights, rate_slopes, slopes)
        values = _Values(x[:, None, :], rate[:, :, None], weights, r[:, None, None])
        used = np.arange(len(theta)) if of_rule else np.flatnonzero(theta)
        columns = _columns(powers[used], values)
        change = np.tensordot(theta[used], columns, 1)
        if len(slopes):
            by_weight, by_rate = (_change(powers, theta, values, factor) for factor in (2, 1))
            slopes = slopes + seen.learning_rate * (by_weight * slopes + by_rate * rate_slopes[..., None])
            slopes[:terms] += seen.learning_rate * columns[:terms]
        weights = weights + seen.learning_rate * change


class _Values(NamedTuple):
    pre: Numbers
    post: Numbers
    weight: Numbers
    reward: Numbers


def _columns(powers: Counts, values: _Values) -> Numbers:
    """Each term's value (term, trajectory, post, pre)."""
    raised = [
        np.stack([value**power for power in range(powers[:, at].max(initial=0) + 1)])[powers[:, at]]
        for at, value in enumerate(values)
    ]
    return ((raised[0] * raised[3]) * raised[1]) * raised[2]


def _change(powers: Counts, theta: Numbers, values: _Values, factor: int) -> Numbers:
    """Slope of the change of weights by one factor: post (1) or weight (2)."""
    used = (theta != 0) & (powers[:, factor] > 0)
    if not used.any():
        return np.zeros_like(values.weight)
    lower = powers[used].copy()
    lower[:, factor] -= 1
    return np.tensordot(theta[used] * powers[used, factor], _columns(lower, values), 1)


def normal(
    seen: Observed, powers: Counts, theta: Numbers, first: Numbers, *, of_rule: bool, of_first: bool
) -> Normal:
    """Sums over the steps; where a trajectory explodes, squares are infinite."""
    size = len(theta) * of_rule + first.shape[-1] * of_first
    squares = np.zeros(2)
    gradient = np.zeros((2, *first.shape[:2], size))
    products = np.zeros((2, *first.shape[:2], size, size))
    steps = unroll(seen, powers, theta, first, of_rule=of_rule, of_first=of_first)
    with np.errstate(over="ignore", invalid="ignore"):
        for step, at in enumerate(steps):
            for modality, (score, importance, badness) in enumerate(_misfits(seen, step, at)):
                squares[modality] += badness
                if size and importance.any():
                    slopes = (at.rate_slopes[..., None], at.weight_slopes)[modality]
                    by_block = np.moveaxis(slopes, 0, -2)
                    gradient[modality] += (by_block @ score[..., None])[..., 0]
                    products[modality] += (by_block * importance[..., None, :]) @ by_block.swapaxes(-1, -2)
    finite = all(np.isfinite(sums).all() for sums in (squares, gradient, products))
    return Normal(squares if finite else np.full(2, np.inf), gradient, products)


def _misfits(seen: Observed, step: int, at: Moment) -> list[tuple[Numbers, Numbers, float]]:
    """Of activity and of weights: score, information, and deviance, each 0 where nothing was recorded."""
    activity, weights = seen.activity[:, step, :, None], seen.weights[:, step]
    rate = at.rate[..., None]
    told = _gaussian(weights, at.weights)
    return [_bernoulli(activity, rate) if seen.binary else _gaussian(activity, rate), told]


def _gaussian(values: Numbers, expected: Numbers) -> tuple[Numbers, Numbers, float]:
    residual = np.where(np.isnan(values), 0.0, values - expected)
    return residual, (~np.isnan(values)).astype(float), float((residual**2).sum())


def _bernoulli(values: Numbers, expected: Numbers) -> tuple[Numbers, Numbers, float]:
    there = ~np.isnan(values)
    chance = np.clip(expected, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    spread = chance * (1 - chance)
    score = np.where(there, values - chance, 0.0) / spread
    return score, there / spread, bernoulli(values, expected)


def bernoulli(values: Numbers, expected: Numbers) -> float:
    """Deviance of yes and no at these probabilities of yes."""
    chance = np.clip(expected, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY)
    return float(-2 * np.log(np.where(values > 0.5, chance, 1 - chance))[~np.isnan(values)].sum())
