import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import forward
from neurofit.nets._trace import trace

UNITS = 10
CLOSE = {"rtol": 1e-8, "atol": 1e-10}


@pytest.fixture
def linear(make_problem):
    """Square linear layers, so that each has an inverse."""
    return make_problem("mlp", rng=np.random.default_rng(0), hidden=(UNITS, UNITS), nonlinearity="identity")


def estimate(problem, state, **options):
    stages, params, batch, objective = problem
    rule = nets.rules["target_propagation"](**options)
    return rule.update(stages, params, batch, objective, state, torch.Generator())


def exact_inverses(params):
    """g(h) = W^-1 (h - b)."""
    inverses = {}
    for layer in ("hidden2", "readout"):
        weight = torch.linalg.inv(params[layer]["weight"])
        inverses[layer] = {"weight": weight, "bias": -weight @ params[layer]["bias"]}
    return inverses


def test_with_exact_inverses_deltas_are_those_of_gauss_newton(linear):
    """In closed form: the error of layer l is (W_N ... W_{l+1})^-1 e; backpropagation has the transpose."""
    stages, params, batch, objective = linear
    outputs = forward(stages, params, batch.inputs)
    answers = torch.nn.functional.one_hot(batch.labels, 10)
    error = (outputs["readout"].softmax(1) - answers) / len(answers)
    found = estimate(linear, exact_inverses(params), step=0.5)
    below = {"hidden1": batch.inputs.flatten(1), "hidden2": outputs["hidden1"]}
    jacobian = params["readout"]["weight"]
    for layer in ("hidden2", "hidden1"):
        delta = torch.linalg.solve(jacobian, error.T)
        torch.testing.assert_close(found[layer]["weight"], delta @ below[layer], **CLOSE)
        torch.testing.assert_close(found[layer]["bias"], delta.sum(1), **CLOSE)
        jacobian = jacobian @ params[layer]["weight"] if layer == "hidden2" else jacobian
    target = nets.targets["gauss_newton"](stages, params, batch, objective, None)
    torch.testing.assert_close(found, target, rtol=1e-6, atol=1e-9)
    backprop = nets.targets["backprop"](stages, params, batch, objective, None)
    torch.testing.assert_close(found["readout"], backprop["readout"])
    a, b = found["hidden1"]["weight"].flatten(), backprop["hidden1"]["weight"].flatten()
    assert torch.cosine_similarity(a, b, dim=0) < 0.9


def test_orthogonal_layers_make_gauss_newton_backpropagation(linear):
    stages, params, batch, objective = linear
    turned = {
        layer: {**weights, "weight": torch.linalg.qr(weights["weight"].T)[0].T}
        for layer, weights in params.items()
    }
    for target in ("backprop", "gauss_newton"):
        exact = nets.targets[target](stages, turned, batch, objective, None)
        found = estimate((stages, turned, batch, objective), exact_inverses(turned))
        torch.testing.assert_close(found, exact, **CLOSE)


def test_a_wrong_inverse_gives_no_error_where_there_is_none(linear):
    """The difference correction: a layer whose output is its target keeps what it has."""
    stages, params, batch, _ = linear
    content = nets.Objective("content", len, lambda outputs, batch: 0 * outputs["readout"].sum(1), "1")
    state = nets.rules["target_propagation"]().init(stages, params, torch.Generator().manual_seed(1))
    for weights in estimate((stages, params, batch, content), state).values():
        for gradient in weights.values():
            assert not gradient.any()


def test_inverses_learn_to_undo_their_layer(make_problem):
    problem = make_problem("mlp", rng=np.random.default_rng(0), hidden=(20, 40))
    stages, params, batch, objective = problem
    rule, generator = nets.rules["target_propagation"](noise=0.3), torch.Generator().manual_seed(1)
    state = rule.init(stages, params, generator)

    def unexplained(state):
        moment = trace(stages, params, batch.inputs)["hidden2"]
        again = torch.tanh(moment.output @ state["hidden2"]["weight"].T + state["hidden2"]["bias"])
        return float((again - moment.inputs).square().mean() / moment.inputs.square().mean())

    before = unexplained(state)
    for _ in range(300):
        state = rule.evolve(stages, params, batch, objective, {}, state, generator)
    assert before > 0.5
    assert unexplained(state) < 0.1


@pytest.mark.parametrize("wrong", [{"step": 0}, {"noise": -1}, {"rate": 0}, {"rate": 2}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(TrainingError, match="step must be above 0, noise 0 or more and rate in"):
        nets.rules["target_propagation"](**wrong)


def test_learns_digits():
    net = nets.train("digits", rule="target_propagation", rng=0, progress=False)
    assert net.history.accuracy[-1] > 0.85
