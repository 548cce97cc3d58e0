import torch

from neurofit import nets
from neurofit.nets._stages import draw


def make():
    layer, _ = stages = nets.architectures["gated"]((30, 3), 2, units=5)
    inputs = torch.randn(2, 30, 3, generator=torch.Generator().manual_seed(1))
    return layer, draw(stages, torch.Generator().manual_seed(0), "cpu")["gated"], inputs


def test_agrees_with_the_gated_unit_of_torch():
    layer, weights, inputs = make()
    oracle = torch.nn.GRU(3, 5, batch_first=True)
    parts = ("reset_", "update_", "")
    oracle.load_state_dict(
        {
            "weight_ih_l0": torch.cat([weights[f"{part}weight"] for part in parts]),
            "weight_hh_l0": torch.cat([weights[f"{part}recurrent_weight"] for part in parts]),
            "bias_ih_l0": torch.cat([weights[f"{part}bias"] for part in parts]),
            "bias_hh_l0": torch.zeros(15),
        }
    )
    torch.testing.assert_close(layer.lin(weights, inputs), oracle(inputs)[0], rtol=1e-4, atol=1e-5)


def test_a_shut_gate_holds_exactly_what_an_open_one_took_up():
    """A gate that one feature shuts: whatever else comes, the content stays to the last bit."""
    layer, weights, inputs = make()
    weights["update_recurrent_weight"] = torch.zeros(5, 5)
    weights["update_weight"] = torch.tensor([[0.0, 0.0, 1e4]]).expand(5, 3)
    inputs[:, :, 2] = torch.where(torch.arange(30) < 3, -1.0, 1.0)
    course = layer.lin(weights, inputs)
    torch.testing.assert_close(course[:, 3:], course[:, 2:3].expand(-1, 27, -1), rtol=0, atol=0)
    assert (course[:, 2] != course[:, 1]).all()
