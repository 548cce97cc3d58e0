import torch

from neurofit import nets
from neurofit.nets._stages import draw, forward


def test_stages_are_the_modules():
    stages = nets.architectures["modular"]((1, 8, 8), 5)
    assert [stage.name for stage in stages] == ["features", "attention", "memory", "readout"]
    outputs = forward(stages, draw(stages, torch.Generator(), "cpu"), torch.ones(2, 1, 8, 8))
    assert outputs["features"].shape == (2, 16, 4, 4)
    assert outputs["attention"].shape == (2, 16, 32)
    torch.testing.assert_close(outputs["memory"].sum(1), torch.ones(2))


def test_learns_digits():
    network = nets.train(
        "digits", architecture="modular", steps=150, learning_rate=5e-3, rng=0, progress=False
    )
    assert network.history.accuracy[-1] > 0.7
