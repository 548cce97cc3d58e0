import numpy as np
import pytest
import torch
from torch.nn.functional import cosine_similarity

from neurofit import nets
from neurofit.nets._stages import draw, forward
from neurofit.nets._trace import backward, direct_errors, per_example, trace
from neurofit.nets.material import draw_batch


@pytest.fixture(params=["mlp", "conv"])
def problem(request, make_problem):
    return make_problem(request.param, rng=np.random.default_rng(0))


def estimate(rule, problem, state=None):
    stages, params, batch, objective = problem
    return nets.rules[rule]().update(stages, params, batch, objective, state, torch.Generator())


def random_feedback(stages, params):
    return nets.rules["feedback_alignment"]().init(stages, params, torch.Generator().manual_seed(1))


def relative_error(a, b):
    a, b = (torch.cat([t.flatten() for w in params.values() for t in w.values()]) for params in (a, b))
    return ((a - b).norm() / b.norm()).item()


@pytest.mark.parametrize("objective", sorted({*nets.objectives} - {"smoothness"}))  # that of time courses
def test_backprop_is_autograd(make_problem, objective):
    for architecture in ("mlp", "conv"):
        problem = make_problem(
            architecture, task="moving_digits", objective=objective, rng=np.random.default_rng(0)
        )
        stages, params, batch, cost = problem
        leaves = {
            layer: {name: tensor.clone().requires_grad_() for name, tensor in weights.items()}
            for layer, weights in params.items()
        }
        cost.loss(forward(stages, leaves, batch.inputs), batch).backward()
        exact = {
            layer: {name: 0 * t if t.grad is None else t.grad for name, t in weights.items()}
            for layer, weights in leaves.items()
        }
        found = estimate("backprop", problem)
        assert list(found) == list(exact), "shaped like the weights, in their order"
        assert relative_error(found, exact) < 1e-12


def test_feedback_through_the_weights_themselves_is_backprop(problem):
    _, params, _, _ = problem
    assert relative_error(estimate("feedback_alignment", problem, params), estimate("backprop", problem)) == 0


def test_random_feedback_is_not_backprop_but_teaches_the_readout_exactly(problem):
    stages, params, _, _ = problem
    state = random_feedback(stages, params)
    aligned, exact = estimate("feedback_alignment", problem, state), estimate("backprop", problem)
    torch.testing.assert_close(aligned["readout"], exact["readout"], rtol=0, atol=0)
    for layer in list(params)[:-1]:
        assert relative_error({layer: aligned[layer]}, {layer: exact[layer]}) > 0.5


def test_feedback_has_the_shape_of_the_weights_and_is_drawn_apart_from_them(problem):
    stages, params, _, _ = problem
    feedback = random_feedback(stages, params)
    for layer, weights in params.items():
        assert feedback[layer]["weight"].shape == weights["weight"].shape
        correlation = np.corrcoef(feedback[layer]["weight"].ravel(), weights["weight"].ravel())[0, 1]
        assert abs(correlation) < 4 / np.sqrt(weights["weight"].numel())


def test_examples_one_by_one_add_up_to_the_batch(problem):
    stages, params, batch, objective = problem
    moments = trace(stages, params, batch.inputs)
    together, deltas = backward(moments, direct_errors(moments, objective, batch))
    apart = per_example(moments, deltas)
    for layer, weights in together.items():
        for name, gradient in weights.items():
            assert apart[layer][name].shape == (len(batch.labels), *gradient.shape)
            torch.testing.assert_close(apart[layer][name].sum(0), gradient)


def test_rules_leave_their_arguments_alone(problem):
    stages, params, _, objective = problem
    before = {layer: {name: t.clone() for name, t in weights.items()} for layer, weights in params.items()}
    for name, rule in nets.rules.items():
        if any(nets.needs[need](stages, objective) for need in rule().needs):
            continue
        state = rule().init(stages, params, torch.Generator())
        estimate(name, problem, state)
        torch.testing.assert_close(params, before, rtol=0, atol=0)
        assert not any(t.requires_grad for weights in params.values() for t in weights.values())


@pytest.mark.parametrize(
    ("from_zero", "steps", "low", "high"), [(True, 100, 15, 35), (False, 1000, 45, 60)], ids=["zero", "usual"]
)
def test_forward_weights_come_to_align_with_the_feedback(from_zero, steps, low, high):
    """Angle of the hidden delta to backpropagation's; 64-64-10 on digits, plain SGD."""
    task, objective = nets.tasks["digits"](), nets.objectives["cross_entropy"]()
    stages = nets.architectures["mlp"](task.input_shape, 10, hidden=(64,))
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    if from_zero:
        params = {layer: {name: 0 * t for name, t in weights.items()} for layer, weights in params.items()}
    feedback, rng = random_feedback(stages, params), np.random.default_rng(0)

    def angle_and_gradients():
        batch = draw_batch(task.sample, 64, rng, "cpu")
        moments = trace(stages, params, batch.inputs, feedback=feedback)
        errors = direct_errors(moments, objective, batch)
        gradients, deltas = backward(moments, errors)
        exact = errors["readout"] @ params["readout"]["weight"] * (1 - moments["hidden1"].output ** 2)
        cosine = cosine_similarity(deltas["hidden1"], exact, dim=1)
        return float(torch.rad2deg(torch.arccos(cosine.clamp(-1, 1))).mean()), gradients

    first, _ = angle_and_gradients()
    for _ in range(steps):
        last, gradients = angle_and_gradients()
        params = {
            layer: {name: tensor - 0.1 * gradients[layer][name] for name, tensor in weights.items()}
            for layer, weights in params.items()
        }
    assert first == pytest.approx(90, abs=5)
    assert low < last < high
