"""Which change of rates the counts speak for, unit by unit."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ._alternatives import alternatives
from ._families import SIGMOID, Scale
from ._likelihood import evaluate, kinds_of, maximise, nodes_for
from ._marginal import fit, likeliest

if TYPE_CHECKING:
    from ._families import Family
    from ._inputs import Numbers, Unit
    from ._likelihood import Fitted


class Compared(NamedTuple):
    """For each alternative: log likelihood, BIC and held-out log likelihood per stimulus."""

    log_likelihood: Numbers
    bic: Numbers
    held_out: Numbers

    @property
    def verdict(self) -> str:
        """The alternative of the lowest BIC."""
        return list(alternatives)[int(self.bic.argmin())]


def compare(
    unit: Unit,
    folds: int,
    rng: np.random.Generator,
    *,
    family: Family = SIGMOID,
    rule: Fitted | None = None,
) -> Compared:
    """All alternatives for one unit, with BIC = m log(S + S') + p log S' - 2 log L.

    S novel and S' familiar stimuli tell the transfer function, which has m parameters; only the familiar ones
    tell the p parameters of the change. The likeliest ``rule`` is not sought again where it is known.
    """
    known = {"rule": rule} if rule else {}
    fits = [
        known.get(name) or likeliest(unit, name, fit(unit, name, family=family), family=family)
        for name in alternatives
    ]
    novel, familiar = (len(kind.total) for kind in (unit.novel, unit.familiar))
    values = np.array([one.log_likelihood for one in fits])
    added = np.array([len(one.theta) - family.size for one in fits])
    bic = family.size * np.log(novel + familiar) + added * np.log(familiar) - 2 * values
    return Compared(values, bic, held_out(unit, fits, folds, rng, family))


def held_out(unit: Unit, fits: list[Fitted], folds: int, rng: np.random.Generator, family: Family) -> Numbers:
    """Mean log likelihood of stimuli of which the alternatives know nothing but where to start."""
    if folds < 2:
        return np.full(len(fits), np.nan)
    parts = [rng.permutation(len(kind.total)) % folds for kind in (unit.novel, unit.familiar)]
    nodes, scale = nodes_for(unit), Scale.of(unit)
    total = np.zeros(len(fits))
    for fold in range(folds):
        train, test = (kinds_of(_only(unit, parts, fold, held=held)) for held in (False, True))
        for at, name in enumerate(alternatives):
            model = alternatives[name].model(scale, family)
            learned = maximise(model, train, nodes, fits[at].theta, steps=20)
            total[at] += evaluate(model, test, nodes, learned.theta)[0]
    return total / sum(map(len, parts))


def _only(unit: Unit, parts: list[Numbers], fold: int, *, held: bool) -> Unit:
    novel, familiar = (
        kind.take((part == fold) == held)
        for kind, part in zip((unit.novel, unit.familiar), parts, strict=True)
    )
    return unit._replace(novel=novel, familiar=familiar)
