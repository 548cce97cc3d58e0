from dataclasses import replace

import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._descent import Lesson, descend
from neurofit.nets._stages import draw, forward


def watch(rule, *, optimizer="sgd", architecture="mlp", steps=30, start=None, learning_rate=0.05):
    """Train, and keep weights and feedback after each step."""
    task, objective = nets.tasks["digits"](), nets.objectives["cross_entropy"]()
    stages = nets.architectures[architecture](task.input_shape, 10)
    seen = []

    def init(stages, params, generator):
        state = start(params) if start else rule.init(stages, params, generator)
        seen.append((copied(params), state))
        return state

    def evolve(stages, params, batch, objective, change, state, generator):
        state = rule.evolve(stages, params, batch, objective, change, state, generator)
        seen.append((copied(params), state))
        return state

    lesson = Lesson(
        task, objective, replace(rule, init=init, evolve=evolve), steps, 16, learning_rate, optimizer
    )
    reached = descend(stages, lesson, seed=0, device="cpu", progress=False).progress
    return seen, reached


def copied(params):
    return {layer: {name: w.clone() for name, w in weights.items()} for layer, weights in params.items()}


def apart(params, feedback):
    return torch.cat([(w - feedback[k][n]).flatten() for k, ws in params.items() for n, w in ws.items()])


@pytest.mark.parametrize("optimizer", list(nets.optimizers))
@pytest.mark.parametrize("architecture", ["mlp", "conv"])
def test_weights_and_feedback_meet_at_the_rate_of_decay(optimizer, architecture):
    decay, steps = 0.05, 12
    seen, _ = watch(
        nets.rules["kolen_pollack"](decay=decay),
        optimizer=optimizer,
        architecture=architecture,
        steps=steps,
        learning_rate=0.005,
    )
    start = apart(*seen[0])
    for step, (params, feedback) in enumerate(seen):
        torch.testing.assert_close(apart(params, feedback), (1 - decay) ** step * start, rtol=0, atol=1e-5)


@pytest.mark.parametrize("optimizer", list(nets.optimizers))
def test_without_decay_their_difference_never_changes(optimizer):
    seen, _ = watch(nets.rules["asymmetric_hebbian"](), optimizer=optimizer, learning_rate=0.005)
    assert not torch.equal(seen[0][0]["readout"]["weight"], seen[-1][0]["readout"]["weight"])
    torch.testing.assert_close(apart(*seen[-1]), apart(*seen[0]), rtol=0, atol=1e-5)


def test_started_equal_they_stay_backpropagation():
    equal = watch(nets.rules["asymmetric_hebbian"](), start=copied)[1]
    exact = nets.train(
        "digits", steps=30, batch_size=16, learning_rate=0.05, optimizer="sgd", rng=0, progress=False
    )
    for layer, weights in exact.params.items():
        torch.testing.assert_close(equal[-1].params[layer], weights, rtol=0, atol=1e-5)


def linear_losses(name, seed):
    """Squared error of a linear network with one hidden layer, on all of a linear teacher."""
    generator = torch.Generator().manual_seed(seed)
    cost = nets.Objective("squares", len, lambda o, b: (o["readout"] - b.labels).square().sum(1) / 2, "1")
    stages = nets.architectures["mlp"]((1, 1, 20), 5, hidden=(20,), nonlinearity="identity")
    params = {k: {n: 0.3 * w for n, w in ws.items()} for k, ws in draw(stages, generator, "cpu").items()}
    inputs = torch.randn(200, 1, 1, 20, generator=generator)
    batch = nets.Batch(inputs, inputs.flatten(1) @ torch.randn(20, 5, generator=generator) / 20**0.5)
    rule, losses = nets.rules[name](), []
    state = rule.init(stages, params, generator)
    for _ in range(200):
        gradient = rule.update(stages, params, batch, cost, state, generator)
        change = {k: {n: -0.05 * g for n, g in gs.items()} for k, gs in gradient.items()}
        params = {k: {n: w + change[k][n] for n, w in ws.items()} for k, ws in params.items()}
        if rule.evolve:
            state = rule.evolve(stages, params, batch, cost, change, state, generator)
        losses.append(float(cost.loss(forward(stages, params, inputs), batch)))
    return losses


@pytest.mark.parametrize("seed", range(3))
def test_feedback_that_learns_speeds_up_a_linear_network(seed):
    """Amit 2019: in the linear case the error goes to zero faster than with fixed feedback."""
    learning, fixed = linear_losses("asymmetric_hebbian", seed), linear_losses("feedback_alignment", seed)
    assert learning[99] < fixed[99] / 2
    assert learning[199] < fixed[199] / 4 < 1e-3


@pytest.mark.parametrize("decay", [0, 1, -0.1])
def test_a_decay_that_is_no_share_is_refused(decay):
    with pytest.raises(TrainingError, match="decay is a share between 0 and 1"):
        nets.rules["kolen_pollack"](decay=decay)


@pytest.mark.parametrize("rule", ["kolen_pollack", "asymmetric_hebbian"])
@pytest.mark.parametrize(
    ("architecture", "right"), [("mlp", 0.85), pytest.param("conv", 0.75, marks=pytest.mark.slow)]
)
def test_learns_digits(rule, architecture, right):
    net = nets.train("digits", architecture=architecture, rule=rule, rng=0, progress=False)
    assert net.history.accuracy[-1] > right
