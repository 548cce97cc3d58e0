"""Cost of rules from rates: ``pytest tests/benchmarks/bench_rates.py --benchmark-only``.

One unit by each method, against stimuli, with and without intervals, and with its comparison: by the time of
the process, which other work on the machine does not lengthen. 1,000 units in parallel: by the clock.
"""

import time
from functools import partial

import numpy as np
import pytest

from neurofit import parallel
from neurofit.plasticity.rates import _generate, rate_methods
from neurofit.plasticity.rates._alternatives import alternatives
from neurofit.plasticity.rates._comparison import compare
from neurofit.plasticity.rates._inputs import prepare, unit_of


def units_of(number, stimuli):
    rng = np.random.default_rng(0)
    population = _generate.Population.draw(number, rng)
    values, familiar, window = prepare(_generate.counts(population, stimuli=stimuli, rng=rng))
    return [unit_of(one, familiar, window) for one in values]


def estimate(case, *, draws=0):
    method, unit = case
    return rate_methods[method].estimate(unit, draws, np.random.default_rng(0))


def judged(case, *, folds=0):
    """Estimate and comparison, as ``RateRule`` makes them."""
    found = estimate(case)
    return compare(case[1], folds, np.random.default_rng(0), rule=found.likeliest)


def milliseconds(benchmark, work, method, units):
    found = benchmark.pedantic(lambda: [work((method, unit)) for unit in units], rounds=3, warmup_rounds=1)
    benchmark.extra_info["ms a unit"] = round(1000 * benchmark.stats.stats.min / len(units), 2)
    return found


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("stimuli", [125, 1000])
@pytest.mark.parametrize("method", list(rate_methods))
def test_a_unit(benchmark, method, stimuli):
    found = milliseconds(benchmark, estimate, method, units_of(20, stimuli))
    assert np.isfinite([one.threshold[0] for one in found]).any()


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("method", list(rate_methods))
def test_a_unit_with_intervals(benchmark, method):
    found = milliseconds(benchmark, partial(estimate, draws=200), method, units_of(10, 125))
    assert np.isfinite([one.threshold_interval[0, 0] for one in found]).any()


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize("folds", [0, 5])
@pytest.mark.parametrize("method", ["quantile", "marginal"])
def test_a_unit_and_its_comparison(benchmark, method, folds):
    found = milliseconds(benchmark, partial(judged, folds=folds), method, units_of(10, 125))
    assert {one.verdict for one in found} <= set(alternatives)


@pytest.mark.parametrize("number", [100, 1000])
@pytest.mark.parametrize("method", ["quantile", "marginal"])
def test_units_in_parallel(benchmark, method, number):
    cases = [(method, unit) for unit in units_of(number, 125)]
    found = benchmark.pedantic(lambda: parallel.apply(estimate, cases, progress=False), rounds=1)
    benchmark.extra_info["ms a unit"] = round(1000 * benchmark.stats.stats.min / number, 2)
    assert len(found) == number
