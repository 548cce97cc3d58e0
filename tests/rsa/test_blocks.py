"""Blocks change no number: of pairs, of further dims, and over dask's workers."""

import numpy as np
import pytest
import xarray as xr
from threadpoolctl import threadpool_info, threadpool_limits

from neurofit import rsa
from neurofit.errors import RecordingError
from neurofit.rsa import _blocks
from neurofit.rsa._kernels import distances

SEVERAL = ["euclidean", "correlation", "cosine", "poisson", "poisson_cv"]


@pytest.fixture
def in_time():
    rng = np.random.default_rng(0)
    coords = {"stimulus_id": ("trial", rng.permutation(np.arange(36) % 8)), "time": np.arange(5.0)}
    values = rng.gamma(2.0, size=(36, 7, 5, 2))
    return xr.DataArray(values, coords, ("trial", "unit", "time", "session")).transpose("time", ...)


@pytest.mark.parametrize("bound", [1, 20_000])
def test_a_smaller_workspace_gives_the_same_distances(in_time, true_noise, monkeypatch, bound):
    noise = true_noise(7).drop_vars("unit_id")
    options = {"measure": [*SEVERAL, "mahalanobis", "crossnobis"], "noise": noise}
    expected = rsa.rdm(in_time, **options)
    monkeypatch.setattr(_blocks, "WORKSPACE", bound)
    monkeypatch.setattr(distances, "WORKSPACE", bound)
    xr.testing.assert_allclose(rsa.rdm(in_time, **options), expected, rtol=1e-10)


def test_work_takes_little_more_memory_than_the_distances(monkeypatch):
    import tracemalloc

    monkeypatch.setattr(distances, "WORKSPACE", 2**20)
    values = np.random.default_rng(0).normal(size=(1500, 20))
    tracemalloc.start()
    made = distances.squared_euclidean(values)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < made.nbytes + 2 * 2**20  # The whole matrix of products would take another 18 MB.


@pytest.mark.parametrize("chunks", [{"time": 2}, {"unit": 3}, {"trial": 10, "time": 1, "session": 1}])
def test_lazy_responses_give_the_same_distances(in_time, true_noise, chunks):
    pytest.importorskip("dask")
    noise = true_noise(7).drop_vars("unit_id")
    options = {"measure": [*SEVERAL, "crossnobis"], "noise": noise}
    result = rsa.rdm(in_time.chunk(chunks), **options)
    assert result.crossnobis.chunks is None
    xr.testing.assert_allclose(result, rsa.rdm(in_time, **options), rtol=1e-10)


def test_lazy_responses_whose_noise_is_estimated_are_read_as_a_whole(in_time):
    pytest.importorskip("dask")
    lazy = rsa.rdm(in_time.chunk(time=2, unit=3), measure="crossnobis")
    xr.testing.assert_allclose(lazy, rsa.rdm(in_time, measure="crossnobis"), rtol=1e-10)


def test_gaps_in_a_chunk_are_told(in_time):
    pytest.importorskip("dask")
    in_time[3, 0, 0, 0] = np.nan
    for responses in (in_time, in_time.chunk(time=1, unit=2)):
        with pytest.raises(RecordingError, match="NaN or infinite values in 1 of 36"):
            rsa.rdm(responses)


@pytest.mark.slow
def test_workers_give_the_same_distances(in_time):
    distributed = pytest.importorskip("distributed")
    expected = rsa.rdm(in_time, measure=SEVERAL)
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster),
    ):
        result = rsa.rdm(in_time.chunk(time=2, unit=3), measure=SEVERAL)
    xr.testing.assert_allclose(result, expected, rtol=1e-10)


@pytest.mark.skipif(_blocks._memory() is None, reason="this machine does not say how much memory it has")
def test_more_pairs_than_memory_are_refused_before_any_work():
    ids = {"stimulus_id": ("stimulus", np.arange(4_000_000))}
    responses = xr.DataArray(np.zeros((4_000_000, 1), np.uint8), ids, ("stimulus", "unit"))
    with pytest.raises(RecordingError, match=r"make 7999998000000 pairs; .* they take 1788\d\d\.\d GiB, and"):
        rsa.rdm(responses, measure="euclidean")


@pytest.mark.parametrize(("many", "threads"), [(2**30, 1), (0, 2)])
def test_small_products_are_made_by_one_thread(many, threads, monkeypatch):
    found = []

    def spied(patterns):
        found.extend(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")
        return squared_euclidean(patterns)

    squared_euclidean = distances.squared_euclidean
    monkeypatch.setattr(distances, "squared_euclidean", spied)
    monkeypatch.setattr(_blocks, "MANY_PRODUCTS", many)
    responses = xr.DataArray(np.eye(4), {"stimulus_id": ("stimulus", list("abcd"))}, ("stimulus", "unit"))
    with threadpool_limits(2, user_api="blas"):
        rsa.rdm(responses, measure="euclidean")
        after = [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]
    assert set(found) == {threads}
    assert set(after) == {2}
