import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._trace import direct_errors, trace
from neurofit.nets.learning.feedback._burst import bursts


@pytest.fixture(params=["mlp", "conv"])
def problem(request, make_problem):
    return make_problem(request.param, rng=np.random.default_rng(0))


def estimate(problem, state, name="burst", **options):
    stages, params, batch, objective = problem
    return nets.rules[name](**options).update(stages, params, batch, objective, state, torch.Generator())


def feedback(problem):
    stages, params, _, _ = problem
    return nets.rules["burst"]().init(stages, params, torch.Generator().manual_seed(1))


def distance(a, b):
    """The largest relative error of a layer's weights."""
    return max(
        float((a[layer]["weight"] - w["weight"]).norm() / w["weight"].norm()) for layer, w in b.items()
    )


def test_bursts_in_the_linear_range_are_feedback_alignment(problem):
    state = feedback(problem)
    aligned = estimate(problem, state, "feedback_alignment")
    errors = [distance(estimate(problem, state, gain=gain), aligned) for gain in (1e-1, 1e-2, 1e-3)]
    assert errors[-1] < 1e-5
    assert errors[1] / errors[2] == pytest.approx(100, rel=0.05), "the rest is of second order in the gain"


def test_with_symmetric_feedback_that_is_backpropagation(problem):
    assert distance(estimate(problem, problem[1], gain=1e-6), estimate(problem, None, "backprop")) < 1e-5


def test_steep_dendrites_saturate_and_are_not(problem):
    state = feedback(problem)
    aligned = estimate(problem, state, "feedback_alignment")
    assert distance(estimate(problem, state, gain=50.0), aligned) > 0.3


def test_burst_rates_are_shares_of_event_rates(problem):
    stages, params, batch, objective = problem
    moments = trace(stages, params, batch.inputs, feedback=feedback(problem))
    errors = {name: 1e6 * e for name, e in direct_errors(moments, objective, batch).items()}
    for told in ({}, errors):
        for name, (usual, extra) in bursts(moments, told, 5.0, 1.0).items():
            events = 1.0 if name == "readout" else (1 + moments[name].output).clamp(min=0.05)
            for rate in (usual, usual + extra):
                assert (rate >= -1e-12).all()
                assert (rate <= events + 1e-12).all()


def test_a_unit_that_bursts_as_usual_learns_nothing(problem):
    stages, params, batch, _ = problem
    content = nets.Objective("content", len, lambda outputs, batch: 0 * outputs["readout"].sum(1), "1")
    found = estimate((stages, params, batch, content), feedback(problem))
    assert not any(w.any() for weights in found.values() for w in weights.values())


@pytest.mark.parametrize("wrong", [{"gain": 0}, {"teaching": -1}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(TrainingError, match="'burst' have to be above 0"):
        nets.rules["burst"](**wrong)


@pytest.mark.parametrize(
    ("architecture", "right"), [("mlp", 0.85), pytest.param("conv", 0.6, marks=pytest.mark.slow)]
)
def test_learns_digits(architecture, right):
    net = nets.train("digits", architecture=architecture, rule="burst", rng=0, progress=False)
    assert net.history.accuracy[-1] > right
