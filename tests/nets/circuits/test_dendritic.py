import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import draw, forward


def make(**options):
    stages = nets.architectures["dendritic"]((1, 2, 7), 3, **{"hidden": (5,), "branches": 4, **options})
    return stages, draw(stages, torch.Generator().manual_seed(0), "cpu")


def test_every_input_contacts_every_unit_once_on_branches_of_equal_share():
    stages, params = make()
    contacts = (params["branches1"]["weight"] != 0).reshape(5, 4, 14)
    assert (contacts.sum(1) == 1).all()
    assert set(contacts.sum(2).flatten().tolist()) == {3, 4}
    assert len({tuple(unit.flatten().tolist()) for unit in contacts}) == 5, "each unit has its own wiring"
    assert (params["soma1"]["weight"] != 0).sum(1).tolist() == [4] * 5


def test_a_unit_hears_its_own_branches_alone():
    stages, params = make()
    branches = torch.rand(1, 20, requires_grad=True)
    stages[1].lin(params["soma1"], branches)[0, 2].backward()
    assert branches.grad.nonzero()[:, 1].tolist() == [8, 9, 10, 11]


def test_inputs_interact_within_a_branch_and_not_across_branches():
    """With a linear soma: the mixed second derivative of a unit by two inputs."""
    stages, params = make(soma="identity")

    def unit(pixels):
        return forward(stages, params, pixels.reshape(1, 1, 2, 7))["soma1"][0, 0]

    mixed = torch.func.jacrev(torch.func.jacrev(unit))(torch.rand(14))
    wiring = (params["branches1"]["weight"][:4] != 0).int().argmax(0)
    together = wiring[:, None] == wiring[None, :]
    assert (mixed[~together] == 0).all()
    assert (mixed[together] != 0).all()


def test_with_linear_branches_it_is_a_plain_unit():
    stages, params = make(branch="identity")
    weight = (params["soma1"]["weight"] @ params["branches1"]["weight"])[None]
    images = torch.randn(6, 1, 2, 7, generator=torch.Generator().manual_seed(1))
    plain = torch.tanh(images.flatten(1) @ weight[0].T)
    torch.testing.assert_close(forward(stages, params, images)["soma1"], plain)


def test_learns_digits():
    network = nets.train("digits", architecture="dendritic", rng=0, progress=False)
    assert network.history.accuracy[-1] > 0.85


def test_no_more_branches_than_inputs():
    with pytest.raises(TrainingError, match="1 to 14 branches here, not 15"):
        make(branches=15)
