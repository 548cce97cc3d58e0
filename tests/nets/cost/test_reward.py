from dataclasses import replace

import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets import Batch

BATCH = Batch(torch.zeros(3, 1, 2, 2), torch.tensor([0, 1, 2]))


def test_the_cost_is_minus_the_chance_of_the_right_answer():
    objective = nets.objectives["reward"]()
    even = {"readout": torch.full((3, 4), 7.0)}
    sure = {"readout": 50 * torch.eye(4)[torch.tensor([0, 1, 3])]}
    torch.testing.assert_close(objective.losses(even, BATCH), torch.full((3,), -1 / 4))
    torch.testing.assert_close(objective.losses(sure, BATCH), torch.tensor([-1.0, -1, 0]))
    assert objective.accuracy(sure, BATCH) == pytest.approx(2 / 3)


def test_only_the_right_action_is_rewarded():
    rewards = nets.objectives["reward"]().rewards(BATCH, torch.tensor([0, 2, 2]))
    assert rewards.tolist() == [1, 0, 1]


def test_log_probabilities_scaled_by_reward_have_its_gradient_on_average():
    objective = nets.objectives["reward"]()
    output = torch.randn(3, 4, generator=torch.Generator().manual_seed(0)).double().requires_grad_()
    exact = torch.autograd.grad(objective.losses({"readout": output}, BATCH).sum(), output)[0]
    log_policy = output.log_softmax(1)
    on_average = sum(
        (
            log_policy[:, k].detach().exp() * objective.rewards(BATCH, torch.full((3,), k)) * log_policy[:, k]
        ).sum()
        for k in range(4)
    )
    torch.testing.assert_close(-torch.autograd.grad(on_average, output)[0], exact)


def test_there_must_be_answers_to_choose_from():
    objective = nets.objectives["reward"]()
    assert objective.outputs(nets.tasks["digits"]()) == 10
    with pytest.raises(TrainingError, match="'patches' has 0 classes.*'reward'"):
        objective.outputs(replace(nets.tasks["digits"](), name="patches", n_classes=0))
    with pytest.raises(TrainingError, match=r"values to give, of shape \(3, 2\)"):
        objective.rewards(BATCH._replace(labels=torch.zeros(3, 2)), torch.tensor([0, 1, 0]))
