"""Parameters of a rule by the evidence for them: standard deviations, learning rates, and a further one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from scipy.optimize import minimize

from ._posterior import Dynamics, Posterior, posterior
from ._rules import PolicyLearning, policy_rules

if TYPE_CHECKING:
    from ._inputs import Behaviour, Numbers

SD_BOUNDS = (1e-3, 2.0)  # of a weight's step on one trial; the lower one adds .04 in 2,000 trials
RATE_UNIT = 0.05  # rates are sought in these, so that all parameters have about one scale
RATE_BOUNDS = (0.0, 5.0)
FIRST_SD, FIRST_RATE = 0.05, 0.05
STEP = 1e-4  # of derivatives over parameters
WIDE_STEP = 1e-2  # of second derivatives
AT_BOUND = 1e-3
FLAT = 0.1  # curvature over a logarithm that tells it no better than to a factor of twenty


class Fit(NamedTuple):
    """The most probable parameters and weights, and how sure they are."""

    values: Numbers  # log standard deviations, rates in units, the further parameter
    errors: Numbers  # standard errors of `values`; NaN for what lies at a bound
    added: Numbers  # (trial, regressor), variances of the weights because the parameters are not sure
    posterior: Posterior


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

    def bounds(self) -> list[tuple[float, float]]:
        """Between what each parameter is sought."""
        low, high = np.log(SD_BOUNDS)
        bounds = [(float(low), float(high))] * self.count
        if self.law.learns:
            bounds += [(RATE_BOUNDS[0] / RATE_UNIT, RATE_BOUNDS[1] / RATE_UNIT)] * self.count
        return bounds + ([self.law.bounds(self.behaviour.rewards)] if self.law.further else [])

    def dynamics(self, values: Numbers) -> Dynamics:
        """The rule with these parameters."""
        _, choices, rewards, first, _ = self.behaviour
        count, further = self.count, float(values[-1]) if self.law.further else 0.0
        return Dynamics(
            inputs=self.behaviour.inputs,
            choices=choices,
            seen=self.seen,
            target=self.law.target(choices, rewards),
            gain=self.law.gain(rewards, further),
            decay=np.where(first, 0.0, self.law.decay(further)),
            rate=values[count : 2 * count] * RATE_UNIT if self.law.learns else np.zeros(count),
            step_sd=np.broadcast_to(np.exp(values[:count]), (len(choices) - 1, count)),
            initial_sd=self.initial_sd,
        )

    def at(self, values: Numbers, *, keep: bool = True) -> Posterior:
        """Weights and evidence given the parameters."""
        found = posterior(self.dynamics(values), self.weights)
        if keep:
            self.weights = found.weights
        return found

    def loss(self, values: Numbers) -> tuple[float, Numbers]:
        """Negative log evidence less the log of each standard deviation, and its derivatives.

        A prior p(sd) ~ sd keeps a walk from being found to be 0, where the data only say that it is small
        (Chung et al. 2013). Derivatives are by small steps away from the bounds.
        """
        here = self.at(values).log_evidence
        gradient = np.empty_like(values)
        for number, (_, high) in enumerate(self.bounds()):
            step = np.zeros_like(values)
            step[number] = -STEP if values[number] + STEP > high else STEP
            gradient[number] = (here - self.at(values + step, keep=False).log_evidence) / step[number]
        gradient[: self.count] -= 1
        return -here - float(values[: self.count].sum()), gradient


def maximise(evidence: Evidence, starts: list[Numbers]) -> Fit:
    """The parameters of most evidence from any of the starts, with their Laplace standard errors."""
    best: Any = None
    for start in starts:
        evidence.weights = np.zeros_like(evidence.weights)
        options = {"ftol": 1e-7, "gtol": 1e-3, "maxiter": 200}
        found = minimize(
            evidence.loss, start, jac=True, method="L-BFGS-B", bounds=evidence.bounds(), options=options
        )
        if best is None or found.fun < best.fun:
            best = found
    values = np.asarray(best.x)
    final = evidence.at(values)
    return Fit(values, *_errors(evidence, values), final)


def fit(kind: str, behaviour: Behaviour, *, initial_sd: float, seen: Numbers | None = None) -> Fit:
    """The rule called ``kind``, fitted to the trials that are ``seen`` (1, or 0 for those held out)."""
    shown = np.ones(len(behaviour.choices)) if seen is None else seen
    walk = Evidence(policy_rules["random_walk"], behaviour, initial_sd, shown)
    found = maximise(walk, [np.full(walk.count, np.log(FIRST_SD))])
    if not policy_rules[kind].learns:
        return found
    evidence = Evidence(policy_rules[kind], behaviour, initial_sd, shown)
    return maximise(evidence, _starts(evidence.law, found.values))


def _starts(law: type[PolicyLearning], walk: Numbers) -> list[Numbers]:
    """Small rates and steps, and the walk itself: no rule has less evidence than it."""
    calm = np.maximum(walk - 0.7, np.log(FIRST_SD / 10))
    further = [[value] for value in law.start] or [[]]
    rates = np.full_like(walk, FIRST_RATE / RATE_UNIT)
    learning = [np.concatenate([calm, rates, value]) for value in further]
    return [*learning, np.concatenate([walk, np.zeros_like(walk), further[0]])]


def _errors(evidence: Evidence, values: Numbers) -> tuple[Numbers, Numbers]:
    """From the curvature of the evidence, and what that adds to the variances of the weights.

    Parameters at a bound are held there, and so are those on which the evidence hardly depends: standard
    deviations so small that they could as well be 0.
    """
    errors, added = np.full_like(values, np.nan), np.zeros_like(evidence.weights)
    inside = [
        number
        for number, (low, high) in enumerate(evidence.bounds())
        if low + AT_BOUND < values[number] < high - AT_BOUND
    ]
    if not inside:
        return errors, added
    curvature, moves = (
        np.array(part) for part in zip(*(_change(evidence, values, number) for number in inside), strict=True)
    )
    curvature = (curvature[:, inside] + curvature[:, inside].T) / 2
    firm = np.flatnonzero(np.diagonal(curvature) > FLAT)
    curvature = curvature[np.ix_(firm, firm)]
    if len(firm) and np.linalg.eigvalsh(curvature)[0] > 0:
        covariance = np.linalg.inv(curvature)
        errors[np.array(inside)[firm]] = np.sqrt(np.diagonal(covariance))
        added = np.einsum("atk,ab,btk->tk", moves[firm], covariance, moves[firm])
    return errors, added


def _change(evidence: Evidence, values: Numbers, number: int) -> tuple[Numbers, Numbers]:
    """Of the gradient, and of the most probable weights, with one of the parameters."""
    step = np.zeros_like(values)
    step[number] = WIDE_STEP
    up, above = evidence.loss(values + step)[1], evidence.weights
    down, below = evidence.loss(values - step)[1], evidence.weights
    return (up - down) / (2 * WIDE_STEP), (above - below) / (2 * WIDE_STEP)
