"""Speed of counting: ``pytest tests/benchmarks/bench_responses.py --benchmark-only``. Memory: table.py."""

import peers
import pytest
from recording import STIMULI, STORED, TRIALS, UNITS, make

WANTED = {
    "counts": (TRIALS, UNITS, 100),
    "counts_of_session": (TRIALS, UNITS, 100),
    "pynapple_counts": (UNITS, TRIALS, 100),
    "average": (STIMULI, UNITS, 100),
    "chunked": (STIMULI, UNITS, 100),
    "pynapple_average": (STIMULI, UNITS, 100),
    "lazy": (TRIALS, UNITS, 100),
}


@pytest.fixture(scope="session", params=STORED)
def path(request, tmp_path_factory):
    return make(tmp_path_factory.mktemp("benchmark"), stored=request.param)


@pytest.mark.filterwarnings("ignore")  # Those of the peers.
@pytest.mark.parametrize("what", WANTED)
def test_from_the_file(benchmark, path, what):
    made = benchmark.pedantic(getattr(peers, what), args=(path,), rounds=3, warmup_rounds=1)
    assert made.shape == WANTED[what]


def test_ten_units(benchmark, path):
    def opened():
        return (peers.lazy(path),), {}

    assert benchmark.pedantic(peers.ten_units, setup=opened, rounds=3).shape == (TRIALS, 10, 100)
