"""Speed of probing a known rule: ``pytest tests/benchmarks/bench_probes.py --benchmark-only``.

Feedback alignment in networks of 2,000 and 20,000 synapses, on 256 examples, whose Jacobian would take 32 MB
and 3.2 GB. One thread.
"""

import pytest
import torch

from neurofit.fields.probes import probe
from neurofit.simulate._field_rule import rule_field

LAYERS = {2000: (20, 80, 5), 20000: (40, 400, 10)}


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.mark.parametrize("draws", [10, 40])
@pytest.mark.parametrize("synapses", LAYERS)
def test_probe(benchmark, synapses, draws):
    field = rule_field("feedback_alignment", layers=LAYERS[synapses], examples=256, rng=0)
    options = {"draws": draws, "rng": 0, "progress": False}
    found = benchmark.pedantic(probe, (field, field.w0), options, rounds=3, warmup_rounds=1)
    assert found.drift.size == synapses
    assert not found.reason


def test_exact_jacobian(benchmark):
    field = rule_field("feedback_alignment", layers=LAYERS[2000], examples=256, rng=0)
    found = benchmark.pedantic(torch.func.jacrev(field), (field.w0,), rounds=1, warmup_rounds=0)
    assert found.shape == (2000, 2000)
