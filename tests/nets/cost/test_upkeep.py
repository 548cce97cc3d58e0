import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.nets import Batch

NOTHING = Batch(torch.zeros(0), torch.zeros(0))


def test_homeostasis_cares_for_means_over_images_only():
    objective = nets.objectives["homeostasis"](rate=0.3)
    around = torch.tensor([[0.3, 0.5], [0.3, 0.1]])
    assert objective.loss({"hidden1": around, "readout": torch.zeros(2, 1)}, NOTHING).item() < 1e-12
    off = objective.loss({"hidden1": around + 0.2, "readout": torch.zeros(2, 1)}, NOTHING)
    assert off.item() == pytest.approx(0.04)


def test_homeostasis_of_a_time_course_is_over_moments_too():
    swinging = torch.tensor([1.0, -1.0, 1.0, -1.0]).reshape(1, 4, 1)
    outputs = {"hidden1": swinging, "readout": torch.zeros(1, 1)}
    assert nets.objectives["homeostasis"](rate=0.0).loss(outputs, NOTHING) == 0


def test_effort_is_the_mean_square_of_the_output_or_of_layers():
    outputs = {"hidden1": torch.tensor([[3.0]]), "readout": torch.tensor([[1.0, 2.0]])}
    assert nets.objectives["effort"]().loss(outputs, NOTHING).item() == pytest.approx(5 / 2)
    everywhere = nets.objectives["effort"](layers=["hidden1", "readout"])
    assert everywhere.loss(outputs, NOTHING).item() == pytest.approx(14 / 3)


def test_effort_is_the_variance_of_noise_that_grows_with_the_command():
    rng = np.random.default_rng(0)
    command = rng.normal(size=8)
    noisy = command * (1 + 0.1 * rng.standard_normal((100_000, 8)))
    cost = nets.objectives["effort"]().loss({"readout": torch.as_tensor(command[None])}, NOTHING)
    assert noisy.var(0).mean() == pytest.approx(0.01 * cost.item(), rel=0.02)


def test_rates_come_to_their_set_point_while_classes_are_learned():
    objective = {"name": "weighted", "parts": [["cross_entropy", 1.0], ["homeostasis", 10.0]]}
    network = nets.train("digits", objective=objective, rng=0, progress=False)
    assert network.history.accuracy[-1] > 0.9
    images = torch.from_numpy(nets.tasks["digits"]().held_out(512, np.random.default_rng(0))[0])
    for network_, low, high in ((network, 0.0, 0.05), (nets.untrained(network), 0.2, 1.0)):
        rates = network_(images)["hidden1"].mean(0)
        assert low <= (rates - 0.1).abs().mean() < high
