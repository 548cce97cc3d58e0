"""How often the comparison is wrong, and how often right: null tests of a recording, power of a plan."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr
from scipy.stats import binomtest

from ...names import ALTERNATIVE, BOUND, BOUNDS, DRAW, STIMULUS, TRIAL, UNIT
from ...parallel import apply
from ...provenance import label, stamp
from . import _generate
from ._alternatives import alternatives
from ._comparison import compare
from ._families import Scale, families
from ._inputs import Unit, prepare, unit_of
from ._marginal import fit
from ._pool import judge, pool
from ._registry import PARAMETRIC, RULE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._families import Family
    from ._inputs import Numbers


class _Task(NamedTuple):
    unit: Unit
    rng: np.random.Generator


def null_test(
    counts: xr.DataArray,
    *,
    null: str = "none",
    family: str = "sigmoid",
    draws: int = 10,
    rng: int | np.random.Generator | None = None,
    workers: int | None = 1,
    progress: bool = False,
) -> xr.Dataset:
    """How often a recording like this one would be called a rule although there is none.

    Each unit is simulated from what was fitted to it under the null, with its own numbers of trials, its Fano
    factor and its ties, and compared as ``RateRule`` compares.

    Parameters
    ----------
    counts
        Spike counts (unit, stimulus, trial), as ``RateRule.fit`` takes them.
    null
        What is true in the simulation: one of ``plasticity.rate_alternatives``.
    family
        Transfer function: one of ``plasticity.rate_families``.
    draws
        Simulations of each unit.
    rng
        Seed or generator of the simulations.
    workers
        Local processes.
    progress
        Whether to show a bar.

    Returns
    -------
    Dataset
        ``share`` (alternative) of the simulated units with each verdict, its exact 95 % ``interval``, and
        ``observed``, the share of the units of the recording itself.

    References
    ----------
    Clopper & Pearson 1934, Biometrika 26:404, doi:10.1093/biomet/26.4.404
    """
    seed, rng = rng, np.random.default_rng(rng)
    values, familiar, window = prepare(counts)
    tasks = [
        _Task(unit_of(one, familiar, window), stream)
        for one, stream in zip(values, rng.spawn(len(values)), strict=True)
    ]
    work = partial(_under_null, null=null, family=families[family], draws=draws)
    found = apply(work, tasks, workers=workers, progress=progress, description=f"units under {null}")
    result = _shares(np.concatenate([simulated for _, simulated in found]))
    observed = _shares(np.array([verdict for verdict, _ in found])).share
    result["observed"] = label(observed, units="1", long_name="share of the units of the recording")
    return stamp(
        result,
        "plasticity.null_test",
        sources=[counts],
        references=[RULE],
        null=null,
        family=family,
        draws=draws,
        rng=seed,
    )


def _under_null(task: _Task, *, null: str, family: Family, draws: int) -> tuple[str, Numbers]:
    """The unit's own verdict, and those of its simulations."""
    unit, rng = task
    fitted = fit(unit, null, family=family)
    model = alternatives[null].model(Scale.of(unit), family)
    verdicts = []
    for _ in range(draws):
        kinds = []
        for at, kind in enumerate((unit.novel, unit.familiar)):
            log_rate = model.log_rates(fitted.theta, rng.normal(size=len(kind.total)))[at][0]
            mean = kind.window * np.exp(log_rate) * kind.trials
            kinds.append(kind._replace(total=_spikes(mean, unit.fano, rng)))
        verdicts.append(compare(Unit(kinds[0], kinds[1], unit.fano), 0, rng, family=family).verdict)
    return compare(unit, 0, rng, family=family).verdict, np.array(verdicts)


def _spikes(mean: Numbers, factor: float, rng: np.random.Generator) -> Numbers:
    """Counts of this mean and Fano factor: negative binomial above 1, Poisson at 1, binomial below."""
    if abs(factor - 1) < 0.05:
        return rng.poisson(mean)
    if factor > 1:
        return rng.poisson(rng.gamma(mean / (factor - 1)) * (factor - 1))
    return rng.binomial(np.ceil(mean / (1 - factor)).astype(int), 1 - factor)


def power(
    *,
    units: int = 60,
    stimuli: int = 125,
    trials: int | tuple[int, int] = 10,
    change: str = "rule",
    draws: int = 5,
    rng: int | np.random.Generator | None = None,
    workers: int | None = 1,
    progress: bool = False,
) -> xr.Dataset:
    """How often a planned experiment would find the rule that there is.

    Units are drawn around the published medians, with dh of up to 1.7 sd, and seen in a window of 120 ms.

    Parameters
    ----------
    units
        Number of them.
    stimuli
        Novel stimuli, and as many familiar ones.
    trials
        Of each stimulus; or of each novel and each familiar one.
    change
        What is true: none, constant (-.3 sd), gain (x 1.3) or rule.
    draws
        Simulated experiments.
    rng
        Seed or generator of the simulations.
    workers
        Local processes.
    progress
        Whether to show a bar.

    Returns
    -------
    Dataset
        ``share`` (alternative) of single units with each verdict, with its exact 95 % ``interval``;
        ``pooled`` (draw), the verdict for all units of each experiment together.

    References
    ----------
    Pereira & Brunel 2018, Neuron 99:227, doi:10.1016/j.neuron.2018.05.038
    """
    seed, rng = rng, np.random.default_rng(rng)
    work = partial(_experiment, units=units, stimuli=stimuli, trials=trials, change=change)
    streams: Sequence[np.random.Generator] = rng.spawn(draws)
    found = apply(work, streams, workers=workers, progress=progress, description="experiments")
    result = _shares(np.concatenate([single for single, _ in found]))
    pooled = xr.DataArray([together for _, together in found], dims=[DRAW])
    result["pooled"] = label(pooled, units="1", long_name="verdict for all units together")
    return stamp(
        result,
        "plasticity.power",
        references=[PARAMETRIC, RULE],
        units=units,
        stimuli=stimuli,
        trials=trials,
        change=change,
        draws=draws,
        rng=seed,
    )


def _experiment(
    rng: np.random.Generator, *, units: int, stimuli: int, trials: int | tuple[int, int], change: str
) -> tuple[Numbers, str]:
    drawn = _generate.Population.draw(units, rng)
    counts = _generate.counts(drawn, stimuli=stimuli, trials=trials, change=change, rng=rng)
    # A unit that is silent for all novel stimuli would be left out.
    heard = counts.where(~counts.familiar, 0).sum([STIMULUS, TRIAL]) > 0
    values, familiar, window = prepare(counts.isel({UNIT: heard.values}))
    each = [unit_of(one, familiar, window) for one in values]
    together = judge({name: pool(each, name) for name in alternatives}).name
    return np.array([compare(unit, 0, rng).verdict for unit in each]), together


def _shares(verdicts: Numbers) -> xr.Dataset:
    number = np.array([(verdicts == name).sum() for name in alternatives])
    of = len(verdicts)
    exact = [binomtest(int(count), of).proportion_ci() for count in number]
    share = xr.DataArray(number / of, dims=[ALTERNATIVE])
    interval = xr.DataArray([[one.low, one.high] for one in exact], dims=[ALTERNATIVE, BOUND])
    return xr.Dataset(
        {
            "share": label(share, units="1", long_name="share of units with this verdict"),
            "interval": label(interval, units="1", long_name="95 % interval of the share"),
        },
        {ALTERNATIVE: list(alternatives), BOUND: list(BOUNDS)},
    )
