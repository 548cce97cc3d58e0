import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import draw, forward

DEEP = (16, 32, 32, 64)


def reaches(layers, **options):
    """Width of the region of the image that the unit in the middle of each layer's map depends on."""
    stages = nets.architectures["conv"]((1, 32, 32), 5, **options)
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    image = torch.randn(1, 1, 32, 32, generator=torch.Generator().manual_seed(1))

    def reach(layer):
        pixels = image.clone().requires_grad_()
        output = forward(stages, params, pixels)[layer]
        output[0, :, output.shape[2] // 2, output.shape[3] // 2].sum().backward()
        return int((pixels.grad[0, 0] != 0).any(0).sum())

    return [reach(layer) for layer in layers]


def test_convolution_sees_further_from_layer_to_layer():
    assert reaches(["conv1", "conv2", "conv3"]) == [4, 10, 18]


def test_deep_hierarchy_has_five_layers_that_see_about_twice_as_far_each():
    stages = nets.architectures["conv"]((1, 32, 32), 5, channels=DEEP)
    assert [stage.name for stage in stages] == ["conv1", "conv2", "conv3", "conv4", "dense", "readout"]
    # The last map's middle lies below the image's: its 38 pixels run over the lower edge.
    assert reaches(["conv1", "conv2", "conv3"], channels=DEEP) == [4, 10, 22]
    assert reaches(["conv4"], channels=DEEP)[0] > 22


def test_normalised_activity_is_bounded_however_strong_the_drive():
    stage = nets.architectures["conv"]((1, 8, 8), 5)[2]
    drive = 1e4 * torch.randn(2, 64, 2, 2, generator=torch.Generator().manual_seed(0))
    response = stage.post(drive)
    assert response.min() == 0
    torch.testing.assert_close(response.square().mean(1), torch.ones(2, 2, 2))


def test_images_too_small_to_pool_are_refused():
    with pytest.raises(TrainingError, match="3 x 8 pixels are too small.*at least 4 x 4"):
        nets.architectures["conv"]((1, 3, 8), 5)


def test_a_convolution_more_or_fewer():
    layers = [stage.name for stage in nets.architectures["conv"]((1, 8, 8), 5, channels=(3, 4))]
    assert layers == ["conv1", "conv2", "dense", "readout"]
    with pytest.raises(TrainingError, match="at least one convolution"):
        nets.architectures["conv"]((1, 8, 8), 5, channels=())
