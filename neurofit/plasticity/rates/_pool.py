"""Units together: each alternative with a prior that is learned from all of them.

The parameters of units scatter around those of the population, theta_i ~ N(m, V) with V diagonal, in
normalised units. m and V are those of highest likelihood, by expectation maximisation with Laplace's
approximation; the evidence of an alternative is the product over units of

    integral p(counts_i | theta) N(theta; m, V) dtheta,

with a penalty of (log of the number of units) / 2 for each entry of m and V that it adds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import softmax

from ._alternatives import alternatives
from ._families import SIGMOID, Scale
from ._likelihood import kinds_of, maximise, nodes_for
from ._marginal import fit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._families import Family
    from ._inputs import Numbers, Unit
    from ._likelihood import Fitted

ROUNDS = 6
SURE = 0.95
# The scatter of units is never taken to be less than a tenth of the weak prior's: few units cannot tell.
LEAST = 0.1


class Pooled(NamedTuple):
    """Fits of all units under the prior of their population, and the log evidence of each."""

    mean: Numbers
    sd: Numbers
    fits: list[Fitted]
    log_evidence: Numbers


class Verdict(NamedTuple):
    """Log evidence and probability of each alternative for all units, alike likely beforehand."""

    log_evidence: Numbers
    probability: Numbers

    @property
    def name(self) -> str:
        """The alternative that is at least 95 % probable; else inconclusive."""
        at = int(self.probability.argmax())
        return list(alternatives)[at] if self.probability[at] > SURE else "inconclusive"


def pool(units: Sequence[Unit], name: str, *, family: Family = SIGMOID) -> Pooled:
    """Fit one alternative to all units, with the prior that they have in common."""
    models = [alternatives[name].model(Scale.of(unit), family) for unit in units]
    data = [kinds_of(unit) for unit in units]
    nodes = [nodes_for(unit) for unit in units]
    # The prior of a transfer function goes with the highest rate that was seen of the unit.
    weak = np.stack([model.mean for model in models])
    base = weak - weak.mean(axis=0)
    mean, least = weak.mean(axis=0), LEAST**2 / np.diagonal(models[0].precision)
    fits = [fit(unit, name, family=family) for unit in units]
    for _ in range(ROUNDS):
        theta = np.stack([one.theta for one in fits]) - base
        scatter = np.stack([np.diagonal(np.linalg.inv(one.information)) for one in fits])
        mean = theta.mean(axis=0)
        variance = np.maximum(((theta - mean) ** 2 + scatter).mean(axis=0), least)
        precision = np.diag(1 / variance)
        fits = [
            maximise(model._replace(mean=mean + own, precision=precision), kinds, node, one.theta, steps=15)
            for model, kinds, node, one, own in zip(models, data, nodes, fits, base, strict=True)
        ]
    # Laplace: the peak times the volume of the posterior over that of the prior.
    volume = np.array([np.linalg.slogdet(one.information)[1] for one in fits])
    log_evidence = np.array([one.posterior for one in fits]) - (np.log(variance).sum() + volume) / 2
    return Pooled(mean, np.sqrt(variance), fits, log_evidence)


def judge(pooled: dict[str, Pooled]) -> Verdict:
    """Weigh alternatives by their evidence in all units."""
    number = len(next(iter(pooled.values())).fits)
    value = [one.log_evidence.sum() - len(one.mean) * np.log(number) for one in pooled.values()]
    return Verdict(np.array(value), softmax(value))
