import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.nets._stages import draw, forward


def make(name="recurrent", features=3, moments=50, **options):
    stages = nets.architectures[name]((moments, features), 2, **options)
    return stages, draw(stages, torch.Generator().manual_seed(0), "cpu")


def test_a_unit_alone_forgets_exponentially():
    (layer, _), params = make(units=4, leak=0.9, nonlinearity="identity")
    weights = {**params["recurrent"], "recurrent_weight": torch.zeros(4, 4)}
    pulse = torch.zeros(1, 50, 3)
    pulse[0, 0, 1] = 1
    course = layer.lin(weights, pulse)[0]
    expected = 0.1 * weights["weight"][:, 1] * 0.9 ** torch.arange(50)[:, None]
    torch.testing.assert_close(course, expected)


def test_agrees_with_the_recurrent_layer_of_torch_where_nothing_leaks():
    (layer, _), params = make(units=5, leak=0.0)
    weights = params["recurrent"]
    oracle = torch.nn.RNN(3, 5, batch_first=True)
    oracle.load_state_dict(
        {
            "weight_ih_l0": weights["weight"],
            "weight_hh_l0": weights["recurrent_weight"],
            "bias_ih_l0": weights["bias"] + 0.3,
            "bias_hh_l0": torch.zeros(5),
        }
    )
    inputs = torch.randn(2, 50, 3, generator=torch.Generator().manual_seed(1))
    found = layer.lin({**weights, "bias": weights["bias"] + 0.3}, inputs)
    torch.testing.assert_close(found, oracle(inputs)[0], rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("gain", "alive"), [(0.7, False), (1.8, True)])
def test_left_alone_a_large_network_falls_silent_or_goes_on(gain, alive):
    (layer, _), params = make(units=200, gain=gain, moments=400)
    kick = torch.zeros(1, 400, 3)
    kick[:, :5] = 1
    last = layer.lin(params["recurrent"], kick)[0, -1]
    assert (float(last.abs().mean()) > 0.1) == alive
    assert alive or float(last.abs().max()) < 1e-3


def test_the_readout_sees_the_last_moment_alone():
    stages, params = make(leak=0.0)
    params = {
        **params,
        "recurrent": {n: w * (n != "recurrent_weight") for n, w in params["recurrent"].items()},
    }
    inputs = torch.randn(1, 50, 3, generator=torch.Generator().manual_seed(1), requires_grad=True)
    forward(stages, params, inputs)["readout"].sum().backward()
    reached = inputs.grad[0].abs().sum(1) > 0
    np.testing.assert_array_equal(reached.numpy(), np.arange(50) == 49)
