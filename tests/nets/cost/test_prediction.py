import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets import Batch


@pytest.fixture
def batch():
    now, _, later = nets.tasks["moving_gratings"]().held_out(512, np.random.default_rng(0))
    return Batch(torch.from_numpy(now), torch.zeros(512), torch.from_numpy(later))


def test_foresight_is_free_and_memory_costs_the_change(batch):
    objective = nets.objectives["temporal_prediction"]()
    assert objective.loss({"readout": batch.paired.flatten(1)}, batch) == 0
    change = np.mean((batch.paired - batch.inputs).numpy() ** 2)
    assert objective.loss({"readout": batch.inputs.flatten(1)}, batch).item() == pytest.approx(change)


def test_a_trained_network_foresees_more_than_that_nothing_will_change(batch):
    network = nets.train("moving_gratings", objective="temporal_prediction", rng=0, progress=False)
    persistence = nets.objectives["temporal_prediction"]().loss({"readout": batch.inputs.flatten(1)}, batch)
    assert network.history.loss[-1] < 0.8 * persistence.item()


def test_needs_what_comes_next(batch):
    with pytest.raises(TrainingError, match="in 'paired'"):
        nets.objectives["temporal_prediction"]().loss({"readout": batch.inputs}, batch._replace(paired=None))
