"""Speed of RDMs: ``pytest tests/benchmarks/bench_rdm.py --benchmark-only``."""

import numpy as np
import pytest
import xarray as xr

from neurofit import rsa

rsatoolbox = pytest.importorskip("rsatoolbox", reason="the peer is not installed: neurofit[bench]")


def recording(*, stimuli, folds, units, missing=0.0):
    """The same responses for both, less their mean, which the peer does not take off, and a precision."""
    rng = np.random.default_rng(0)
    stimulus, fold = np.repeat(np.arange(stimuli), folds), np.tile(np.arange(float(folds)), stimuli)
    kept = (rng.random(len(stimulus)) >= missing) | (fold < 2)
    stimulus, fold = stimulus[kept], fold[kept]
    values = rng.normal(size=(len(stimulus), units))
    values -= values.mean(axis=0)
    names = np.array([f"image{index:04d}" for index in stimulus])
    ours = xr.DataArray(values, {"stimulus_id": ("trial", names), "fold": ("trial", fold)}, ("trial", "unit"))
    theirs = rsatoolbox.data.Dataset(values, obs_descriptors={"stimulus": list(names), "fold": list(fold)})
    mixed = rng.normal(size=(units, 2 * units))
    return ours, theirs, xr.DataArray(mixed @ mixed.T / units, dims=("unit", "unit_b"))


@pytest.mark.parametrize("who", ["neurofit", "rsatoolbox"])
@pytest.mark.parametrize("measure", ["euclidean", "correlation"])
def test_patterns(benchmark, measure, who):
    ours, theirs, _ = recording(stimuli=500, folds=1, units=500)

    def peer():
        return rsatoolbox.rdm.calc_rdm(theirs, method=measure, descriptor="stimulus").dissimilarities[0]

    made = benchmark({"neurofit": lambda: rsa.rdm(ours, measure=measure), "rsatoolbox": peer}[who])
    np.testing.assert_allclose(made, peer(), rtol=0, atol=1e-8)


@pytest.mark.filterwarnings("ignore")  # Those of the peer.
@pytest.mark.parametrize("who", ["neurofit", "rsatoolbox"])
@pytest.mark.parametrize("missing", [0.0, 0.1], ids=["balanced", "unbalanced"])
def test_crossnobis(benchmark, missing, who):
    ours, theirs, noise = recording(stimuli=200, folds=8, units=300, missing=missing)
    calculate = rsatoolbox.rdm.calc_rdm_unbalanced if missing else rsatoolbox.rdm.calc_rdm
    given = {"method": "crossnobis", "descriptor": "stimulus", "cv_descriptor": "fold", "noise": noise.values}

    def peer():
        return calculate(theirs, **given).dissimilarities[0]

    if who == "rsatoolbox":
        made = benchmark.pedantic(peer, rounds=1 if missing else 5)
        np.testing.assert_allclose(rsa.rdm(ours, measure="crossnobis", noise=noise), made, rtol=0, atol=1e-8)
    else:
        benchmark(lambda: rsa.rdm(ours, measure="crossnobis", noise=noise))
