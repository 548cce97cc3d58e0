import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._trace import direct_errors, trace
from neurofit.nets.learning import check
from neurofit.nets.learning.feedback._direct import projected


def estimate(problem, state):
    stages, params, batch, objective = problem
    rule = nets.rules["direct_feedback_alignment"]()
    return rule.update(stages, params, batch, objective, state, torch.Generator())


@pytest.fixture(params=["mlp", "conv"])
def problem(request, make_problem):
    return make_problem(request.param, rng=np.random.default_rng(0))


def test_the_same_error_arrives_whatever_the_forward_weights(problem):
    stages, params, batch, objective = problem
    moments = trace(stages, params, batch.inputs)
    error = direct_errors(moments, objective, batch)["readout"]
    sent = projected(moments, error, 5)
    assert list(sent) == [stage.name for stage in stages[:-1]]
    other = {layer: {name: -w for name, w in weights.items()} for layer, weights in params.items()}
    again = projected(trace(stages, other, batch.inputs), error, 5)
    for name, arrived in sent.items():
        assert arrived.shape == moments[name].output.shape
        assert torch.equal(arrived, again[name])
        assert not torch.equal(arrived, projected(moments, error, 6)[name])


def test_feedback_is_linear_and_as_large_as_weights_to_the_readout(problem):
    """With B of variance 2 / n to n outputs, E |B e|^2 = 2 |e|^2."""
    stages, params, batch, _ = problem
    moments = trace(stages, params, batch.inputs)
    e = torch.eye(10, dtype=torch.double)[:, None].expand(10, len(batch.labels), 10)
    columns = [projected(moments, error, 0) for error in e]
    both = projected(moments, 2 * e[0] - e[3], 0)
    for name, arrived in both.items():
        torch.testing.assert_close(arrived, 2 * columns[0][name] - columns[3][name])
        power = np.mean([float(column[name][0].square().sum()) for column in columns])
        entries = 10 * arrived[0].numel()
        assert power == pytest.approx(2, rel=5 * np.sqrt(2 / entries))


def test_each_layer_has_feedback_of_its_own(make_problem):
    stages, params, batch, _ = make_problem("mlp", rng=np.random.default_rng(0))
    sent = projected(trace(stages, params, batch.inputs), torch.ones(16, 10).double(), 0)
    correlation = np.corrcoef(sent["hidden1"][0], sent["hidden2"][0])[0, 1]
    assert abs(correlation) < 4 / np.sqrt(64)


def test_hidden_deltas_are_the_projected_error_times_the_slope(make_problem):
    problem = make_problem("mlp", rng=np.random.default_rng(0))
    stages, params, batch, objective = problem
    moments = trace(stages, params, batch.inputs)
    error = direct_errors(moments, objective, batch)["readout"]
    sent, found = projected(moments, error, 3), estimate(problem, 3)
    for name in ("hidden1", "hidden2"):
        delta = (1 - moments[name].output ** 2) * sent[name]
        torch.testing.assert_close(found[name]["weight"], delta.T @ moments[name].inputs.flatten(1))
    exact = nets.targets["backprop"](stages, params, batch, objective, None)
    torch.testing.assert_close(found["readout"], exact["readout"], rtol=0, atol=0)


def test_errors_that_arise_in_hidden_layers_are_not_lost(make_problem):
    stages, params, batch, _ = make_problem("mlp", rng=np.random.default_rng(0))
    loud = nets.Objective("loud", len, lambda outputs, batch: outputs["hidden1"].square().sum(1), "1")
    found = estimate((stages, params, batch, loud), 0)
    exact = nets.targets["backprop"](stages, params, batch, loud, None)
    torch.testing.assert_close(found["hidden1"], exact["hidden1"])


def test_refuses_objectives_whose_errors_stay_local():
    stages = nets.architectures["mlp"]((1, 8, 8), 10)
    local = nets.Objective("own", len, lambda outputs, batch: outputs["hidden1"].sum(1), "1", local=True)
    with pytest.raises(TrainingError, match="keeps errors local to layers"):
        check(nets.rules["direct_feedback_alignment"](), stages, local)


@pytest.mark.parametrize(
    ("architecture", "right"), [("mlp", 0.85), pytest.param("conv", 0.6, marks=pytest.mark.slow)]
)
def test_learns_digits(architecture, right):
    net = nets.train(
        "digits", architecture=architecture, rule="direct_feedback_alignment", rng=0, progress=False
    )
    assert net.history.accuracy[-1] > right
