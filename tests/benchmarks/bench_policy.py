"""Speed and recovery of a policy's random walk: ``pytest tests/benchmarks/bench_policy.py --benchmark-only``.

2,000 trials of 3 regressors; both fit their standard deviations and give errors of the weights.
"""

import numpy as np
import pytest

from neurofit.plasticity.policy import PolicyRule, simulate_choices

WALK = (0.05, 0.1, 0.1)
INITIAL = 4.0


@pytest.fixture(scope="module")
def made():
    return simulate_choices(
        "random_walk", walk_sd=WALK, regressors=("bias", "left", "right"), trials=2000, rng=0
    )


def told(benchmark, made, weights, walk_sd, log_evidence):
    error = np.sqrt(((weights - made.weight.values) ** 2).mean(axis=0))
    benchmark.extra_info["error of the weights"] = error.round(4).tolist()
    benchmark.extra_info["standard deviations"] = np.round(walk_sd, 4).tolist()
    benchmark.extra_info["log evidence"] = round(float(log_evidence), 2)
    assert np.all(error < 1.0)


def test_neurofit(benchmark, made):
    rule = PolicyRule("random_walk", initial_sd=INITIAL)
    found = benchmark.pedantic(
        rule.fit, args=(made.choice,), kwargs={"stimuli": made.stimuli}, rounds=3, warmup_rounds=1
    )
    told(benchmark, made, found.weights_.values, found.result_.walk_sd.values, found.log_evidence_)


@pytest.mark.filterwarnings("ignore")
def test_psytrack(benchmark, made):
    psytrack = pytest.importorskip("psytrack")
    inputs = {name: made.stimuli.sel(regressor=[name]).values for name in ("left", "right")}
    data = {"y": made.choice.values.astype(float), "inputs": inputs}
    hyper = {"sigInit": INITIAL, "sigma": [2**-4.0] * 3, "sigDay": None}
    weights = {"bias": 1, "left": 1, "right": 1}
    found = benchmark.pedantic(psytrack.hyperOpt, args=(data, hyper, weights, ["sigma"]), rounds=1)
    best, log_evidence, modes, _ = found
    told(benchmark, made, modes.T, best["sigma"], log_evidence)
