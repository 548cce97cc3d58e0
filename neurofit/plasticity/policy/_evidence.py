"""Parameters of a rule: the most probable ones, how sure they are, and the evidence for the rule.

Standard deviations and learning rates are sought as logarithms, the further parameter of a rule as a logit,
so that nothing lies at a bound. Their priors are exponential and uniform. On the scale of logarithms the
prior of a standard deviation goes to 0 with it, which keeps a walk from being found to be 0 where choices
only say that it is small (Chung et al. 2013, doi:10.1007/s11336-013-9328-2).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, log_expit

from ._posterior import Dynamics, Posterior, posterior
from ._rules import PolicyLearning, policy_rules

if TYPE_CHECKING:
    from ._inputs import Behaviour, Numbers

MEAN_SD, MEAN_RATE = 0.1, 0.2  # of the exponential priors, in log odds on a trial
BOUNDS = (1e-4, 4.0)  # of both; far out in the tails of their priors
LOGIT_BOUND = 8.0
STEP = 1e-4  # of derivatives over parameters
WIDE_STEP = 1e-2  # of second derivatives
FLATTEST = 0.1  # least curvature that is believed: an error of 3 in a logarithm


class Fit(NamedTuple):
    """The most probable parameters and weights, and how sure they are."""

    values: Numbers  # log standard deviations, log rates, the logit of the further parameter
    errors: Numbers  # standard errors of `values`
    added: Numbers  # (trial, regressor), variances of the weights because the parameters are not sure
    posterior: Posterior
    log_marginal: float  # log probability of the choices, whatever the parameters


@dataclass
class Evidence:
    """Evidence for a rule's parameters, as a function that begins at the weights found last."""

    law: type[PolicyLearning]
    behaviour: Behaviour
    initial_sd: float
    seen: Numbers
    weights: Numbers = field(init=False)

    def __post_init__(self) -> None:
        self.weights = np.zeros_like(self.behaviour.inputs)

    @property
    def count(self) -> int:
        """Number of regressors."""
        return self.behaviour.inputs.shape[1]

    def further(self, logit: Numbers) -> Numbers:
        """The further parameter, between its bounds."""
        low, high = self.law.bounds(self.behaviour.rewards)
        return low + (high - low) * expit(logit)

    def dynamics(self, values: Numbers) -> Dynamics:
        """The rule with these parameters."""
        _, choices, rewards, first, _ = self.behaviour
        count, further = self.count, float(self.further(values[-1])) if self.law.further else 0.0
        return Dynamics(
            inputs=self.behaviour.inputs,
            choices=choices,
            seen=self.seen,
            target=self.law.target(choices, rewards),
            gain=self.law.gain(rewards, further),
            decay=np.where(first, 0.0, self.law.decay(further)),
            rate=np.exp(values[count : 2 * count]) if self.law.learns else np.zeros(count),
            step_sd=np.broadcast_to(np.exp(values[:count]), (len(choices) - 1, count)),
            initial_sd=self.initial_sd,
        )

    def at(self, values: Numbers, *, keep: bool = True) -> Posterior:
        """Weights and evidence given the parameters."""
        found = posterior(self.dynamics(values), self.weights)
        if keep:
            self.weights = found.weights
        return found

    def log_prior(self, values: Numbers) -> float:
        """Log density of the parameters on the scale of ``values``."""
        scales = values[:-1] if self.law.further else values
        means = np.repeat([MEAN_SD, MEAN_RATE], self.count)[: len(scales)]
        told = float((scales - np.log(means) - np.exp(scales) / means).sum())
        if self.law.further:
            told += float(log_expit(values[-1]) + log_expit(-values[-1]))
        return told

    def loss(self, values: Numbers) -> tuple[float, Numbers]:
        """Negative log of evidence times prior, and its derivatives by small steps."""

        def worth(at: Numbers, *, keep: bool = False) -> float:
            return self.at(at, keep=keep).log_evidence + self.log_prior(at)

        here = worth(values, keep=True)
        steps = STEP * np.eye(len(values))
        return -here, np.array([here - worth(values + step) for step in steps]) / STEP


def fit(kind: str, behaviour: Behaviour, *, initial_sd: float) -> Fit:
    """The rule called ``kind``, with how sure its parameters are, and the evidence for it."""
    evidence = Evidence(policy_rules[kind], behaviour, initial_sd, np.ones(len(behaviour.choices)))
    values, final = best(evidence)
    covariance, moves = _uncertainty(evidence, values)
    spread = np.linalg.slogdet(2 * np.pi * covariance)[1] / 2
    return Fit(
        values,
        np.sqrt(np.diagonal(covariance)),
        np.einsum("atk,ab,btk->tk", moves, covariance, moves),
        final,
        final.log_evidence + evidence.log_prior(values) + float(spread),
    )


def best(evidence: Evidence) -> tuple[Numbers, Posterior]:
    """The most probable parameters, and the weights and the evidence given them."""
    found: list[Any] = [_climb(evidence, start) for start in _starts(evidence)]
    values = np.asarray(min(found, key=lambda one: one.fun).x)
    return values, evidence.at(values)


def _starts(evidence: Evidence) -> list[Numbers]:
    """A walk; for a rule that learns, calm weights with strong learning, and a walk with weak learning."""
    count = evidence.count

    def start(sd: float, rate: float, further: float) -> Numbers:
        parts = [np.full(count, np.log(sd))]
        if evidence.law.learns:
            parts.append(np.full(count, np.log(rate)))
        return np.concatenate([*parts, [further]] if evidence.law.further else parts)

    if not evidence.law.learns:
        return [start(0.05, 0.0, 0.0)]
    return [start(0.02, 0.1, 0.0), start(0.05, 0.02, 0.0)]


def _climb(evidence: Evidence, start: Numbers) -> Any:
    evidence.weights = np.zeros_like(evidence.weights)
    scales = len(start) - bool(evidence.law.further)
    low, high = np.log(BOUNDS)
    bounds = [(low, high)] * scales + [(-LOGIT_BOUND, LOGIT_BOUND)] * (len(start) - scales)
    options = {"ftol": 1e-8, "gtol": 1e-3, "maxiter": 200}
    return minimize(evidence.loss, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options)


def _uncertainty(evidence: Evidence, values: Numbers) -> tuple[Numbers, Numbers]:
    """Covariance of the parameters by Laplace's approximation, and how the weights move with each of them."""
    changes = [_change(evidence, values, number) for number in range(len(values))]
    curvature, moves = (np.array(part) for part in zip(*changes, strict=True))
    sizes, axes = np.linalg.eigh((curvature + curvature.T) / 2)
    return (axes / np.maximum(sizes, FLATTEST)) @ axes.T, moves


def _change(evidence: Evidence, values: Numbers, number: int) -> tuple[Numbers, Numbers]:
    """Of the gradient, and of the most probable weights, with one of the parameters."""
    step = np.zeros_like(values)
    step[number] = WIDE_STEP
    up, above = evidence.loss(values + step)[1], evidence.weights
    down, below = evidence.loss(values - step)[1], evidence.weights
    return (up - down) / (2 * WIDE_STEP), (above - below) / (2 * WIDE_STEP)
