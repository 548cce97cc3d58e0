from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.autograd import grad
from torch.nn.functional import one_hot

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import readout
from neurofit.nets.learning.settling._predictive import Relaxation, free_energy

RANDOM = torch.Generator()


def estimate(rule, problem, **options):
    return nets.rules[rule](**options).update(*problem, None, RANDOM)


def flat(params):
    return torch.cat([tensor.flatten() for weights in params.values() for tensor in weights.values()])


def angle(a, b):
    """Between two sets of weights, in radians; exact for small angles too."""
    a, b = (flat(params) / flat(params).norm() for params in (a, b))
    return float(2 * torch.asin((a - b).norm() / 2))


def target_of(batch):
    return one_hot(batch.labels, 10).double()


def half_squares(outputs, batch):
    return (readout(outputs) - target_of(batch)).square().sum(1) / 2


@pytest.fixture
def linear_problem(make_problem):
    """A linear network that answers digits with half the squared distance to their one-hot code."""
    stages, params, batch, objective = make_problem(
        "mlp", hidden=(12,), nonlinearity="identity", rng=np.random.default_rng(0)
    )
    return stages, params, batch, replace(objective, losses=half_squares)


@pytest.mark.parametrize("architecture", ["mlp", "conv"])
@pytest.mark.parametrize("objective", ["cross_entropy", "autoencoding"])
def test_fixed_predictions_are_backpropagation(make_problem, architecture, objective):
    problem = make_problem(architecture, objective=objective, rng=np.random.default_rng(0))
    exact = estimate("backprop", problem)
    assert angle(estimate("fixed_prediction", problem), exact) < 1e-7
    torch.testing.assert_close(estimate("fixed_prediction", problem), exact)


def test_errors_climb_one_layer_in_each_iteration(make_problem):
    problem = make_problem("mlp", rng=np.random.default_rng(0))
    exact = estimate("backprop", problem)
    for reached in (1, 2, 3):
        found = estimate("fixed_prediction", problem, iterations=reached)
        for count, layer in enumerate(reversed(exact)):
            torch.testing.assert_close(
                found[layer]["bias"], exact[layer]["bias"] * (count < reached), rtol=1e-10, atol=1e-12
            )


def test_slow_fixed_predictions_approach_backpropagation_exponentially(make_problem):
    problem = make_problem("mlp", hidden=(), rng=np.random.default_rng(0))
    exact = flat(estimate("backprop", problem))
    for iterations in (1, 5, 20):
        found = flat(estimate("fixed_prediction", problem, iterations=iterations, step=0.1))
        torch.testing.assert_close(found, exact * (1 - 0.9**iterations))


@pytest.mark.parametrize("sigma_out", [0.5, 2.0])
def test_relaxes_to_the_most_probable_values_given_a_clamped_output(linear_problem, sigma_out):
    """The posterior mean of a Gaussian latent, in closed form."""
    stages, params, batch, objective = linear_problem
    (w1, b1), (w2, b2) = ((params[s.name]["weight"], params[s.name]["bias"]) for s in stages)
    images, target = batch.inputs.flatten(1), target_of(batch)
    mu = images @ w1.T + b1
    precision = torch.eye(12, dtype=torch.float64) + w2.T @ w2 / sigma_out**2
    value = torch.linalg.solve(precision, (mu + (target - b2) @ w2 / sigma_out**2).T).T
    how = {"sigma_out": sigma_out, "iterations": 800, "step": 0.05}
    torch.testing.assert_close(Relaxation(**how).values(*linear_problem)["hidden1"].detach(), value)
    found, n = estimate("predictive_coding", linear_problem, **how), len(images)
    torch.testing.assert_close(found["hidden1"]["weight"], -(sigma_out**2) * (value - mu).T @ images / n)
    torch.testing.assert_close(found["readout"]["weight"], (value @ w2.T + b2 - target).T @ value / n)


@pytest.mark.parametrize(("architecture", "hidden"), [("mlp", {"hidden": (24,)}), ("conv", {})])
def test_relaxes_to_rest(make_problem, architecture, hidden):
    stages, params, batch, objective = make_problem(
        architecture, rng=np.random.default_rng(0), size=4, **hidden
    )
    slopes = []
    for iterations in (0, 400):
        values = Relaxation(2.0, iterations, 0.03).values(stages, params, batch, objective)
        energy = free_energy(stages, params, values, batch, objective, sigma_out=2.0)
        slopes.append(max(float(slope.abs().max()) for slope in grad(energy, list(values.values()))))
    assert slopes[1] < 1e-3 * slopes[0]


def test_angle_to_the_gradient_vanishes_as_the_inverse_of_the_output_variance(make_problem):
    problem = make_problem("mlp", hidden=(24,), rng=np.random.default_rng(0))
    exact, sigmas = estimate("backprop", problem), np.array([1, 8, 16, 32])
    how = {"iterations": 300, "step": 0.1}
    angles = [angle(estimate("predictive_coding", problem, sigma_out=s, **how), exact) for s in sigmas]
    assert np.rad2deg(angles[0]) > 3, "and at 1, converged, it is not 0"
    slope, _ = np.polyfit(np.log(sigmas[1:]), np.log(angles[1:]), 1)
    assert slope == pytest.approx(-2, abs=0.05)


def test_a_convolutional_network_gets_its_gradient_where_the_output_is_loose(make_problem):
    problem = make_problem("conv", rng=np.random.default_rng(0), size=4)
    how = {"sigma_out": 50.0, "iterations": 200, "step": 0.05}
    assert angle(estimate("predictive_coding", problem, **how), estimate("backprop", problem)) < 0.02


@pytest.mark.parametrize("rule", ["predictive_coding", "fixed_prediction"])
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


def test_refuses_errors_that_stay_where_they_arise_and_options_without_sense(make_problem):
    stages, _, _, objective = make_problem("mlp", rng=np.random.default_rng(0))
    with pytest.raises(TrainingError, match="keeps errors local"):
        nets.learning.check(nets.rules["predictive_coding"](), stages, replace(objective, local=True))
    with pytest.raises(TrainingError, match="sigma_out is -1"):
        nets.rules["predictive_coding"](sigma_out=-1)
