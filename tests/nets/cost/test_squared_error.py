from dataclasses import replace
from math import isnan

import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets import Batch

OBJECTIVE = nets.objectives["squared_error"]()


def test_a_class_asks_for_one_where_it_is_and_zero_elsewhere():
    batch = Batch(torch.zeros(2, 1, 2, 2), torch.tensor([0, 2]))
    answers = torch.tensor([[1.0, 0, 0], [0, 3, 0]])
    assert OBJECTIVE.losses({"readout": answers}, batch).tolist() == [0, (9 + 1) / 2]
    assert OBJECTIVE.accuracy({"readout": answers}, batch) == pytest.approx(1 / 2)


def test_the_best_outputs_are_the_expected_rewards_of_actions():
    labels = torch.tensor([0, 0, 0, 1])
    batch = Batch(torch.zeros(4, 1, 2, 2), labels)
    rewards = torch.stack([OBJECTIVE.rewards(batch, torch.full((4,), k)) for k in range(2)], 1)
    best = rewards.mean(0)

    def loss(answer):
        return OBJECTIVE.loss({"readout": answer.expand(4, 2)}, batch)

    assert best.tolist() == [3 / 4, 1 / 4]
    assert all(
        loss(best) < loss(best + torch.tensor(shift)) for shift in ([0.1, 0], [-0.1, 0], [0, 0.1], [0, -0.1])
    )


def test_values_are_wanted_as_they_are():
    batch = Batch(torch.zeros(2, 3), torch.tensor([[1.0, 2.0], [0.0, 0.0]]))
    answers = {"readout": torch.tensor([[1.0, 0.0], [0.0, 0.0]])}
    assert OBJECTIVE.losses(answers, batch).tolist() == [2, 0]
    assert isnan(OBJECTIVE.accuracy(answers, batch))


def test_it_needs_something_to_compare_with():
    task = replace(nets.tasks["digits"](), name="patches", n_classes=0)
    assert OBJECTIVE.outputs(nets.tasks["digits"]()) == 10
    assert OBJECTIVE.outputs(replace(task, n_targets=3)) == 3
    with pytest.raises(TrainingError, match="'patches' has neither values to give nor"):
        OBJECTIVE.outputs(task)
