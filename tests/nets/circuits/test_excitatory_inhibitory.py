import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import draw
from neurofit.nets.circuits._excitatory_inhibitory import RADIUS, effective


@pytest.fixture
def network():
    stages = nets.architectures["excitatory_inhibitory"]((6, 3), 2, units=50)
    return stages, draw(stages, torch.Generator().manual_seed(0), "cpu")


def influence(stages, weights):
    """How the rate of each unit (pre) acts on the state of each unit (post) a moment later."""
    cell = stages[0].cell
    heard, inputs, state = torch.rand(50), torch.zeros(1, 3), torch.zeros(1, 50)
    return torch.func.jacrev(lambda rates: cell.step(weights, inputs, rates[None], state)[0])(heard)


@pytest.mark.parametrize("scale", [1.0, -3.0], ids=["as drawn", "with all weights turned round"])
def test_each_unit_excites_all_its_targets_or_inhibits_all(network, scale):
    stages, params = network
    acts = influence(stages, {name: scale * w for name, w in params["excitatory_inhibitory"].items()})
    others = ~torch.eye(50, dtype=torch.bool)
    assert (acts[:, :40][others[:, :40]] > 0).all()
    assert (acts[:, 40:][others[:, 40:]] < 0).all()
    assert (acts.diagonal() == 0).all()


def test_starts_balanced_and_at_the_spectral_radius(network):
    weight = effective(network[1]["excitatory_inhibitory"]["recurrent_weight"], 40)
    excitation, inhibition = weight.clamp(min=0).sum(1).mean(), weight.clamp(max=0).sum(1).mean()
    assert abs(excitation + inhibition) < 0.1 * excitation
    assert torch.linalg.eigvals(weight).abs().max() == pytest.approx(RADIUS, rel=1e-4)


def test_inhibitory_units_are_not_read_out(network):
    stages, params = network
    rates = torch.rand(1, 6, 50, requires_grad=True)
    stages[1].lin(params["readout"], rates).sum().backward()
    assert (rates.grad[0, -1, :40] > 0).all()
    assert (rates.grad[0, -1, 40:] == 0).all()
    assert (rates.grad[0, :-1] == 0).all()


def test_there_must_be_units_of_both_kinds():
    with pytest.raises(TrainingError, match="leaves 10 that excite and 0 that inhibit"):
        nets.architectures["excitatory_inhibitory"]((6, 3), 2, units=10, excitatory=1.0)
