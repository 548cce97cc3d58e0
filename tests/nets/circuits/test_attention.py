import pytest
import torch
from torch.nn.functional import multi_head_attention_forward, unfold

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import draw, forward

SEQUENCE = torch.randn(2, 7, 8, generator=torch.Generator().manual_seed(1))


def test_agrees_with_the_attention_of_torch():
    stages = nets.architectures["attention"]((7, 8), 3, units=8, heads=2)
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    bias = torch.randn(24, generator=torch.Generator().manual_seed(2))
    params["attention"]["bias"] = bias.expand(7, 24)
    projection = {**params["projection"], "bias": torch.ones(8)}
    params["projection"] = projection
    places = SEQUENCE.transpose(0, 1)
    expected, _ = multi_head_attention_forward(
        *[places] * 3, 8, 2, params["attention"]["weight"], bias, None, None, False, 0.0,
        projection["weight"], projection["bias"],
    )  # fmt: skip
    found = forward(stages, params, SEQUENCE)["projection"]
    torch.testing.assert_close(found, expected.transpose(0, 1).relu(), rtol=1e-4, atol=1e-5)


def test_patches_are_those_that_torch_cuts():
    stages = nets.architectures["attention"]((2, 12, 8), 3, patch=4)
    weights = draw(stages, torch.Generator().manual_seed(0), "cpu")["attention"]
    images = torch.randn(3, 2, 12, 8, generator=torch.Generator().manual_seed(1))
    expected = unfold(images, 4, stride=4).transpose(1, 2) @ weights["weight"].T
    torch.testing.assert_close(stages[0].lin(weights, images), expected, rtol=1e-4, atol=1e-5)


def test_order_of_places_matters_only_through_their_biases():
    stages = nets.architectures["attention"]((7, 8), 3)
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    turned = SEQUENCE.flip(1)
    there = forward(stages, params, turned)["projection"]
    torch.testing.assert_close(there.flip(1), forward(stages, params, SEQUENCE)["projection"])
    params["attention"]["bias"] = torch.randn(7, 192, generator=torch.Generator().manual_seed(2))
    there = forward(stages, params, turned)["projection"]
    assert (there.flip(1) - forward(stages, params, SEQUENCE)["projection"]).abs().max() > 0.1


@pytest.mark.parametrize(
    ("options", "told"), [({"patch": 5}, "12 x 8 .* patches of 5"), ({"heads": 5}, "64 units .* 5 heads")]
)
def test_what_does_not_fall_into_equal_parts_is_refused(options, told):
    with pytest.raises(TrainingError, match=told):
        nets.architectures["attention"]((2, 12, 8), 3, **options)
