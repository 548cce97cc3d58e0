"""Worlds in which the rules of rates are known: what ``rate_rule.py`` measures in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import binomtest

from neurofit.plasticity.rates import _generate
from neurofit.plasticity.rates._inputs import Counts, Unit, prepare, unit_of

if TYPE_CHECKING:
    from collections.abc import Callable

SEED = 606
EXPOSURE = 1e6  # seconds after which a rate is known


class Case(NamedTuple):
    """One line of the table: what is measured, what was asked (from, to), and in which world."""

    figure: str
    measure: Callable[[Case], tuple[float, float, float]]
    asked: tuple[float, float] | None = None
    method: str = ""
    stimuli: int = 125
    trials: int | tuple[int, int] | None = 10  # None: rates without noise
    change: str = "rule"
    inputs: str = "gaussian"
    units: int = 200
    gain: float = 1.0  # of all rates


def world(case: Case) -> tuple[_generate.Population, list[Unit], np.random.Generator]:
    """Units and what was recorded of them: the same for all methods."""
    shown = 0 if case.trials is None else case.trials
    rng = np.random.default_rng([SEED, case.stimuli, *np.atleast_1d(shown)])
    population = _generate.Population.draw(case.units, rng)
    # The threshold moves with the rates: the rule stays what it is in inputs.
    population = replace(
        population,
        r_m=population.r_m * case.gain,
        x_f=population.x_f * case.gain,
        beta_f=population.beta_f / case.gain,
    )
    made = {"stimuli": case.stimuli, "change": case.change, "drive": case.inputs, "rng": rng}
    if case.trials is None:
        pairs = zip(*_generate.rates(population, **made), strict=True)
        return population, [Unit(*map(without_noise, pair), 1.0) for pair in pairs], rng
    counts = _generate.counts(population, trials=case.trials, **made)
    heard = counts.where(~counts.familiar, 0).sum(["stimulus", "trial"]) > 0
    values, familiar, window = prepare(counts.isel(unit=heard.values))
    return population, [unit_of(one, familiar, window) for one in values], rng


def without_noise(rate) -> Counts:
    """Counts so high that their noise is nothing."""
    return Counts(np.rint(rate * EXPOSURE), np.ones(len(rate)), EXPOSURE)


def about(values) -> tuple[float, float, float]:
    """Mean of units, and its 95 % interval."""
    values = np.asarray(values)[np.isfinite(values)]
    error = 1.96 * values.std(ddof=1) / np.sqrt(len(values))
    return values.mean(), values.mean() - error, values.mean() + error


def share(hits) -> tuple[float, float, float]:
    """Share, and its exact 95 % interval."""
    interval = binomtest(int(hits.sum()), len(hits)).proportion_ci()
    return hits.mean(), interval.low, interval.high
