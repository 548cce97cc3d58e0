from dataclasses import replace
from math import isnan, log

import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets import Batch


@pytest.fixture
def batch():
    return Batch(torch.randn(6, 1, 2, 2, generator=torch.Generator().manual_seed(0)), torch.arange(6) % 3)


def test_cross_entropy_of_an_even_guess_is_the_log_of_the_number_of_classes(batch):
    objective = nets.objectives["cross_entropy"]()
    assert objective.loss({"readout": torch.full((6, 3), 7.0)}, batch).item() == pytest.approx(log(3))
    assert objective.units == "nat"


def test_accuracy_is_the_share_of_images_whose_class_wins(batch):
    answers = torch.eye(3)[torch.tensor([0, 1, 2, 0, 0, 0])]
    assert nets.objectives["cross_entropy"]().accuracy({"readout": answers}, batch) == pytest.approx(4 / 6)


def test_autoencoding_is_free_when_perfect_and_costs_the_variance_when_blank(batch):
    objective = nets.objectives["autoencoding"]()
    pixels = batch.inputs.flatten(1)
    assert objective.loss({"readout": pixels}, batch) == 0
    assert objective.loss({"readout": 0 * pixels}, batch).item() == pytest.approx(
        np.mean(pixels.numpy() ** 2)
    )
    assert isnan(objective.accuracy({"readout": pixels}, batch))


def test_objectives_say_how_many_outputs_they_need():
    task = nets.tasks["digits"]()
    assert nets.objectives["cross_entropy"]().outputs(task) == 10
    assert nets.objectives["autoencoding"]().outputs(task) == 64


def test_cross_entropy_needs_classes():
    unlabelled = replace(nets.tasks["digits"](), name="patches", n_classes=0)
    with pytest.raises(TrainingError, match="'patches' has 0 classes.*autoencoding"):
        nets.objectives["cross_entropy"]().outputs(unlabelled)
