from math import log

import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError, UnknownNameError
from neurofit.nets import Batch


def cost(activity, **options):
    batch = Batch(torch.zeros(len(activity), 1, 1, 3), torch.zeros(len(activity)))
    outputs = {"hidden1": torch.as_tensor(activity), "readout": torch.zeros(len(activity), 3)}
    return nets.objectives["sparseness"](**options).loss(outputs, batch).item()


@pytest.mark.parametrize("active", [1, 3, 10])
def test_treves_rolls_is_the_share_of_active_units(active):
    activity = np.zeros((2, 10))
    activity[:, :active] = 1.7
    assert cost(activity) == pytest.approx(active / 10)


def test_treves_rolls_of_rectified_noise_is_one_over_pi():
    rectified = np.random.default_rng(0).normal(size=(2000, 500)).clip(0)
    assert cost(rectified) == pytest.approx(1 / np.pi, rel=0.01)


def test_treves_rolls_ignores_gain_and_calls_silence_dense():
    activity = np.random.default_rng(0).normal(size=(4, 10))
    assert cost(5 * activity) == pytest.approx(cost(activity), rel=1e-6)
    assert cost(0 * activity) == 1


def test_l1_and_log_are_means_over_units():
    activity = np.array([[1.0, -2.0, 0.0]])
    assert cost(activity, measure="l1") == pytest.approx(1)
    assert cost(activity, measure="log") == pytest.approx((log(2) + log(5)) / 3)


def test_with_reconstruction_silence_costs_the_image():
    objective = nets.objectives["sparseness"](measure="l1", reconstruction=4.0)
    image = torch.ones(1, 1, 1, 3)
    silent = {"hidden1": torch.zeros(1, 2), "readout": torch.zeros(1, 3)}
    active = {"hidden1": torch.ones(1, 2), "readout": torch.ones(1, 3)}
    batch = Batch(image, torch.zeros(1))
    assert objective.loss(silent, batch).item() == pytest.approx(4)
    assert objective.loss(active, batch).item() == pytest.approx(1)
    assert objective.outputs(nets.tasks["digits"]()) == 64


def test_a_time_course_is_as_sparse_as_its_moments_on_average():
    one_after_the_other = torch.eye(4)[None]
    batch = Batch(torch.zeros(1), torch.zeros(1))
    outputs = {"hidden1": one_after_the_other, "readout": torch.zeros(1, 3)}
    assert nets.objectives["sparseness"]().loss(outputs, batch).item() == pytest.approx(1 / 4)


def test_makes_codes_sparser_than_reconstruction_alone_does_and_no_worse():
    stimuli = nets.tasks["digits"]().stimuli()
    images = torch.from_numpy(stimuli.values)

    def density_and_error(objective):
        network = nets.train("digits", objective=objective, rng=0, progress=False)
        outputs = network(images)
        error = (outputs["readout"] - images.flatten(1)).square().mean().item()
        return cost(outputs["hidden2"].numpy()), error

    dense, error = density_and_error("autoencoding")
    sparse, with_it = density_and_error({"name": "sparseness", "measure": "l1", "reconstruction": 1.0})
    assert sparse < 0.92 * dense
    assert with_it < 1.05 * error


def test_bad_options_are_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'treves_rolls'"):
        cost(np.ones((1, 2)), measure="treves")
    with pytest.raises(UnknownNameError, match="Did you mean 'hidden1'"):
        cost(np.ones((1, 2)), layers=["hiden1"])
    with pytest.raises(TrainingError, match="reconstruction must be 0 or more"):
        cost(np.ones((1, 2)), reconstruction=-1.0)
