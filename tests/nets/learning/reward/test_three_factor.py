import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets import Batch
from neurofit.nets._trace import per_example, trace
from neurofit.nets.learning.reward._kick import kick, normal
from neurofit.nets.learning.reward._three_factor import Past


@pytest.fixture
def problem(make_problem):
    return make_problem("mlp", objective="squared_error", rng=np.random.default_rng(0), size=6, hidden=(3,))


@pytest.fixture
def linear(make_problem):
    """No hidden layer: noise leaves the gradient of a squared error as it is."""
    return make_problem("mlp", objective="squared_error", rng=np.random.default_rng(0), size=1, hidden=())


def flat(params):
    return torch.cat([tensor.flatten() for weights in params.values() for tensor in weights.values()])


def blank(problem, *, pending=(), baseline=0.0):
    state = nets.rules["three_factor"]().init(*problem[:2], torch.Generator())
    return state._replace(pending=torch.tensor(pending), baseline=baseline)


def one_by_one(problem, sigma):
    """Reward and eligibility of each noisy trial, with the noise that a generator seeded with 0 gives."""
    stages, params, batch, objective = problem
    generator = torch.Generator().manual_seed(0)
    noise = {name: normal(m.drive, generator) for name, m in trace(stages, params, batch.inputs).items()}
    noisy = trace(kick(stages, {name: sigma * xi for name, xi in noise.items()}), params, batch.inputs)
    apart = per_example(noisy, {name: xi / sigma for name, xi in noise.items()})
    rewards = -objective.losses({name: m.output for name, m in noisy.items()}, batch)
    of_trials = torch.cat([w.flatten(1) for weights in apart.values() for w in weights.values()], 1)
    return rewards.tolist(), of_trials


def test_eligibility_decays_from_trial_to_trial_and_waits_for_late_reward(problem):
    """Against the recursion in time, trial by trial."""
    stages, params, batch, objective = problem
    sigma, retention, delay = 0.2, 0.7, 2
    rule = nets.rules["three_factor"](sigma=sigma, retention=retention, delay=delay)
    old = {layer: {n: 0.1 * (w + 1) for n, w in weights.items()} for layer, weights in params.items()}
    state = Past(old, torch.tensor([-3.0, -1.0]), -2.0)
    found = flat(rule.update(stages, params, batch, objective, state, torch.Generator().manual_seed(0)))

    rewards, apart = one_by_one(problem, sigma)
    rewards = [-3.0, -1.0, *rewards]
    eligibility, expected = flat(old), 0
    for trial in range(6):
        eligibility = retention * eligibility + apart[trial]
        expected = expected - (rewards[trial] + 2) * eligibility / 6
    torch.testing.assert_close(found, expected)


@pytest.mark.parametrize(("retention", "delay"), [(0.0, 0), (0.8, 2), (0.0, 2)])
def test_on_average_it_is_the_gradient_times_what_the_trace_has_left(linear, retention, delay):
    stages, params, batch, objective = linear
    trials = 4000
    many = Batch(batch.inputs.repeat(trials, 1, 1, 1), batch.labels.repeat(trials))
    exact = flat(nets.targets["backprop"](*linear, None))
    cost = -float(
        nets.objectives["squared_error"]().loss(
            {"readout": trace(*linear[:2], batch.inputs)["readout"].output}, batch
        )
    )
    rule = nets.rules["three_factor"](sigma=0.3, retention=retention, delay=delay)
    state = blank(linear, pending=[cost] * delay, baseline=cost)
    generator = torch.Generator().manual_seed(0)
    found = [flat(rule.update(stages, params, many, objective, state, generator)) for _ in range(5)]
    scale = torch.stack(found) @ exact / exact.square().sum()
    # Over 20,000 trials the standard error is about .03.
    assert float(scale.mean()) == pytest.approx(retention**delay, abs=0.12)


def test_a_trace_outlives_its_batch(linear):
    """One trial a batch, its reward a trial late: all credit is carried over."""
    stages, params, batch, objective = linear
    rule = nets.rules["three_factor"](sigma=0.5, retention=0.8, delay=1)
    exact, generator = flat(nets.targets["backprop"](*linear, None)), torch.Generator().manual_seed(0)
    start = blank(linear, pending=[0.0], baseline=0.0)
    cost = np.mean(
        [
            float(rule.evolve(stages, params, batch, objective, {}, start, generator).pending)
            for _ in range(50)
        ]
    )

    def along():
        state = rule.evolve(stages, params, batch, objective, {}, start, generator)._replace(baseline=cost)
        found = flat(rule.update(stages, params, batch, objective, state, generator))
        return float(found @ exact / exact.square().sum())

    found = np.array([along() for _ in range(600)])
    assert found.mean() == pytest.approx(0.8, abs=4 * found.std() / np.sqrt(600))
    assert found.mean() > 4 * found.std() / np.sqrt(600)


def test_a_batch_leaves_its_eligibility_its_last_rewards_and_its_share_of_the_baseline(problem):
    stages, params, batch, objective = problem
    rule = nets.rules["three_factor"](sigma=0.2, retention=0.5, memory=0.9, delay=2)
    old = {layer: {n: torch.ones_like(w) for n, w in weights.items()} for layer, weights in params.items()}
    state = Past(old, torch.tensor([-1.0, -1.0]), -10.0)
    after = rule.evolve(stages, params, batch, objective, {}, state, torch.Generator().manual_seed(0))
    rewards, apart = one_by_one(problem, 0.2)
    eligibility = flat(old)
    for of_trial in apart:
        eligibility = 0.5 * eligibility + of_trial
    torch.testing.assert_close(flat(after.eligibility), eligibility)
    assert after.pending.tolist() == pytest.approx(rewards[-2:])
    assert after.baseline == pytest.approx(0.9 * -10 + 0.1 * np.mean(rewards))


def test_networks_learn_by_three_factors():
    network = nets.train(
        "digits",
        architecture={"name": "mlp", "hidden": []},
        rule={"name": "three_factor", "sigma": 0.5},
        batch_size=128,
        learning_rate=0.02,
        rng=0,
        progress=False,
    )
    assert network.history.loss[-1] < 0.8 * network.history.loss[0]


def test_wrong_options_are_told():
    with pytest.raises(TrainingError, match="above 0, and sigma is -1"):
        nets.rules["three_factor"](sigma=-1)
    with pytest.raises(TrainingError, match="retention=1, memory=0.9, delay=0"):
        nets.rules["three_factor"](retention=1)
