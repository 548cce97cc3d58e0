import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets.material import draw_batch

RANDOM = torch.Generator()


def propagate(problem, feedback, **options):
    rule = nets.rules["equilibrium_propagation"](feedback=feedback, iterations=600, **options)
    return rule.update(*problem, rule.init(*problem[:2], RANDOM), RANDOM)


def target(problem, feedback):
    return nets.targets["equilibrium_loss"](*problem, feedback)


def flat(params):
    return torch.cat([tensor.flatten() for weights in params.values() for tensor in weights.values()])


def relative_error(a, b):
    return float((flat(a) - flat(b)).norm() / flat(b).norm())


@pytest.fixture
def problem(make_problem):
    return make_problem("mlp", hidden=(16, 12), rng=np.random.default_rng(0))


@pytest.fixture(scope="module")
def at_step_100():
    """64-64-10 on digits, in double precision."""
    network = nets.train(
        "digits", architecture={"name": "mlp", "hidden": (64,)}, steps=100, rng=0, progress=False
    )
    params = {
        layer: {name: tensor.double() for name, tensor in weights.items()}
        for layer, weights in network.params.items()
    }
    batch = draw_batch(nets.tasks["digits"]().sample, 64, np.random.default_rng(0), "cpu")
    batch = batch._replace(inputs=batch.inputs.double())
    return network.stages, params, batch, nets.objectives["cross_entropy"]()


def test_target_is_the_slope_of_the_cost_at_rest(problem):
    """By finite differences of a network that is written out and left to settle."""
    stages, params, batch, objective = problem
    feedback, images = 0.1, batch.inputs.flatten(1)

    def cost(shift):
        w1, w2, w3 = (params[s.name]["weight"] + shift * direction[s.name]["weight"] for s in stages)
        b1, b2, b3 = (params[s.name]["bias"] + shift * direction[s.name]["bias"] for s in stages)
        h2, output = torch.zeros(len(images), 12).double(), torch.zeros(len(images), 10).double()
        for _ in range(300):
            h1 = torch.tanh(images @ w1.T + b1 + feedback * h2 @ w2)
            h2 = torch.tanh(h1 @ w2.T + b2 + feedback * output @ w3)
            output = h2 @ w3.T + b3
        return float(objective.loss({"hidden1": h1, "hidden2": h2, "readout": output}, batch))

    exact, generator = target(problem, feedback), torch.Generator().manual_seed(0)
    for layer in params:
        direction = {
            name: {
                kind: torch.randn(w.shape, generator=generator).double() * (name == layer)
                for kind, w in weights.items()
            }
            for name, weights in params.items()
        }
        slope = (cost(1e-5) - cost(-1e-5)) / 2e-5
        assert float(flat(exact) @ flat(direction)) == pytest.approx(slope, rel=1e-5)


@pytest.mark.parametrize("feedback", [0.1, 1.0])
def test_symmetric_nudges_meet_the_gradient_of_the_equilibrium_loss(at_step_100, feedback):
    exact = target(at_step_100, feedback)
    assert relative_error(propagate(at_step_100, feedback, beta=0.02), exact) < 2e-3
    assert relative_error(propagate(at_step_100, feedback, beta=0.02, symmetric=False), exact) > 5e-3


@pytest.mark.parametrize(("symmetric", "order"), [(False, 1), (True, 2)])
def test_error_is_of_first_order_in_beta_and_of_second_where_symmetric(problem, symmetric, order):
    exact, betas = target(problem, 0.1), np.array([0.02, 0.04, 0.08])
    errors = [
        relative_error(propagate(problem, 0.1, beta=beta, symmetric=symmetric), exact) for beta in betas
    ]
    slope, _ = np.polyfit(np.log(betas), np.log(errors), 1)
    assert slope == pytest.approx(order, abs=0.1)


def test_every_objective_nudges(make_problem):
    problem = make_problem("mlp", hidden=(12,), objective="autoencoding", rng=np.random.default_rng(0))
    assert relative_error(propagate(problem, 0.1, beta=0.02), target(problem, 0.1)) < 1e-4


def test_without_much_feedback_the_equilibrium_loss_is_that_of_the_forward_sweep(problem):
    exact = nets.targets["backprop"](*problem, None)
    errors = [relative_error(target(problem, feedback), exact) for feedback in (1e-3, 1e-4)]
    assert errors[1] == pytest.approx(errors[0] / 10, rel=0.1)
    assert relative_error(target(problem, 0.5), exact) > 0.5


def test_a_network_without_rest_has_no_equilibrium_loss(make_problem):
    problem = make_problem("mlp", hidden=(16,), nonlinearity="relu", rng=np.random.default_rng(0))
    with pytest.raises(TrainingError, match="does not come to rest"):
        target(problem, 5.0)


@pytest.mark.parametrize("symmetric", [True, False])
def test_learns_digits(symmetric):
    network = nets.train(
        "digits",
        architecture={"name": "mlp", "hidden": (64,)},
        rule={"name": "equilibrium_propagation", "symmetric": symmetric},
        steps=60,
        learning_rate=3e-3,
        rng=0,
        progress=False,
    )
    assert network.history.accuracy[-1] > 0.85


def test_refuses_units_that_share_their_rates():
    with pytest.raises(TrainingError, match="conv1, conv2, conv3, dense pool, normalise or fall"):
        nets.train("digits", architecture="conv", rule="equilibrium_propagation", progress=False)
