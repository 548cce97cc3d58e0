"""Choices predicted on trials whose choices and rewards were held out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import log_expit

from ._banded import inverse_blocks
from ._evidence import Evidence, best
from ._rules import policy_rules

if TYPE_CHECKING:
    from typing import Any

    from ._inputs import Behaviour, Numbers

    Positions = np.ndarray[Any, np.dtype[np.intp]]

NODES, MASSES = np.polynomial.hermite_e.hermegauss(21)


class HeldOut(NamedTuple):
    """A rule, and the trials to predict with it."""

    kind: str
    behaviour: Behaviour
    held: Positions  # (trial,), positions
    initial_sd: float

    def evidence(self, *, all_seen: bool = False) -> Evidence:
        """Evidence of the choices that are not held out, or of all."""
        seen = np.ones(len(self.behaviour.choices))
        seen[self.held] = float(all_seen)
        return Evidence(policy_rules[self.kind], self.behaviour, self.initial_sd, seen)


def folds_of(trials: int, folds: int, block: int, rng: np.random.Generator) -> list[Positions]:
    """Positions of the trials of each fold: runs of ``block`` trials, dealt out at random."""
    runs = np.arange(trials) // block
    dealt = rng.permutation(np.arange(runs[-1] + 1) % folds)
    return [np.flatnonzero(dealt[runs] == fold) for fold in range(folds)]


def predicted(work: HeldOut) -> Numbers:
    """Log probability of each choice held out, parameters and weights fitted to the other trials.

    Held-out trials enter through their stimuli: their choices do not count, and as what the rule would have
    learned from them is not known, weights only drift there. Probabilities are means over the weights'
    posterior, log of the integral of logistic(+-u) over u = w . x, a normal.
    """
    behaviour, held = work.behaviour, work.held
    found = best(work.evidence())[1]
    inputs = behaviour.inputs[held]
    count = inputs.shape[1]
    covariance = inverse_blocks(found.hessian)[held, :count, :count]
    mean = (found.weights[held] * inputs).sum(axis=1)
    sd = np.sqrt(np.einsum("ti,tij,tj->t", inputs, covariance, inputs))
    side = 2 * behaviour.choices[held] - 1
    probabilities = np.exp(log_expit(side[:, None] * (mean[:, None] + sd[:, None] * NODES)))
    return np.log(probabilities @ MASSES / MASSES.sum())


def ahead(work: HeldOut) -> float:
    """Mean log probability of the last choices, each predicted from all those before it.

    With parameters fitted to the trials before ``held``, the evidence of all choices less that of the earlier
    ones is the sum of log P(y_t | y_1 ... y_{t-1}) over those held out.
    """
    values, earlier = best(work.evidence())
    every = work.evidence(all_seen=True).at(values)
    return (every.log_evidence - earlier.log_evidence) / len(work.held)
