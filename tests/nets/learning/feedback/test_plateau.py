import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.nets._trace import direct_errors, trace
from neurofit.nets.learning.feedback._direct import projected


@pytest.fixture(params=["mlp", "conv"])
def problem(request, make_problem):
    return make_problem(request.param, rng=np.random.default_rng(0))


def estimate(problem, name, **options):
    stages, params, batch, objective = problem
    return nets.rules[name](**options).update(stages, params, batch, objective, 4, torch.Generator())


def flat(weights):
    return torch.cat([w.flatten() for w in weights.values()])


def quiet(problem):
    """The same network with a readout so weak that dendrites rest."""
    stages, params, batch, objective = problem
    readout = {name: 1e-4 * w for name, w in params["readout"].items()}
    return stages, {**params, "readout": readout}, batch, objective


def test_resting_dendrites_and_a_weak_teacher_give_direct_feedback_alignment(problem):
    problem = quiet(problem)
    dendritic = estimate(problem, "dendritic_error", variant="guerguiev", nudge=1e-4)
    direct = estimate(problem, "direct_feedback_alignment")
    for layer in direct:
        torch.testing.assert_close(flat(dendritic[layer]), flat(direct[layer]), rtol=1e-3, atol=1e-6)


def test_a_weak_teacher_is_gated_by_the_slope_of_the_dendrite(make_problem):
    stages, params, batch, objective = make_problem("mlp", rng=np.random.default_rng(0))
    moments = trace(stages, params, batch.inputs)
    error = direct_errors(moments, objective, batch)["readout"]
    apical = projected(moments, moments["readout"].output, 4)["hidden2"].sigmoid()
    gate = 4 * apical * (1 - apical)
    assert gate.min() < 0.9, "some dendrites are far from rest"
    delta = (1 - moments["hidden2"].output ** 2) * gate * projected(moments, error, 4)["hidden2"]
    found = estimate((stages, params, batch, objective), "dendritic_error", variant="guerguiev", nudge=1e-5)
    expected = delta.T @ moments["hidden2"].inputs
    torch.testing.assert_close(found["hidden2"]["weight"], expected, rtol=1e-3, atol=1e-6)


def test_plateaus_are_bounded_however_strong_the_teacher(make_problem):
    """No output can change by more than 1 plateau: 4 / nudge in the units of the error, over the batch."""
    stages, params, batch, objective = make_problem("mlp", rng=np.random.default_rng(0))
    loud = nets.Objective("loud", len, lambda outputs, batch: 1e6 * outputs["readout"].sum(1), "1")
    found = estimate((stages, params, batch, loud), "dendritic_error", variant="guerguiev", nudge=1.0)
    assert found["hidden1"]["bias"].abs().max() <= 4
    assert estimate((stages, params, batch, loud), "direct_feedback_alignment")["hidden1"]["bias"].max() > 1e4


@pytest.mark.parametrize(
    ("architecture", "right"), [("mlp", 0.85), pytest.param("conv", 0.6, marks=pytest.mark.slow)]
)
def test_learns_digits(architecture, right):
    rule = {"name": "dendritic_error", "variant": "guerguiev"}
    net = nets.train("digits", architecture=architecture, rule=rule, rng=0, progress=False)
    assert net.history.accuracy[-1] > right
