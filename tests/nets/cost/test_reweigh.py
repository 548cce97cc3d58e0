from math import log

import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets import Batch
from neurofit.nets._choice import make

NOTHING = Batch(torch.zeros(0), torch.zeros(0))


@pytest.fixture
def batch():
    return Batch(torch.zeros(4, 1, 1, 3), torch.tensor([0, 1, 2, 0]))


@pytest.fixture
def answers():
    """Right, wrong, right, wrong."""
    return torch.eye(3)[torch.tensor([0, 0, 2, 1])].double().requires_grad_()


def test_only_failures_count_and_only_they_teach(batch, answers):
    outputs = {"readout": answers}
    every = nets.objectives["cross_entropy"]().losses(outputs, batch)
    objective = nets.objectives["own_failures"]()
    found = objective.losses(outputs, batch)
    torch.testing.assert_close(found, every * torch.tensor([0, 1, 0, 1]))
    objective.loss(outputs, batch).backward()
    assert answers.grad.abs().sum(1).gt(0).tolist() == [False, True, False, True]
    assert objective.accuracy(outputs, batch) == 0.5


def test_a_network_without_failures_does_not_learn(batch):
    right = 5 * torch.eye(3)[batch.labels]
    assert nets.objectives["own_failures"]().loss({"readout": right}, batch) == 0


def test_failures_of_the_answer_can_teach_for_another_objective(batch, answers):
    objective = nets.objectives["own_failures"](of="effort")
    found = objective.losses({"readout": answers}, batch)
    np.testing.assert_allclose(found.detach(), [0, 1 / 3, 0, 1 / 3])


def test_failures_need_answers():
    with pytest.raises(TrainingError, match="'autoencoding' for 64, 'cross_entropy' for 10"):
        nets.train(
            "digits", objective={"name": "own_failures", "of": "autoencoding"}, steps=1, progress=False
        )


@pytest.mark.parametrize("weight", [0.7, -0.2, 0.0])
def test_risk_is_mean_and_variance(batch, answers, weight):
    outputs = {"readout": answers}
    costs = nets.objectives["cross_entropy"]().losses(outputs, batch).detach().numpy()
    found = nets.objectives["risk"](weight=weight).loss(outputs, batch).item()
    assert found == pytest.approx(costs.mean() + weight * costs.var())


def test_risk_is_that_of_risk_sensitive_control_to_second_order():
    """For normal costs, 1 / (2 w) log < exp(2 w L) > is the mean and w times the variance."""
    costs = np.random.default_rng(0).normal(3, 0.4, 400_000)
    weight = 0.5
    exponential = log(np.exp(2 * weight * costs).mean()) / (2 * weight)
    outputs = {"readout": torch.as_tensor(costs[:, None]).sqrt()}
    objective = make(nets.objectives, {"name": "risk", "of": "effort", "weight": weight})
    found = objective.loss(outputs, NOTHING).item()
    assert found == pytest.approx(exponential, rel=0.002)


def test_who_shuns_risk_takes_a_higher_cost_on_average_for_one_that_varies_less():
    """Of one guess at what has a long tail: the least mean cost is at its mean, the least variance beyond."""
    tail = torch.from_numpy(np.random.default_rng(0).exponential(size=(2000, 1)))

    def costs(weight):
        guess = torch.zeros(1, dtype=torch.float64, requires_grad=True)
        objective = make(nets.objectives, {"name": "risk", "of": "effort", "weight": weight})
        optimizer = torch.optim.Adam([guess], lr=0.02)
        for _ in range(400):
            optimizer.zero_grad()
            objective.loss({"readout": tail - guess}, NOTHING).backward()
            optimizer.step()
        return (tail - guess).detach().square().numpy(), guess.item()

    (indifferent, mean), (averse, beyond) = costs(0.0), costs(0.5)
    assert mean == pytest.approx(tail.mean().item(), abs=1e-3)
    assert beyond > mean + 0.2
    assert averse.mean() > indifferent.mean()
    assert averse.var() < 0.8 * indifferent.var()
