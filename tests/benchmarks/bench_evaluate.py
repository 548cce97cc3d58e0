"""Speed of inference: ``pytest tests/benchmarks/bench_evaluate.py --benchmark-only``.

3 models, 8 subjects, 100 stimuli, 1,000 draws. rsatoolbox makes fewer: compare seconds a draw (extra_info).
"""

import numpy as np
import pytest
import xarray as xr

STIMULI, SUBJECTS, MODELS, DRAWS = 100, 8, 3, 1000
PEER_DRAWS = 10
NAMES = {"cosine": "cosine", "rho_a": "rho-a", "pearson": "corr"}
CASES = [
    ("cosine", ("stimulus",), "eval_bootstrap_pattern"),
    ("rho_a", ("stimulus",), "eval_bootstrap_pattern"),
    ("cosine", ("subject",), "eval_bootstrap_rdm"),
    ("cosine", ("stimulus", "subject"), "eval_dual_bootstrap"),
]


@pytest.fixture(scope="module")
def rdms():
    rng = np.random.default_rng(0)
    first, second = np.triu_indices(STIMULI, 1)
    names = np.array([f"s{number:03d}" for number in range(STIMULI)])
    pairs = {"stimulus_a": ("pair", names[first]), "stimulus_b": ("pair", names[second])}
    truth = rng.gamma(3.0, size=len(first))
    make = [truth + rng.normal(size=(count, len(first))) for count in (MODELS, SUBJECTS)]
    return (
        xr.DataArray(make[0], {**pairs, "model": list("abc")}, ("model", "pair")),
        xr.DataArray(make[1], {**pairs, "subject": range(SUBJECTS)}, ("subject", "pair")),
    )


@pytest.mark.parametrize(("measure", "resample", "_peer"), CASES)
def test_neurofit(benchmark, rdms, measure, resample, _peer):
    from neurofit import rsa

    options = {"measure": measure, "resample": resample, "draws": DRAWS, "rng": 0}
    found = benchmark.pedantic(rsa.evaluate, args=rdms, kwargs=options, rounds=3, warmup_rounds=1)
    benchmark.extra_info["seconds a draw"] = benchmark.stats.stats.min / DRAWS
    assert found.estimate.sizes == {"model": MODELS}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("measure", "_resample", "peer"), CASES)
def test_rsatoolbox(benchmark, rdms, measure, _resample, peer):
    inference = pytest.importorskip("rsatoolbox.inference")
    from rsatoolbox.model import ModelFixed
    from rsatoolbox.rdm import RDMs

    models, data = rdms
    fixed = [ModelFixed(name, row) for name, row in zip("abc", models.values, strict=True)]
    options = {"method": NAMES[measure], "N": PEER_DRAWS}
    if peer == "eval_dual_bootstrap":
        options |= {"k_pattern": 1, "k_rdm": 1}
    benchmark.pedantic(getattr(inference, peer), args=(fixed, RDMs(data.values)), kwargs=options, rounds=1)
    benchmark.extra_info["seconds a draw"] = benchmark.stats.stats.min / PEER_DRAWS
