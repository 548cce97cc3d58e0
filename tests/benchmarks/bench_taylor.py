"""Time to the right rule from trajectories: ``pytest tests/benchmarks/bench_taylor.py --benchmark-only``.

Oja's rule, 20 x 20 weights, 50 steps, 6 trajectories, noise of half a standard deviation. The peer, Mehta et
al. 2024 (doi:10.1101/2023.12.11.571103) in JAX, is on no package index. The one time of its authors that we
found is in an earlier version, quoted in a review of it: simulations with up to 10^6 synapses and 1,000 steps
in less than an hour on an NVIDIA A100 GPU. ``test_published_default`` takes its default settings (Adam, L1,
27 terms, 250 epochs), written anew in torch: its time is one for a rule that is wrong.
"""

import time

import numpy as np
import pytest
import taylor_rule

from neurofit.plasticity.taylor import TaylorRule, plastic_trajectories

OJA = {(1, 1, 0): 1.0, (0, 2, 1): -1.0}


@pytest.fixture(scope="module")
def made():
    return plastic_trajectories(OJA, noise=0.5, rng=0)


@pytest.mark.parametrize("observed", ["activity", "weights"])
def test_neurofit(benchmark, made, observed):
    rule = TaylorRule(learning_rate=0.04, initial="known")
    given = {observed: made[observed], "initial_weights": made.first_weights}
    found = benchmark.pedantic(rule.fit, args=(made.inputs,), kwargs=given, rounds=3, warmup_rounds=1)
    benchmark.extra_info["coefficients"] = found.coef_.values.round(3).tolist()
    assert found.terms_ == list(OJA)
    assert (np.abs(found.coef_ - list(OJA.values())) < 3 * found.se_).all()


@pytest.mark.benchmark(timer=time.process_time)
@pytest.mark.parametrize(("units", "steps"), [(10, 50), (20, 50), (40, 50), (20, 25), (20, 100), (20, 200)])
def test_cost(benchmark, units, steps):
    """Processor time against the size of the layer and the length of trajectories."""
    made = plastic_trajectories(OJA, units=(units, units), steps=steps, noise=0.5, rng=0)
    rule = TaylorRule(learning_rate=0.04, initial="known")
    given = {"activity": made.activity, "initial_weights": made.first_weights}
    found = benchmark.pedantic(rule.fit, args=(made.inputs,), kwargs=given, rounds=1, warmup_rounds=1)
    assert found.terms_


def test_published_default(benchmark, made):
    theta = benchmark.pedantic(taylor_rule.published, args=(made, np.random.default_rng(0)), rounds=1)
    benchmark.extra_info["coefficients"] = [round(float(theta[term]), 3) for term in OJA]
