"""Speed of comparing RDMs: ``pytest tests/benchmarks/bench_compare.py --benchmark-only``.

100 stimuli. The whitened comparison with full noise covariance is timed beside rsatoolbox's (about half a
minute), whose conjugate gradients stop at a relative error of 1e-5, and which takes off the plain mean.
"""

import numpy as np
import pytest
from rsa_peers import labelled_rdms, whitened
from scipy.spatial.distance import pdist

from neurofit import rsa

STIMULI = 100
MEASURES = sorted(set(rsa.comparators) - {"tau_a", "tau_b", "riemannian"})  # Those take minutes.


def rdms(count, *, rng):
    rng = np.random.default_rng(rng)
    return np.array([pdist(rng.normal(size=(STIMULI, 150)), "sqeuclidean") for _ in range(count)])


@pytest.mark.filterwarnings("ignore")  # Those of the peer.
@pytest.mark.parametrize(("who", "rounds"), [("neurofit", 20), ("rsatoolbox", 1)])
def test_full_noise_covariance(benchmark, who, rounds):
    ours, theirs = whitened("full", stimuli=STIMULI)
    run = {"neurofit": ours, "rsatoolbox": theirs}[who]
    assert abs(benchmark.pedantic(run, rounds=rounds, warmup_rounds=int(rounds > 1))) < 1


@pytest.mark.parametrize("measure", sorted(rsa.comparators))
def test_two_rdms(benchmark, measure):
    a, b = (labelled_rdms(rdms(1, rng=rng), STIMULI, dim) for rng, dim in enumerate(("model", "subject")))
    found = benchmark.pedantic(rsa.compare, (a, b), {"measure": measure}, rounds=3, warmup_rounds=1)
    assert found.shape == (1, 1)


@pytest.mark.parametrize("measure", MEASURES)
def test_bootstrap_of_three_models_and_eight_subjects(benchmark, measure):
    models, subjects = rdms(3, rng=0), rdms(8, rng=1)
    draws = 100 if measure == "bures" else 1000
    times = np.random.default_rng(2).multinomial(STIMULI, np.full(STIMULI, 1 / STIMULI), size=draws)
    arguments = (models, subjects, times.astype(float))
    found = benchmark.pedantic(rsa.comparators[measure], arguments, rounds=1, warmup_rounds=0)
    assert found.shape == (draws, 3, 8)
