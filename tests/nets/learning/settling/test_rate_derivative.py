import numpy as np
import pytest
import torch
from torch.nn.functional import cosine_similarity

from neurofit import nets
from neurofit.nets.learning.settling._settle import circuit, nudge, settle

RANDOM = torch.Generator()


def estimate(rule, problem, **options):
    made = nets.rules[rule](**options)
    return made.update(*problem, made.init(*problem[:2], RANDOM), RANDOM)


def flat(params):
    return torch.cat([tensor.flatten() for weights in params.values() for tensor in weights.values()])


def cosine(a, b):
    return float(cosine_similarity(flat(a), flat(b), dim=0))


@pytest.fixture
def problem(make_problem):
    return make_problem("mlp", hidden=(16, 12), rng=np.random.default_rng(0))


@pytest.mark.parametrize("feedback", [0.1, 0.3])
def test_integrated_both_ways_it_is_the_contrast_of_the_equilibria(problem, feedback):
    how = {"beta": 0.02, "feedback": feedback, "iterations": 400}
    contrast = estimate("equilibrium_propagation", problem, symmetric=False, **how)
    found = estimate("rate_derivative", problem, **how)
    torch.testing.assert_close(found, contrast, rtol=1e-6, atol=1e-9)
    assert cosine(estimate("rate_derivative", problem, feedback=feedback), contrast) > 0.999


def test_one_way_it_is_the_change_of_the_receiver_times_the_sender(problem):
    stages, params, batch, objective = problem
    beta, feedback, how = 0.002, 0.1, {"iterations": 400, "both_ways": False}
    net, start = circuit(stages, params, batch.inputs, feedback)
    free = settle(net, start, sweeps=300)
    nudged = settle(net, free, sweeps=300, push=nudge(objective, batch, beta))
    senders = [batch.inputs.flatten(1), free["hidden1"], free["hidden2"]]
    found = estimate("rate_derivative", problem, beta=beta, feedback=feedback, **how)
    for depth, (stage, sender) in enumerate(zip(stages, senders, strict=True)):
        change = free[stage.name] - nudged[stage.name]
        contrast = {"weight": change.T @ sender, "bias": change.sum(0)}
        scale = feedback ** (depth - 2) / (beta * len(batch.labels))
        assert cosine({0: found[stage.name]}, {0: contrast}) > 0.999
        assert float(flat({0: found[stage.name]}).norm()) == pytest.approx(
            scale * float(flat({0: contrast}).norm()), rel=0.01
        )


def test_the_way_back_counts_where_feedback_is_strong(problem):
    one, both = (
        estimate("rate_derivative", problem, feedback=0.3, iterations=200, both_ways=ways)
        for ways in (False, True)
    )
    target = nets.targets["equilibrium_loss"](*problem, 0.3)
    assert cosine(both, target) > 0.999
    assert cosine(one, target) < 0.99


def test_learns_digits():
    network = nets.train(
        "digits",
        architecture={"name": "mlp", "hidden": (64,)},
        rule="rate_derivative",
        steps=50,
        learning_rate=3e-3,
        rng=0,
        progress=False,
    )
    assert network.history.accuracy[-1] > 0.85
