import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.nets._trace import backward, direct_errors, trace
from neurofit.nets.learning.feedback._feedback import random_feedback
from neurofit.nets.learning.feedback._microcircuit import APICAL, TAUGHT, Circuit, apical, potentials


@pytest.fixture
def problem(make_problem):
    return make_problem("mlp", rng=np.random.default_rng(0), hidden=(20, 15))


def generator(seed=1):
    return torch.Generator().manual_seed(seed)


def estimate(problem, state, nudge):
    stages, params, batch, objective = problem
    rule = nets.rules["dendritic_error"](nudge=nudge)
    return rule.update(stages, params, batch, objective, state, generator())


def self_predicting(problem):
    stages, params, _, _ = problem
    return nets.rules["dendritic_error"]().init(stages, params, generator())


def flat(params):
    return torch.cat([w.flatten() for weights in params.values() for w in weights.values()])


def distance(a, b):
    return float((flat(a) - flat(b)).norm() / flat(b).norm())


def test_without_a_teacher_self_predicting_dendrites_are_silent(problem):
    stages, params, batch, _ = problem
    moments, state = trace(stages, params, batch.inputs), self_predicting(problem)
    for name, soma in potentials(moments, {}, state, 1.0).items():
        torch.testing.assert_close(soma, moments[name].drive)


def test_a_weak_teacher_gives_feedback_alignment_to_first_order(problem):
    stages, params, batch, objective = problem
    state = self_predicting(problem)
    feedback = {layer: circuit.feedback for layer, circuit in state.items()}
    moments = trace(stages, params, batch.inputs, feedback=feedback)
    aligned, _ = backward(moments, direct_errors(moments, objective, batch))
    errors = [distance(estimate(problem, state, nudge), aligned) for nudge in (1e-1, 1e-2, 1e-3)]
    assert errors[-1] < 2e-3
    assert errors[0] / errors[1] == pytest.approx(10, rel=0.2)
    assert errors[1] / errors[2] == pytest.approx(10, rel=0.05)


def test_with_symmetric_feedback_that_is_backpropagation(problem):
    stages, params, batch, objective = problem
    symmetric = {layer: Circuit(weights, weights, weights) for layer, weights in params.items()}
    exact = nets.targets["backprop"](stages, params, batch, objective, None)
    assert distance(estimate(problem, symmetric, 1e-5), exact) < 1e-4


def test_apical_potential_is_the_error_above_through_the_feedback(problem):
    """In the self-predicting state, v = (1 - TAUGHT) B^T f'(a) du for a small du."""
    stages, params, batch, _ = problem
    moments, state = trace(stages, params, batch.inputs), self_predicting(problem)
    moment, circuit = moments["hidden2"], state["hidden2"]
    du = 1e-6 * torch.randn(moment.drive.shape, generator=generator()).double()
    found = apical(moment.stage, circuit, moment.inputs, moment.drive + du)
    expected = (1 - TAUGHT) * (du * (1 - moment.output**2)) @ circuit.feedback["weight"]
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-11)
    assert 0 < APICAL < 1


def test_interneurons_learn_the_self_predicting_state(problem):
    """From random interneurons: dendrites fall silent, and what a teacher brings is the error."""
    stages, params, batch, objective = problem
    seeds = iter(range(2, 10))
    feedback, predict, cancel = (random_feedback(stages, params, generator(next(seeds))) for _ in range(3))
    state = {layer: Circuit(feedback[layer], predict[layer], cancel[layer]) for layer in params}
    rule = nets.rules["dendritic_error"]()
    moments = trace(stages, params, batch.inputs, feedback=feedback)
    aligned, _ = backward(moments, direct_errors(moments, objective, batch))

    def noise(state):
        moment = moments["readout"]
        return float(apical(moment.stage, state["readout"], moment.inputs, moment.drive).norm())

    def cosine(state):
        found = estimate(problem, state, 1.0)
        return float(torch.cosine_similarity(flat(found), flat(aligned), dim=0))

    at_first, noise_at_first = cosine(state), noise(state)
    for _ in range(100):
        state = rule.evolve(stages, params, batch, objective, {}, state, generator())
    assert at_first < 0.5
    assert noise(state) < 0.1 * noise_at_first
    assert cosine(state) > 0.9


@pytest.mark.slow
def test_learns_digits():
    net = nets.train("digits", rule="dendritic_error", rng=0, progress=False)
    assert net.history.accuracy[-1] > 0.85
