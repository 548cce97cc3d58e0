import pytest
import torch

from neurofit import nets
from neurofit.nets._stages import draw, forward


@pytest.mark.parametrize("nerve", [1, 4])
def test_the_nerve_has_that_many_channels_and_the_whole_field(nerve):
    stages = nets.architectures["bottleneck"]((1, 32, 32), 5, nerve=nerve)
    outputs = forward(stages, draw(stages, torch.Generator(), "cpu"), torch.zeros(2, 1, 32, 32))
    shapes = {layer: tuple(output.shape[1:]) for layer, output in outputs.items()}
    assert shapes == {
        "retina1": (32, 32, 32),
        "retina2": (nerve, 32, 32),
        "cortex1": (32, 32, 32),
        "cortex2": (32, 32, 32),
        "dense": (64,),
        "readout": (5,),
    }


def test_what_does_not_pass_the_nerve_is_lost():
    stages = nets.architectures["bottleneck"]((1, 16, 16), 5)
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    params["retina2"] = {name: torch.zeros_like(w) for name, w in params["retina2"].items()}
    images = torch.randn(2, 1, 16, 16, generator=torch.Generator().manual_seed(1))
    one, other = forward(stages, params, images)["readout"]
    torch.testing.assert_close(one, other, rtol=0, atol=0)


def test_cortex_may_be_shallow():
    layers = [stage.name for stage in nets.architectures["bottleneck"]((1, 16, 16), 5, cortex=0)]
    assert layers == ["retina1", "retina2", "dense", "readout"]
