import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.nets._stages import Stage
from neurofit.nets.learning.settling._settle import circuit, drives, path, settle, unit_nonlinearity


def test_comes_to_rest_where_every_rate_is_that_of_its_drive(make_problem):
    stages, params, batch, _ = make_problem("mlp", hidden=(24, 16), rng=np.random.default_rng(0))
    net, start = circuit(stages, params, batch.inputs, 0.1)
    rates = settle(net, start, sweeps=500)
    w1, w2, w3 = (params[stage.name]["weight"] for stage in stages)
    b1, b2, b3 = (params[stage.name]["bias"] for stage in stages)
    h1, h2, output = rates.values()
    images = batch.inputs.flatten(1)
    torch.testing.assert_close(h1, torch.tanh(images @ w1.T + b1 + 0.1 * h2 @ w2))
    torch.testing.assert_close(h2, torch.tanh(h1 @ w2.T + b2 + 0.1 * output @ w3))
    torch.testing.assert_close(output, h2 @ w3.T + b3)
    assert (h1 - start["hidden1"]).abs().max() > 0.01, "feedback has moved it"


@pytest.mark.parametrize("step", [1.0, 0.3])
@pytest.mark.parametrize("feedback", [0.1, 1.0])
def test_every_sweep_brings_the_energy_down(make_problem, step, feedback):
    """Hopfield's, whose potential of a tanh unit is h artanh h + log(1 - h^2) / 2."""
    stages, params, batch, _ = make_problem("mlp", hidden=(24,), rng=np.random.default_rng(0))
    net, rates = circuit(stages, params, batch.inputs, feedback)
    rates["hidden1"] = 0.9 * rates["hidden1"]
    (w1, b1), (w2, b2) = ((params[s.name]["weight"], params[s.name]["bias"]) for s in stages)

    def energy(rates):
        h, output = rates["hidden1"], rates["readout"]
        potential = h * torch.atanh(h) + torch.log1p(-h.square()) / 2
        hidden = potential - h * (batch.inputs.flatten(1) @ w1.T + b1)
        return float(hidden.sum() / feedback + (output.square() / 2 - output * (h @ w2.T + b2)).sum())

    energies = [energy(rates), *map(energy, path(net, rates, sweeps=30, step=step))]
    assert np.all(np.diff(energies) < 1e-9 * abs(energies[0]))
    assert energies[0] - energies[-1] > 1e-3 * abs(energies[0])


def test_clamped_rates_stay_and_others_follow(make_problem):
    stages, params, batch, _ = make_problem("mlp", hidden=(24,), rng=np.random.default_rng(0))
    net, start = circuit(stages, params, batch.inputs, 0.1)
    output = start["readout"] + 1
    rates = settle(net, start, sweeps=50, clamped={"readout": output})
    torch.testing.assert_close(rates["readout"], output, rtol=0, atol=0)
    (_, drive), _ = drives(net, rates)
    torch.testing.assert_close(rates["hidden1"], torch.tanh(drive))


def test_ends_when_at_rest(make_problem):
    stages, params, batch, _ = make_problem("mlp", hidden=(24,), rng=np.random.default_rng(0))
    net, start = circuit(stages, params, batch.inputs, 0.01)
    assert 2 < len(list(path(net, start, sweeps=1000))) < 30


@pytest.mark.parametrize("name", list(nets.nonlinearities))
def test_knows_which_nonlinearities_work_unit_by_unit(name):
    stage = Stage("hidden1", lambda generator: {}, lambda weights, inputs: inputs, nets.nonlinearities[name])
    assert bool(unit_nonlinearity((stage,), None)) == (name in {"normalise", "square"})


@pytest.mark.parametrize(
    "post",
    [
        torch.sin,
        lambda drive: torch.nn.functional.avg_pool2d(torch.relu(drive), 2),
        lambda drive: drive - drive.mean(),
        lambda drive: drive.unflatten(1, (3, -1)),
    ],
    ids=["falls", "pools", "centres", "asks for a shape"],
)
def test_knows_which_do_not(post):
    stage = Stage("odd", lambda generator: {}, lambda weights, inputs: inputs, post)
    assert "layers odd" in unit_nonlinearity((stage,), None)
