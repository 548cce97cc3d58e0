"""Speed of fields: ``pytest tests/benchmarks/bench_fields.py --benchmark-only``.

Pairs and ridge regression on perturbed weights, with noise of the size of the signal. Then 2,000 scattered
samples with noise of 10 %, and SparseVFC, written anew from its paper, with settings given. One thread:
set OMP_NUM_THREADS=1.
"""

import numpy as np
import pytest
import xarray as xr
from fields_table import WORLDS, made, ours
from sparse_vfc import sparse_vfc

from neurofit.fields import WeightField
from neurofit.fields._power import random_jacobian
from neurofit.fields.jacobian._pairs import pairs

SIZES = [(2000, 200), (5000, 400)]  # synapses, trials


@pytest.fixture(scope="module", params=SIZES, ids=lambda size: "{}x{}".format(*size))
def perturbed(request):
    """Perturbations (trial, synapse), and the changes that followed."""
    synapses, trials = request.param
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(2, trials, synapses))
    jacobian = random_jacobian(synapses, 0.7, rng)
    return x, x @ jacobian.T + np.linalg.norm(jacobian) / np.sqrt(synapses) * noise


@pytest.mark.parametrize("draws", [0, 999])
def test_pairs(benchmark, perturbed, draws):
    x, y = perturbed
    found = benchmark(pairs, y, x, draws=draws, rng=np.random.default_rng(0))
    assert found.drift.shape == y.shape[1:]


def test_decompose(benchmark, perturbed):
    x, y = (xr.DataArray(each, dims=("trial", "synapse")) for each in perturbed)
    field = WeightField.from_trials(None, x, y)
    found = benchmark(field.decompose, estimator="pairs", rng=0)
    assert found.estimator == "pairs"


def test_ridge(benchmark, perturbed):
    """The ridge regression of docs/tables/field_jacobian.csv, its penalty chosen among 60."""
    from field_jacobian import ridge_share

    x, y = perturbed
    assert 0 < benchmark(ridge_share, y, x) < 1


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
