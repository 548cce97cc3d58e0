import pickle

import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import draw, forward


@pytest.fixture(params=list(nets.architectures))
def stages(request):
    return nets.architectures[request.param]((2, 12, 8), 5)


def test_readout_comes_last_with_one_output_for_each(stages):
    params = draw(stages, torch.Generator(), "cpu")
    outputs = forward(stages, params, torch.zeros(3, 2, 12, 8))
    assert list(outputs)[-1] == "readout"
    assert outputs["readout"].shape == (3, 5)


def test_lin_is_linear_in_weights_and_in_inputs(stages):
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    inputs = torch.randn(3, 2, 12, 8, generator=torch.Generator().manual_seed(1))
    for stage in stages:
        if not stage.linear:
            pytest.skip(f"layer {stage.name!r} says that it is not")
        weights = params[stage.name]
        drive = stage.lin(weights, inputs)
        doubled = {name: 2 * tensor for name, tensor in weights.items()}
        torch.testing.assert_close(stage.lin(doubled, inputs), 2 * drive)
        torch.testing.assert_close(stage.lin(weights, 2 * inputs), 2 * drive)  # its biases are zero here
        inputs = stage.post(drive)


def test_stages_can_be_sent_to_another_process(stages):
    again = pickle.loads(pickle.dumps(stages))
    here, there = (draw(s, torch.Generator().manual_seed(0), "cpu") for s in (stages, again))
    images = torch.ones(1, 2, 12, 8)
    torch.testing.assert_close(forward(stages, here, images), forward(again, there, images))


def test_convolution_sees_further_from_layer_to_layer():
    stages = nets.architectures["conv"]((1, 32, 32), 5)
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    image = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(1))

    def reach(layer):
        """Width of the region of the image that the unit in the middle of a map depends on."""
        pixels = image.clone().requires_grad_()
        output = forward(stages, params, pixels)[layer]
        output[0, :, output.shape[2] // 2, output.shape[3] // 2].sum().backward()
        return int((pixels.grad[0, 0] != 0).any(0).sum())

    assert [reach(layer) for layer in ("conv1", "conv2", "conv3")] == [4, 10, 18]


def test_normalised_activity_is_bounded_however_strong_the_drive():
    stage = nets.architectures["conv"]((1, 8, 8), 5)[2]
    drive = 1e4 * torch.randn(2, 64, 2, 2, generator=torch.Generator().manual_seed(0))
    response = stage.post(drive)
    assert response.min() == 0
    torch.testing.assert_close(response.square().mean(1), torch.ones(2, 2, 2))


def test_images_too_small_to_pool_are_refused():
    with pytest.raises(TrainingError, match="3 x 8 pixels are too small.*at least 4 x 4"):
        nets.architectures["conv"]((1, 3, 8), 5)
