from math import e, log, pi

import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets import Batch


def nats(outputs, inputs, **options):
    return nets.objectives["description_length"](**options).loss(outputs, Batch(inputs, torch.arange(0)))


def test_a_residual_and_a_code_as_expected_cost_their_entropies():
    """Shannon: the mean length of a message told by its own distribution is its entropy."""
    rng, shape = np.random.default_rng(0), (4000, 50)
    residual, code = (torch.from_numpy(draw(0, 0.3, shape)) for draw in (rng.normal, rng.laplace))
    inputs = torch.from_numpy(rng.normal(size=shape)).reshape(4000, 1, 5, 10)
    outputs = {"hidden1": code, "readout": inputs.flatten(1) - residual}
    gaussian, laplacian = log(2 * pi * e * 0.3**2) / 2, log(2 * e * 0.3)
    told = nats(outputs, inputs, sd=0.3, spread=0.3, precision=0.01)
    assert told.item() == pytest.approx(50 * (gaussian + laplacian - 2 * log(0.01)), rel=0.002)


def test_the_length_is_that_of_the_message_in_bins():
    """Of one pixel and one unit, from the shares of the distributions that fall in their bins."""
    from scipy.stats import laplace, norm

    pixel, unit, bin_ = 0.37, -0.21, 0.01
    residual, code = (
        d.cdf(x + bin_ / 2) - d.cdf(x - bin_ / 2)
        for d, x in ((norm(scale=0.5), pixel), (laplace(scale=0.2), unit))
    )
    outputs = {"hidden1": torch.tensor([[unit]]), "readout": torch.zeros(1, 1)}
    told = nats(outputs, torch.full((1, 1, 1, 1), pixel), sd=0.5, spread=0.2, precision=bin_)
    assert told.item() == pytest.approx(-log(residual) - log(code), rel=1e-4)


def test_wrongly_expected_residuals_cost_the_divergence_more():
    rng = np.random.default_rng(0)
    inputs = torch.from_numpy(rng.normal(0, 0.5, (20_000, 1, 1, 10)))
    outputs = {"readout": torch.zeros(20_000, 10)}
    right, wrong = (nats(outputs, inputs, sd=sd) for sd in (0.5, 1.0))
    divergence = log(1.0 / 0.5) + 0.5**2 / 2 - 1 / 2
    assert (wrong - right).item() == pytest.approx(10 * divergence, rel=0.02)


def test_only_the_last_hidden_layer_is_told_unless_others_are_named():
    outputs = {name: torch.ones(2, 3) for name in ("hidden1", "hidden2", "readout")}
    options = {"spread": 0.05, "precision": 0.1}  # where silence is free
    inputs = torch.ones(2, 1, 1, 3)
    silent = nats({**outputs, "hidden2": torch.zeros(2, 3)}, inputs, **options)
    one, two = (nats(outputs, inputs, layers=layers, **options) for layers in (None, ["hidden1", "hidden2"]))
    assert (one - silent).item() == pytest.approx(3 / 0.05, rel=1e-5)
    assert (two - silent).item() == pytest.approx(6 / 0.05, rel=1e-5)


def test_a_trained_network_tells_images_in_fewer_nats_than_silence_does():
    network = nets.train("digits", objective="description_length", rng=0, progress=False)
    blank = {"hidden2": torch.zeros(1, 64), "readout": torch.zeros(1, 64)}
    images = torch.from_numpy(nets.tasks["digits"]().held_out(512, np.random.default_rng(0))[0])
    assert network.history.loss[-1] < 0.95 * nats(blank, images).item()


def test_scales_are_positive():
    with pytest.raises(TrainingError, match="precision must be above 0"):
        nets.objectives["description_length"](precision=0.0)
