"""Cost of rules from rates: ``pytest tests/benchmarks/bench_rates.py --benchmark-only``.

One unit by each method, without intervals, against stimuli; 1,000 units in parallel.
"""

import numpy as np
import pytest

from neurofit import parallel
from neurofit.plasticity.rates import _generate, rate_methods
from neurofit.plasticity.rates._inputs import prepare, unit_of


def units_of(number, stimuli):
    rng = np.random.default_rng(0)
    population = _generate.Population.draw(number, rng)
    values, familiar, window = prepare(_generate.counts(population, stimuli=stimuli, rng=rng))
    return [unit_of(one, familiar, window) for one in values]


def estimate(case):
    method, unit = case
    return rate_methods[method].estimate(unit, 0, np.random.default_rng(0))


@pytest.mark.parametrize("stimuli", [125, 1000])
@pytest.mark.parametrize("method", list(rate_methods))
def test_a_unit(benchmark, method, stimuli):
    units = units_of(20, stimuli)
    found = benchmark.pedantic(
        lambda: [estimate((method, unit)) for unit in units], rounds=3, warmup_rounds=1
    )
    benchmark.extra_info["ms a unit"] = round(1000 * benchmark.stats.stats.min / len(units), 2)
    assert np.isfinite([one.threshold[0] for one in found]).any()


@pytest.mark.parametrize("number", [100, 1000])
@pytest.mark.parametrize("method", ["quantile", "marginal"])
def test_units_in_parallel(benchmark, method, number):
    cases = [(method, unit) for unit in units_of(number, 125)]
    found = benchmark.pedantic(lambda: parallel.apply(estimate, cases, progress=False), rounds=1)
    benchmark.extra_info["ms a unit"] = round(1000 * benchmark.stats.stats.min / number, 2)
    assert len(found) == number
