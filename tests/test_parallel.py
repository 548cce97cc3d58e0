import numpy as np
import pytest

from neurofit import parallel


@pytest.fixture
def draw():
    # Made here, it goes to workers by value: they cannot import a test module.
    def draw(seed):
        return np.random.default_rng(seed).normal(size=3)

    return draw


@pytest.fixture
def client():
    from distributed import Client, LocalCluster

    with (
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster,
        Client(cluster) as active,
    ):
        yield active


def test_the_number_of_workers_changes_nothing(draw):
    alone, together = (parallel.apply(draw, range(6), workers=n, progress=False) for n in (1, 2))
    np.testing.assert_array_equal(alone, together)
    np.testing.assert_array_equal(alone, [draw(seed) for seed in range(6)])


def test_no_work_is_fine(draw):
    assert parallel.apply(draw, [], progress=False) == []


def test_an_error_in_a_worker_comes_back():
    def fail(item):
        if item == 1:
            raise ValueError(f"item {item} is bad")

    with pytest.raises(ValueError, match="item 1 is bad"):
        parallel.apply(fail, [0, 1, 2], workers=2, progress=False)


@pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")
def test_an_active_dask_client_does_the_work_and_gives_the_same_numbers(client, draw):
    from distributed import get_worker

    addresses = parallel.apply(lambda _: get_worker().address, range(4), progress=False)
    assert set(addresses) <= set(client.scheduler_info()["workers"])
    here = [draw(seed) for seed in range(6)]
    np.testing.assert_array_equal(parallel.apply(draw, range(6), progress=False), here)


def test_progress_can_be_silenced(capsys, draw):
    parallel.apply(draw, range(3), workers=1, progress=False)
    assert capsys.readouterr().err == ""
    parallel.apply(draw, range(3), workers=1, description="drawing")
    assert "drawing" in capsys.readouterr().err
