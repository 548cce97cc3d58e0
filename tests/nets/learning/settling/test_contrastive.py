from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import one_hot

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import readout
from neurofit.nets.learning.settling._contrastive import phases
from neurofit.nets.learning.settling._settle import circuit

RANDOM = torch.Generator()


def estimate(rule, problem, **options):
    return nets.rules[rule](**options).update(*problem, None, RANDOM)


def flat(params):
    return torch.cat([tensor.flatten() for weights in params.values() for tensor in weights.values()])


def relative_error(a, b):
    return float((flat(a) - flat(b)).norm() / flat(b).norm())


@pytest.fixture
def problem(make_problem):
    return make_problem("mlp", hidden=(16, 12), rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    ("rule", "options"),
    [
        ("contrastive_hebbian", {}),
        ("generec", {"form": "midpoint"}),
        ("generec", {"form": "plain"}),
        ("rate_derivative", {"both_ways": False}),
    ],
)
def test_goes_to_backpropagation_as_feedback_weakens(problem, rule, options):
    """With an error of the order of the feedback (Xie & Seung 2003)."""
    stages, params, _, _ = problem
    exact, errors = estimate("backprop", problem), []
    for feedback in (0.1, 0.01, 0.001):
        made = nets.rules[rule](feedback=feedback, **options)
        if rule == "rate_derivative":
            made = nets.rules[rule](feedback=feedback, beta=1e-4, **options)
        state = made.init(stages, params, RANDOM)
        errors.append(relative_error(made.update(*problem, state, RANDOM), exact))
    assert errors[0] > 0.01
    assert errors[2] < 0.01
    assert errors[2] == pytest.approx(errors[1] / 10, rel=0.3)


@pytest.mark.parametrize("rule", ["contrastive_hebbian", "generec"])
def test_with_a_readout_that_is_not_linear_weak_feedback_is_not_enough(problem, rule):
    """Xie & Seung's condition: a clamped output that saturates is not off by as much as its error says."""
    stages, *others = problem
    bent = ((*stages[:-1], replace(stages[-1], post=torch.sigmoid)), *others)
    assert relative_error(estimate(rule, bent, feedback=1e-4), estimate("backprop", bent)) > 0.01
    assert relative_error(estimate(rule, problem, feedback=1e-4), estimate("backprop", problem)) < 0.001


def test_with_strong_feedback_it_is_another_rule(problem):
    assert (
        relative_error(estimate("contrastive_hebbian", problem, feedback=1.0), estimate("backprop", problem))
        > 0.3
    )


def test_what_an_objective_says_of_hidden_layers_is_heard(problem):
    stages, params, batch, objective = problem

    def with_effort(outputs, batch):
        return objective.losses(outputs, batch) + outputs["hidden1"].square().mean(1)

    costly = (stages, params, batch, replace(objective, losses=with_effort))
    found = estimate("contrastive_hebbian", costly, feedback=1e-3)
    assert relative_error(found, estimate("backprop", costly)) < 0.01
    assert relative_error(found, estimate("backprop", problem)) > 0.05


def test_the_output_is_clamped_to_the_target_of_a_squared_error(problem):
    stages, params, batch, objective = problem
    target = one_hot(batch.labels, 10).double()
    squares = replace(
        objective, losses=lambda outputs, batch: (readout(outputs) - target).square().sum(1) / 2
    )
    net, start = circuit(stages, params, batch.inputs, 0.2)
    free, taught = phases(net, start, batch, squares, iterations=200)
    torch.testing.assert_close(taught["readout"], target)
    assert (free["readout"] - target).abs().max() > 0.1


def test_contrast_is_that_of_two_equilibria(problem):
    """The rule of Xie & Seung 2003 written out for three layers of weights."""
    stages, params, batch, objective = problem
    gamma, images = 0.2, batch.inputs.flatten(1)
    w1, w2, w3 = (params[stage.name]["weight"] for stage in stages)
    b1, b2, b3 = (params[stage.name]["bias"] for stage in stages)

    def settled(clamped=None):
        h2, output = torch.zeros(len(images), 12).double(), torch.zeros(len(images), 10).double()
        for _ in range(300):
            h1 = torch.tanh(images @ w1.T + b1 + gamma * h2 @ w2)
            h2 = torch.tanh(h1 @ w2.T + b2 + gamma * output @ w3)
            output = h2 @ w3.T + b3 if clamped is None else clamped
        return images, h1, h2, output

    free = settled()
    surprise = one_hot(batch.labels, 10) - torch.softmax(free[-1], 1)
    taught = settled(free[-1] + surprise)
    found = estimate("contrastive_hebbian", problem, feedback=gamma, iterations=300)
    for depth, stage in enumerate(stages, start=1):
        contrast = taught[depth].T @ taught[depth - 1] - free[depth].T @ free[depth - 1]
        expected = -(gamma ** (depth - 3)) * contrast / len(images)
        torch.testing.assert_close(found[stage.name]["weight"], expected, rtol=1e-6, atol=1e-9)


def test_generec_there_and_back_is_contrastive_hebbian(problem):
    """O'Reilly's identity: midpoint + symmetry = CHL, on synapses between units that settle."""
    stages, params, batch, objective = problem
    net, start = circuit(stages, params, batch.inputs, 0.2)
    free, taught = phases(net, start, batch, objective, iterations=50)
    there = estimate("generec", problem, feedback=0.2)["readout"]["weight"]
    rise = taught["hidden2"] - free["hidden2"]
    back = ((taught["readout"] + free["readout"]) / 2).T @ rise / len(batch.labels)
    both = estimate("contrastive_hebbian", problem, feedback=0.2)["readout"]["weight"]
    torch.testing.assert_close(there - back, both)


def test_plain_generec_takes_the_free_rate_of_the_sender(problem):
    stages, params, batch, objective = problem
    net, start = circuit(stages, params, batch.inputs, 0.2)
    free, taught = phases(net, start, batch, objective, iterations=50)
    plain = estimate("generec", problem, feedback=0.2, form="plain")["readout"]["weight"]
    change = (free["readout"] - taught["readout"]).T @ free["hidden2"] / len(batch.labels)
    torch.testing.assert_close(plain, change)
    assert not torch.allclose(estimate("generec", problem, feedback=0.2)["readout"]["weight"], change)


@pytest.mark.parametrize("rule", ["contrastive_hebbian", "generec"])
def test_learns_digits(rule):
    network = nets.train(
        "digits",
        architecture={"name": "mlp", "hidden": (64,)},
        rule=rule,
        steps=60,
        learning_rate=3e-3,
        rng=0,
        progress=False,
    )
    assert network.history.accuracy[-1] > 0.85


def test_refuses_what_it_cannot_make():
    with pytest.raises(TrainingError, match="midpoint, plain, not 'other'"):
        nets.rules["generec"](form="other")
    with pytest.raises(TrainingError, match="feedback is 0"):
        nets.rules["contrastive_hebbian"](feedback=0)
    with pytest.raises(TrainingError, match="pool, normalise or fall"):
        nets.train("digits", architecture="conv", rule="generec", progress=False)
