from dataclasses import replace

import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets import Batch
from neurofit.nets._stages import forward, readout
from neurofit.nets._trace import trace
from neurofit.nets.learning.reward._reinforce import after


@pytest.fixture
def problem(make_problem):
    """One image."""
    return make_problem(
        "conv", objective="reward", rng=np.random.default_rng(0), size=1, channels=(4, 4, 4), hidden=8
    )


def flat(params):
    return torch.cat([tensor.flatten() for weights in params.values() for tensor in weights.values()])


def target(problem, name):
    return flat(nets.targets[name](*problem, None))


def every_action(problem, baseline):
    """The chance of each action, and the estimate after it."""
    stages, params, batch, objective = problem
    moments = trace(stages, params, batch.inputs)
    policy = readout(forward(stages, params, batch.inputs)).softmax(1)[0]
    after_each = [
        flat(after(moments, batch, objective, torch.tensor([k]), baseline)) for k in range(len(policy))
    ]
    return policy, torch.stack(after_each)


@pytest.mark.parametrize("baseline", [0.0, 0.3])
def test_over_all_actions_it_is_its_target_whatever_the_baseline(problem, baseline):
    policy, after_each = every_action(problem, baseline)
    exact = target(problem, "expected_reward")
    assert (policy @ after_each - exact).norm() / exact.norm() < 1e-6


def test_the_target_is_backprop_of_the_reward_objective(problem):
    exact = target(problem, "backprop")
    assert (target(problem, "expected_reward") - exact).norm() / exact.norm() < 1e-6


def test_a_baseline_at_the_expected_reward_lowers_the_variance_of_an_even_policy(problem):
    """To (K - 2) / (K - 1) of what it is without, for K actions of which one is rewarded."""
    stages, params, batch, objective = problem
    even = (
        stages,
        {**params, "readout": {name: 0 * w for name, w in params["readout"].items()}},
        batch,
        objective,
    )

    def variance(baseline):
        policy, after_each = every_action(even, baseline)
        return float(policy @ (after_each - policy @ after_each).square().sum(1))

    assert variance(1 / 10) / variance(0.0) == pytest.approx(8 / 9)
    assert variance(5.0) > variance(0.0)


def test_it_acts_by_the_policy(problem):
    """8,000 trials of one image: their mean is off by the standard error that all actions tell."""
    stages, params, batch, objective = problem
    trials = 8_000
    many = Batch(batch.inputs.repeat(trials, 1, 1, 1), batch.labels.repeat(trials))
    rule = nets.rules["reinforce"]()
    found = flat(rule.update(stages, params, many, objective, 0.2, torch.Generator().manual_seed(0)))
    policy, after_each = every_action(problem, 0.2)
    exact = target(problem, "expected_reward")
    expected = policy @ (after_each - exact).square().sum(1) / trials
    assert (found - exact).square().sum() < 4 * expected


def test_the_baseline_runs_after_the_mean_reward(problem):
    stages, params, batch, objective = problem
    rule, generator = nets.rules["reinforce"](memory=0.8), torch.Generator().manual_seed(0)
    always = replace(objective, rewards=lambda batch, actions: torch.ones(len(actions)))
    state = rule.init(stages, params, generator)
    for step in range(1, 4):
        state = rule.evolve(stages, params, batch, always, {}, state, generator)
        assert state == pytest.approx(1 - 0.8**step)


def test_networks_learn_by_reinforcement():
    options = {"objective": "reward", "learning_rate": 0.01, "batch_size": 64, "rng": 0, "progress": False}
    network = nets.train("digits", architecture={"name": "mlp", "hidden": [32]}, rule="reinforce", **options)
    assert network.history.accuracy[-1] > 0.8


def test_what_gives_no_reward_is_refused(problem):
    with pytest.raises(TrainingError, match="'cross_entropy' gives no reward to an action"):
        nets.train("digits", rule="reinforce", progress=False)
    with pytest.raises(TrainingError, match="'cross_entropy' gives no reward to an action"):
        target((*problem[:3], nets.objectives["cross_entropy"]()), "expected_reward")
    with pytest.raises(TrainingError, match="share from 0 to below 1, not 1"):
        nets.rules["reinforce"](memory=1)
