import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import draw, forward


def make(lateral=1.0):
    stages = nets.architectures["recurrent_conv"]((1, 16, 16), 5)
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    for layer in ("conv1", "conv2"):
        params[layer]["lateral_weight"] *= lateral
    return stages, params


IMAGE = torch.randn(1, 1, 16, 16, generator=torch.Generator().manual_seed(1))


def test_without_lateral_connections_every_moment_is_the_feedforward_answer():
    stages, params = make(lateral=0.0)
    plain = nets.architectures["conv"]((1, 16, 16), 5, channels=(16, 32, 1))
    layers = {layer: params[layer] for layer in ("conv1", "conv2")}
    still = forward(plain, {**draw(plain, torch.Generator(), "cpu"), **layers}, IMAGE)
    outputs = forward(stages, params, IMAGE)
    for layer in ("conv1", "conv2"):
        for moment in range(4):
            torch.testing.assert_close(outputs[layer][:, moment], still[layer])


def test_the_first_moment_is_feedforward_and_later_ones_are_not():
    stages, params = make()
    with_, without = forward(stages, params, IMAGE), forward(*(make(lateral=0.0)), IMAGE)
    torch.testing.assert_close(with_["conv2"][:, 0], without["conv2"][:, 0])
    assert (with_["conv2"][:, 1] - without["conv2"][:, 1]).abs().max() > 0.1


def test_a_unit_sees_further_with_time():
    stages, params = make()

    def width(moment):
        pixels = IMAGE.clone().requires_grad_()
        forward(stages, params, pixels)["conv1"][0, moment, :, 4, 4].sum().backward()
        return int((pixels.grad[0, 0] != 0).any(0).sum())

    assert [width(moment) for moment in range(4)] == [4, 6, 8, 10]


def test_images_too_small_to_pool_are_refused():
    with pytest.raises(TrainingError, match="at least 4 x 4"):
        nets.architectures["recurrent_conv"]((1, 3, 8), 5)
