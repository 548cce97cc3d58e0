import numpy as np
import pytest
import torch
from torch.nn.functional import cosine_similarity

from neurofit import nets
from neurofit.errors import TrainingError, UnknownNameError
from neurofit.nets import Batch
from neurofit.nets._trace import trace
from neurofit.nets.learning.reward._agrel import after

ACTIONS = 10


@pytest.fixture
def problem(make_problem):
    """One image."""
    return make_problem(
        "conv", objective="squared_error", rng=np.random.default_rng(0), size=1, channels=(4, 4, 4), hidden=8
    )


def flat(params):
    return torch.cat([tensor.flatten() for weights in params.values() for tensor in weights.values()])


def after_each(problem):
    stages, params, batch, objective = problem
    moments = trace(stages, params, batch.inputs)
    return [after(moments, batch, objective, torch.tensor([k])) for k in range(ACTIONS)]


def average(problem, **options):
    """Mean over 4,000 trials of one image."""
    stages, params, batch, objective = problem
    many = Batch(batch.inputs.repeat(4000, 1, 1, 1), batch.labels.repeat(4000))
    update = nets.rules["agrel"](**options).update
    return flat(update(stages, params, many, objective, None, torch.Generator().manual_seed(0)))


def test_summed_over_actions_it_is_backprop_of_squared_error(problem):
    summed = sum(flat(found) for found in after_each(problem))
    for name in ("backprop", "action_values"):
        exact = flat(nets.targets[name](*problem, None))
        assert (summed - exact).norm() / exact.norm() < 1e-6


def test_its_target_is_the_same_for_whatever_objective_gives_the_rewards(problem):
    exact, other = (
        flat(nets.targets["action_values"](*problem[:3], nets.objectives[name](), None))
        for name in ("squared_error", "reward")
    )
    torch.testing.assert_close(exact, other)


def test_uniform_choice_has_the_noise_of_one_action_in_k(problem):
    """In the readout, where each action has weights of its own: K - 1 times the gradient's square."""
    found = ACTIONS * torch.stack([flat({"readout": each["readout"]}) for each in after_each(problem)])
    exact = flat({"readout": nets.targets["backprop"](*problem, None)["readout"]})
    torch.testing.assert_close(found.mean(0), exact)
    noise = (found - exact).square().sum(1).mean() / exact.square().sum()
    assert float(noise) == pytest.approx(ACTIONS - 1, rel=1e-6)


def test_uniform_choice_is_unbiased_and_greedy_choice_is_not(problem):
    exact = flat(nets.targets["backprop"](*problem, None))
    fair = average(problem, choice="uniform")
    assert float(cosine_similarity(fair, exact, dim=0)) > 0.99
    assert float(ACTIONS * fair @ exact / exact.square().sum()) == pytest.approx(1, abs=0.1)
    assert float(cosine_similarity(average(problem, choice="greedy"), exact, dim=0)) < 0.9


def test_only_the_synapses_of_the_chosen_action_are_tagged(problem):
    for action, found in enumerate(after_each(problem)):
        changed = found["readout"]["weight"].abs().sum(1) > 0
        assert changed.tolist() == [k == action for k in range(ACTIONS)]


def test_epsilon_mixes_greedy_and_softmax_choice(problem):
    greedy, soft = average(problem, choice="greedy"), average(problem, choice="softmax")
    torch.testing.assert_close(average(problem, choice="greedy", epsilon=1.0), soft)
    halfway = average(problem, choice="greedy", epsilon=0.5)
    assert (halfway - (greedy + soft) / 2).norm() < 0.1 * (greedy - soft).norm()


def test_networks_learn_by_tags_and_surprise():
    options = {
        "objective": "squared_error",
        "learning_rate": 0.01,
        "batch_size": 64,
        "rng": 0,
        "progress": False,
    }
    network = nets.train("digits", architecture={"name": "mlp", "hidden": [32]}, rule="agrel", **options)
    assert network.history.accuracy[-1] > 0.8


def test_wrong_choices_are_told():
    with pytest.raises(UnknownNameError, match="no choice of actions called 'greed'. Did you mean 'greedy'"):
        nets.rules["agrel"](choice="greed")
    with pytest.raises(TrainingError, match="share from 0 to 1, not 2"):
        nets.rules["agrel"](epsilon=2)
    with pytest.raises(TrainingError, match="'cross_entropy' gives no reward to an action.*backprop"):
        nets.train("digits", rule="agrel", progress=False)
