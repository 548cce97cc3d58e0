"""How near does ``RateRule`` come to rules that are known? Every figure that was asked of it, in one table.

    python tests/calibration/rate_rule.py

writes docs/tables/rate_rule.csv (minutes). Units are drawn around the published medians; methods that are
compared see the same counts. ``found`` is given with the 95 % interval that this number of units leaves.
"""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rate_worlds import SEED, Case, about, share, world
from scipy.special import ndtri
from tables import write

import neurofit
from neurofit import parallel
from neurofit.plasticity.rates import _generate, _pool, rate_methods
from neurofit.plasticity.rates._alternatives import alternatives
from neurofit.plasticity.rates._comparison import compare
from neurofit.plasticity.rates._kernels import GRID, WEIGHT, quantile_change, sampling_error
from neurofit.plasticity.rates._marginal import described

if TYPE_CHECKING:
    from neurofit.plasticity.rates._inputs import Unit

TABLE = Path(__file__).parents[2] / "docs" / "tables" / "rate_rule.csv"
COMMAND = "python tests/calibration/rate_rule.py"
SPARSE = 1 / 8  # of the rates: half of the counts are 0
INTERVAL = (0.90, 0.98)
INPUT = 2  # thresholds are compared in sd of the input
KNOWN = ndtri(np.linspace(0.01, 0.99, 99))  # stimuli among which curves without noise are known


def row(case: Case) -> dict[str, object]:
    """The line as it is written."""
    found, low, high = case.measure(case)
    asked = case.asked or ("", "")
    return {
        "figure": case.figure,
        "method": case.method,
        "stimuli": case.stimuli,
        "trials": "no noise" if case.trials is None else "/".join(map(str, np.atleast_1d(case.trials))),
        "change": case.change,
        "inputs": case.inputs,
        "rates": case.gain,
        "units": case.units,
        "asked from": asked[0],
        "asked to": asked[1],
        "found": f"{found:.3f}",
        "low": f"{low:.3f}",
        "high": f"{high:.3f}",
        "met": "" if not case.asked else "yes" if asked[0] <= found <= asked[1] else "no",
        "seed": SEED,
        "version": neurofit.__version__,
        "command": COMMAND,
    }


def estimates(case: Case, method: str, *, draws: int = 0):
    """The known answer, and what a method makes of each unit."""
    population, units, rng = world(case)
    return population, [rate_methods[method].estimate(unit, draws, rng) for unit in units]


def curve_error(case: Case):
    """Root mean square error over stimuli, whose inputs are normal: the ends of the curve count little."""
    population, found = estimates(case, case.method)
    error = np.stack([one.change for one in found]) - population.change(np.tile(GRID, (case.units, 1)))
    weight = np.where(np.isnan(error), 0, WEIGHT)
    square = (weight * np.nan_to_num(error) ** 2).sum(axis=1) / weight.sum(axis=1)
    return tuple(np.sqrt(np.maximum(about(square), 0)))


def quantile_error(case: Case):
    """Root mean square error of ``quantile`` over the stimuli from the lowest to the highest hundredth."""
    population, units, _ = world(case)
    found = [quantile_change(unit.novel.rate, unit.familiar.rate, KNOWN)[0] for unit in units]
    error = np.stack(found) - population.change(np.tile(KNOWN, (case.units, 1)))
    return tuple(np.sqrt(about(np.nanmean(error**2, axis=1))))


def curve_coverage(case: Case):
    """Share of the curve within its interval; or of the curve and what the method is wrong by on average."""
    population, found = estimates(case, case.method, draws=200)
    interval = np.stack([one.interval for one in found])
    truth = population.change(np.tile(GRID, (case.units, 1)))
    if "bias" in case.figure:
        truth = truth + np.nanmean(np.stack([one.change for one in found]) - truth, axis=0)
    inside = (interval[..., 0] <= truth) & (truth <= interval[..., 1])
    known = np.isfinite(interval).all(axis=-1)
    return about((inside & known).sum(axis=1) / known.sum(axis=1))


def off(case: Case, method: str):
    """Threshold that was found minus the true one, in sd of the input, for each unit."""
    population, found = estimates(case, method)
    value = np.array([one.threshold for one in found])
    if method == "crossing":  # it takes ranks for normal inputs: the rate tells the input whatever they are
        hz = np.minimum(value[:, :1], 0.99 * population.r_m)
        return population.input_of(hz)[:, 0] - population.threshold()
    return value[:, INPUT] - population.threshold()


def threshold_bias(case: Case):
    """Mean error of the thresholds that were found."""
    return about(off(case, case.method))


def threshold_found(case: Case):
    """Share of units in which a threshold was found."""
    return share(np.isfinite(off(case, case.method)))


def bias_ratio(case: Case):
    """Size of the threshold's bias over that of ``quantile`` in the same units."""
    pair = np.stack([off(case, name) for name in (case.method, "quantile")], axis=1)
    rng = np.random.default_rng(SEED)
    drawn = np.abs(np.nanmean(pair[rng.integers(len(pair), size=(1000, len(pair)))], axis=1))
    ratio = np.abs(np.nanmean(pair, axis=0))
    return ratio[0] / ratio[1], *np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])


def threshold_coverage(case: Case):
    """Share of the thresholds that were found whose interval holds the true one."""
    population, found = estimates(case, case.method, draws=200)
    truth = population.rate(population.threshold()[:, None])[:, 0]
    interval = np.stack([one.threshold_interval[0] for one in found])
    known = ~np.isnan(interval).any(axis=1)
    return share(((interval[:, 0] <= truth) & (truth <= interval[:, 1]))[known])


def threshold_bounded(case: Case):
    """Share of units whose threshold has two bounds: with one, it may lie beyond all stimuli."""
    _, found = estimates(case, case.method, draws=1)
    return share(np.isfinite([one.threshold_interval[INPUT] for one in found]).all(axis=1))


def pooled_threshold_coverage(case: Case):
    """Share of thresholds of pooled units, 60 at a time, whose interval holds the true one."""
    population, units, rng = world(case)
    fits = [fit for part in experiments(units) for fit in _pool.pool(part, "rule").fits]
    found = [
        described(unit, fit, 200, rng).threshold_interval[INPUT]
        for unit, fit in zip(units, fits, strict=True)
    ]
    (low, high), truth = np.transpose(found), population.threshold()
    return share(((low <= truth) & (truth <= high))[~np.isnan(low + high)])


def experiments(units: list[Unit]) -> list[list[Unit]]:
    """60 units at a time."""
    return [units[start : start + 60] for start in range(0, len(units), 60)]


def floor_at(case: Case):
    """Sampling error that the diagnostics tell, at the median and at 2 sd."""
    at = 2.0 if "2 sd" in case.figure else 0.0
    return (float(sampling_error(float(case.stimuli), np.array([at]))[0]),) * 3


def called_rule(case: Case):
    """Share of single units whose verdict is a rule."""
    _, units, rng = world(case)
    return share(np.array([compare(unit, 0, rng).verdict == "rule" for unit in units]))


def pooled_rule(case: Case):
    """Share of experiments with 60 units each in which the units together are called a rule."""
    _, every, _ = world(case)
    verdicts = [
        _pool.judge({name: _pool.pool(part, name) for name in alternatives}).name
        for part in experiments(every)
    ]
    return share(np.array(verdicts) == "rule")


SIZES = ((125, 5), (125, 10), (125, 20), (1000, 10))
CASES = [
    *(
        Case("curve error, from .01 to .99", quantile_error, asked, "quantile", stimuli, trials)
        for stimuli, trials, asked in (
            (125, None, (0.204, 0.276)),
            (1000, None, (0.094, 0.127)),
            (4000, None, (0.042, 0.058)),
            (125, 10, None),
            (1000, 10, None),
        )
    ),
    Case("sampling error at the median", floor_at, (0.136, 0.184), "quantile", 125, None, units=1),
    Case("sampling error at 2 sd", floor_at, (0.272, 0.368), "quantile", 125, None, units=1),
    *(
        Case("curve error", curve_error, most and (0.0, most), method, stimuli, trials)
        for stimuli, trials, limit in (
            (125, None, None),
            (125, 10, 0.22),
            (1000, None, None),
            (1000, 10, 0.09),
        )
        for method, most in (("quantile", None), ("deconvolution", None), ("marginal", limit))
        if trials or method == "quantile"
    ),
    *(
        Case(figure, curve_coverage, asked, method, stimuli, 10, units=100)
        for figure, method, asked in (
            ("curve coverage", "quantile", INTERVAL),
            ("curve coverage but for its bias", "quantile", None),
            ("curve coverage", "marginal", INTERVAL),
        )
        for stimuli in (125, 1000)
    ),
    *(
        Case(figure, measure, None, method, *size)
        for size, method in product(SIZES, ("quantile", "marginal"))
        for figure, measure in (("threshold bias", threshold_bias), ("threshold found", threshold_found))
    ),
    Case("threshold bias over quantile's", bias_ratio, (0.0, 0.5), "marginal", 125, 5, units=600),
    Case("threshold bias over quantile's", bias_ratio, (0.0, 0.5), "marginal", 1000, 10, units=400),
    *(Case("threshold coverage", threshold_coverage, INTERVAL, "marginal", *size) for size in SIZES),
    *(Case("threshold bounded on both sides", threshold_bounded, None, "marginal", *size) for size in SIZES),
    Case("threshold coverage, 60 units pooled", pooled_threshold_coverage, INTERVAL, "marginal", units=240),
    *(
        Case(figure, measure, asked, "crossing", 1000, trials, "rule", inputs, 400)
        for trials, inputs in product((None, 20), _generate.inputs)
        for figure, measure, asked in (
            ("threshold bias", threshold_bias, (-0.05, 0.05)),
            ("threshold found", threshold_found, None),
            ("threshold coverage", threshold_coverage, INTERVAL),
        )
    ),
    *(
        Case(
            "called a rule", called_rule, (0.0, most), "marginal", 125, trials, change, "gaussian", 200, gain
        )
        for trials, change, gain, most in (
            (10, "none", 1.0, 0.05),
            ((20, 5), "none", 1.0, 0.05),
            (5, "none", SPARSE, 0.05),
            (10, "gain", 1.0, 0.10),
        )
    ),
    Case("called a rule", called_rule, (0.37, 1.0), "marginal", 125, 10, units=300),
    *(
        Case("called a rule", called_rule, None, "marginal", stimuli, trials, units=60)
        for stimuli, trials in product((125, 250, 500, 1000), (5, 10, 20))
        if (stimuli, trials) != (125, 10)
    ),
    *(
        Case("60 units together called a rule", pooled_rule, asked, "marginal", change=change, units=1200)
        for change, asked in (("none", (0.0, 0.05)), ("gain", (0.0, 0.10)), ("rule", (0.8, 1.0)))
    ),
]


def main():
    """Make the table."""
    rows = parallel.apply(row, CASES, description="rules from rates")
    write(TABLE, rows)


if __name__ == "__main__":
    main()
