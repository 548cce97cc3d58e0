"""Speed of finding fields: ``pytest tests/benchmarks/bench_fields.py --benchmark-only``.

2,000 samples with noise of 10 %, and SparseVFC, written anew from its paper, with settings given.
"""

import pytest
from fields_table import WORLDS, made, ours
from sparse_vfc import sparse_vfc


@pytest.mark.parametrize("world", WORLDS)
@pytest.mark.parametrize("who", ["neurofit", "SparseVFC"])
def test_two_thousand_samples(benchmark, world, who):
    w, dw, new, _ = made(world, 0)
    run = {"neurofit": lambda: ours(w, dw), "SparseVFC": lambda: sparse_vfc(w, dw, beta=0.3, penalty=0.1)}[
        who
    ]
    found = benchmark.pedantic(run, rounds=3, warmup_rounds=1)
    assert found.jacobian(new[:5]).shape == (5, *new.shape[1:], new.shape[1])


@pytest.mark.parametrize("points", [2000])
def test_jacobian_at_points(benchmark, points):
    w, dw, new, _ = made("10-D waves", 0)
    found = ours(w, dw)
    assert benchmark(found.jacobian, new[:points]).shape == (points, 10, 10)
