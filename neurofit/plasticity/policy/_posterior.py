"""Weights behind choices given a rule and its parameters: the most probable ones, and Laplace's evidence.

With v_t = w_{t+1} - w_t - rate * gain_t * e_t, normal with standard deviations s_t, and
e_t = decay_t * e_{t-1} + (target_t - p_t) x_t, the negative logarithm of the joint density of choices and
weights is the sum of -log P(y_t) + |v_t / s_t|^2 / 2 and of the prior of the first weights. It is exact:
each v is a weight plus what follows from earlier ones, so the Jacobian is 1. All derivatives are analytic;
where there are traces, they join the weights as states that follow from them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.signal import lfilter
from scipy.special import expit

from ._banded import Factor, factor

Weights = Float[np.ndarray, "trial regressor"]
Each = Float[np.ndarray, " trial"]

TIED = 1e8  # precision with which traces follow from the weights, in squared units of the regressors
CONVERGED = 1e-11  # of Newton's decrement, in nats
MOST_STEPS = 200
HALVINGS = 40


@dataclass(frozen=True)
class Dynamics:
    """Choices, and how the weights behind them move, on plain arrays."""

    inputs: Weights
    choices: Each
    seen: Each  # 1, or 0 for a trial whose choice and reward are held out
    target: Each
    gain: Each
    decay: Each  # of the trace from the trial before: 0 on the first trial of a session
    rate: Float[np.ndarray, " regressor"]
    step_sd: Float[np.ndarray, "step regressor"]
    initial_sd: float

    @property
    def traced(self) -> bool:
        """Whether earlier trials count."""
        return bool(self.decay.any())


class Point(NamedTuple):
    """The joint density at some weights, and what its derivatives are made of."""

    objective: float
    p: np.ndarray[Any, np.dtype[np.float64]]  # (trial,), probability of choice 1
    pull: np.ndarray[Any, np.dtype[np.float64]]  # (step, regressor), v / s^2


class Posterior(NamedTuple):
    """The most probable weights, the factor of the Hessian there, and the evidence."""

    weights: np.ndarray[Any, np.dtype[np.float64]]  # (trial, regressor)
    hessian: Factor
    log_evidence: float


def posterior(model: Dynamics, start: Weights) -> Posterior:
    """The most probable weights by Newton's method from ``start``, with Laplace's evidence."""
    weights, point = start, _point(model, start)
    for _ in range(MOST_STEPS):
        gradient, curvature = _gradient(model, weights, point)
        hessian = _hessian(model, point, curvature)
        step = _solve(hessian, gradient)
        decrement = float((step * gradient).sum())
        if decrement < CONVERGED:
            break
        weights, point, moved = _descend(model, weights, step, point, decrement)
        if not moved:
            break
    return Posterior(weights, hessian, _evidence(model, point, hessian))


def _descend(
    model: Dynamics, weights: Weights, step: Weights, point: Point, decrement: float
) -> tuple[Weights, Point, bool]:
    """A step down, halved until it is one."""
    length = 1.0
    for _ in range(HALVINGS):
        tried = weights - length * step
        there = _point(model, tried)
        if there.objective <= point.objective - 1e-4 * length * decrement:
            return tried, there, True
        length /= 2
    return weights, point, False


def _point(model: Dynamics, weights: Weights) -> Point:
    drive = (weights * model.inputs).sum(axis=1)
    p = expit(drive)
    trace = _trace(model, (model.seen * (model.target - p))[:, None] * model.inputs)
    change = model.rate * (model.gain * model.seen)[:, None] * trace
    surprise = weights[1:] - weights[:-1] - change[:-1]
    pull = surprise / model.step_sd**2
    unlikely = (model.seen * (np.logaddexp(0, drive) - model.choices * drive)).sum()
    objective = unlikely + (surprise * pull).sum() / 2 + (weights[0] ** 2).sum() / model.initial_sd**2 / 2
    return Point(float(objective), p, pull)


def _trace(model: Dynamics, scores: Weights) -> Weights:
    """e_t = decay_t * e_{t-1} + score_t."""
    if not model.traced:
        return scores
    trace = np.empty_like(scores)
    for part, decay in _sessions(model):
        trace[part] = lfilter([1.0], [1.0, -decay], scores[part], axis=0)
    return trace


def _adjoint(model: Dynamics, forces: Weights) -> Weights:
    """What a change of each trial's score adds, now and later: the trace run backwards."""
    if not model.traced:
        return forces
    total = np.empty_like(forces)
    for part, decay in _sessions(model):
        total[part] = lfilter([1.0], [1.0, -decay], forces[part][::-1], axis=0)[::-1]
    return total


def _sessions(model: Dynamics) -> list[tuple[slice, float]]:
    first = np.flatnonzero(model.decay == 0)
    stops = [*first[1:], len(model.decay)]
    # A session of one trial has no trial before its last one.
    return [(slice(a, b), float(model.decay[b - 1])) for a, b in zip(first, stops, strict=True)]


def _gradient(model: Dynamics, weights: Weights, point: Point) -> tuple[Weights, Each]:
    """Gradient over the weights, and what the rule adds to the second derivative over each trial's w . x.

    The force on the score of a trial is a Lagrange multiplier: their second derivatives count with it.
    """
    forces = np.zeros_like(weights)
    forces[:-1] = model.rate * (model.gain * model.seen)[:-1, None] * point.pull
    force = model.seen * (_adjoint(model, forces) * model.inputs).sum(axis=1)
    slope = point.p * (1 - point.p)
    gradient = (model.seen * (point.p - model.choices) + slope * force)[:, None] * model.inputs
    gradient[1:] += point.pull
    gradient[:-1] -= point.pull
    gradient[0] += weights[0] / model.initial_sd**2
    return gradient, force * slope * (1 - 2 * point.p)


def _hessian(model: Dynamics, point: Point, curvature: Each) -> Factor:
    """Exact where that is positive definite, else without the second derivatives of the rule."""
    try:
        return factor(*_blocks(model, point, curvature))
    except np.linalg.LinAlgError:
        return factor(*_blocks(model, point, np.zeros_like(curvature)))


def _blocks(model: Dynamics, point: Point, curvature: Each) -> tuple[np.ndarray, np.ndarray]:
    """Blocks of the Hessian, on and below the diagonal, over weights and, where there are any, traces."""
    move, precision = _moves(model, point), _precision(model)
    size, inputs = move.shape[1], model.inputs
    count = inputs.shape[1]
    slope = model.seen * point.p * (1 - point.p) + curvature
    diagonal = np.zeros((len(inputs), size, size))
    diagonal[:, :count, :count] = slope[:, None, None] * inputs[:, :, None] * inputs[:, None, :]
    below = -precision[:, :, None] * move
    diagonal[:-1] -= move.transpose(0, 2, 1) @ below
    every = np.arange(size)
    diagonal[1:, every, every] += precision
    diagonal[0, every, every] += np.where(every < count, model.initial_sd**-2, TIED)
    return diagonal, below


def _moves(model: Dynamics, point: Point) -> np.ndarray:
    """Derivatives of the next state over this one, (step, state, state)."""
    slope = (model.seen * point.p * (1 - point.p))[:-1]
    inputs = model.inputs[:-1]
    score = -slope[:, None, None] * inputs[:, :, None] * inputs[:, None, :]
    pace = (model.rate * (model.gain * model.seen)[:-1, None])[:, :, None]
    eye = np.eye(inputs.shape[1])
    if not model.traced:
        return eye + pace * score
    left = model.decay[:-1, None, None] * eye
    return np.concatenate(
        [np.concatenate([eye + pace * score, pace * left], 2), np.concatenate([score, left], 2)], 1
    )


def _precision(model: Dynamics) -> np.ndarray:
    """Of each state's step, (step, state)."""
    walk = model.step_sd**-2.0
    return np.concatenate([walk, np.full_like(walk, TIED)], axis=1) if model.traced else walk


def _solve(hessian: Factor, gradient: Weights) -> Weights:
    """Newton's step of the weights; traces follow them."""
    count = gradient.shape[1]
    padded = np.pad(gradient, ((0, 0), (0, hessian.size - count)))
    return hessian.solve(padded)[:, :count]


def _evidence(model: Dynamics, point: Point, hessian: Factor) -> float:
    """Laplace's: log joint + log(2 pi) / 2 a weight - log det / 2; the 2 pi cancel those of the densities."""
    logdet = hessian.logdet()
    if model.traced:
        logdet -= model.inputs.size * np.log(TIED)
    spreads = np.log(model.step_sd).sum() + model.inputs.shape[1] * np.log(model.initial_sd)
    return -point.objective - float(spreads) - logdet / 2
