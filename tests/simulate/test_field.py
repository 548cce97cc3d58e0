import numpy as np
import pytest
import torch

from neurofit import io, schema
from neurofit.errors import SchemaError, TrainingError, UnknownNameError
from neurofit.nets import targets
from neurofit.simulate._field import field
from neurofit.simulate._field_record import differentiable
from neurofit.simulate._field_rule import rule_field
from neurofit.simulate._field_weights import weights

SMALL = {"layers": (4, 6, 3), "examples": 50}
# One of each kind: exact, biased, through hidden state, through settling, without a teacher, flipped.
RULES = ["backprop", "feedback_alignment", "kolen_pollack", "dendritic_error", "fixed_prediction", "oja"]
RULES += ["hebb", "node_perturbation", "curl_descent"]


def asymmetry(jacobian):
    return ((jacobian - jacobian.T) ** 2).sum() / 4 / (jacobian**2).sum()


@pytest.mark.filterwarnings("ignore:`torch.jit.script`")  # Torch itself uses it in forward mode.
@pytest.mark.parametrize("rule", RULES)
def test_derivatives_agree_with_finite_differences(rule):
    made = rule_field(rule, step=5, rng=0, **SMALL)
    step = 1e-5 * torch.eye(len(made.w0), dtype=torch.float64)
    slopes = torch.stack([(made(made.w0 + one) - made(made.w0 - one)) / 2e-5 for one in step], dim=1)
    np.testing.assert_allclose(made.jacobian, slopes, atol=1e-7)
    v = torch.linspace(-1, 1, len(made.w0), dtype=torch.float64)
    _, forth = torch.func.jvp(made, (made.w0,), (v,))
    (back,) = torch.func.vjp(made, made.w0)[1](v)
    np.testing.assert_allclose(forth, made.jacobian @ v.numpy(), atol=1e-10)
    np.testing.assert_allclose(back, made.jacobian.T @ v.numpy(), atol=1e-10)
    np.testing.assert_allclose(torch.func.jacfwd(made)(made.w0), made.jacobian, atol=1e-10)


def test_what_rules_detach_would_be_lost_without_the_record():
    # The trap: to torch.func, the plain update of backprop does not depend on weights it detached.
    made = rule_field("backprop", rng=0, **SMALL)

    def plain(w):
        return made.once(w, torch.Generator())

    with pytest.raises(RuntimeError):
        torch.func.jacrev(plain)(made.w0)
    assert torch.func.jacrev(differentiable(plain))(made.w0).abs().max() > 0.1


@pytest.mark.parametrize("rule", ["backprop", "node_perturbation", "fixed_prediction"])
def test_descent_of_an_objective_has_a_symmetric_jacobian(rule):
    assert asymmetry(rule_field(rule, step=5, rng=0, **SMALL).jacobian) < 1e-20


@pytest.mark.parametrize("rule", ["feedback_alignment", "oja", {"name": "curl_descent", "share": 0.5}])
def test_other_rules_have_none(rule):
    assert asymmetry(rule_field(rule, rng=0, **SMALL).jacobian) > 0.04


def test_flipped_rules_are_the_gradient_but_for_signs():
    flipped = rule_field({"name": "curl_descent", "share": 0.5}, rng=0, **SMALL)
    assert (flipped.signs == -1).sum() == 3 * 4
    exact = targets["backprop"](
        flipped.stages, flipped.unflat(flipped.w0), flipped.batch, flipped.objective, None
    )
    gradient = torch.cat([layer["weight"].flatten() for layer in exact.values()])
    np.testing.assert_allclose(flipped(flipped.w0), -flipped.signs * gradient)
    # J = D H: entries between a flipped and another synapse cancel in the symmetric part.
    jacobian, sign = flipped.jacobian, flipped.signs.numpy()
    across = sign[:, None] != sign[None, :]
    np.testing.assert_allclose((jacobian + jacobian.T)[across], 0, atol=1e-12)


def test_feedback_alignment_becomes_a_gradient_while_it_learns():
    # So that the time of sampling is part of the answer.
    found = [
        np.mean(
            [asymmetry(rule_field("feedback_alignment", step=step, rng=seed).jacobian) for seed in range(3)]
        )
        for step in (0, 100, 1000)
    ]
    assert 0.28 < found[0] < 0.40
    assert 0.10 < found[1] < 0.20
    assert found[2] < 0.08


@pytest.mark.parametrize("examples", [2, 30])
def test_few_examples_have_as_many_components(examples):
    assert rule_field("backprop", layers=(40, 5, 1), examples=examples, rng=0).batch.inputs.shape == (
        examples,
        40,
    )


def test_networks_have_the_sizes_asked_for():
    assert len(rule_field("backprop", rng=0).w0) == 196
    assert len(rule_field("backprop", layers=(20, 80, 5), rng=0).w0) == 2000
    made = rule_field("backprop", layers=(4, 3, 2), rng=0)
    assert made.coords["pre"][1].tolist() == [0, 1, 2, 3] * 3 + [0, 1, 2] * 2
    assert made.coords["post"][1].tolist() == [0] * 4 + [1] * 4 + [2] * 4 + [0] * 3 + [1] * 3
    assert made.coords["layer"][1].tolist() == ["hidden1"] * 12 + ["readout"] * 6


def test_experiments_measure_the_field_with_the_noise_asked_for():
    made = rule_field("feedback_alignment", rng=0, **SMALL)
    clean = field(made, trials=500, scale=1e-3, snr=None, rng=1)
    expected = made(made.w0).numpy() + clean.delta.values @ made.jacobian.T
    np.testing.assert_allclose(clean.dw, expected, atol=1e-3)
    noisy = field(made, trials=500, scale=1e-3, snr=0.5, noise_kind="heavy_low_rank", rng=1)
    np.testing.assert_allclose(noisy.delta, clean.delta)
    noise = (noisy.dw - clean.dw).values
    assert (clean.dw - clean.dw.mean("trial")).values.var() / noise.var() == pytest.approx(0.5, rel=0.1)
    straight = field(made, trials=9, scale=1.0, snr=None, linear=True, rng=1)
    np.testing.assert_allclose(straight.dw, made(made.w0).numpy() + straight.delta.values @ made.jacobian.T)
    assert float(noisy.true_gradient_share) == pytest.approx(1 - asymmetry(made.jacobian))
    assert float(noisy.true_divergence) == pytest.approx(np.trace(made.jacobian))


def test_large_networks_have_noise_as_asked_and_no_exact_truth():
    made = rule_field("feedback_alignment", layers=(40, 60, 10), examples=30, rng=0)
    clean, noisy = (field(made, trials=5, snr=snr, rng=0) for snr in (None, 2.0))
    assert "true_gradient_share" not in noisy
    signal = (clean.dw.values - made(made.w0).numpy()).var()
    assert signal / (noisy.dw - clean.dw).values.var() == pytest.approx(2, rel=0.1)


def test_random_rules_bring_noise_of_their_own():
    made = field("node_perturbation", trials=20, snr=None, draws=1, rng=0, **SMALL)
    averaged = field("node_perturbation", trials=20, snr=None, draws=25, rng=0, **SMALL)
    spread = [one.dw.var("trial").mean().item() for one in (made, averaged)]
    assert spread[1] < spread[0] / 10
    assert float(made.true_gradient_share) == pytest.approx(1)


def test_networks_learn_in_sessions():
    made = weights("feedback_alignment", sessions=40, measurement_noise=0.1, missing=0.25, rng=0, **SMALL)
    assert made.loss[-1] < 0.5 * made.loss[0]
    assert made.weights.isnull().mean() == pytest.approx(0.25, abs=0.05)
    assert (made.weights - made.true_weights).std() == pytest.approx(0.1, abs=0.01)
    # One update from session to session is one step along the field.
    steps = weights("backprop", sessions=3, interval=1, rng=0, **SMALL)
    start = rule_field("backprop", rng=0, **SMALL)
    first = steps.true_weights.diff("session_index")[0] / steps.times.diff("session_index")[0]
    np.testing.assert_allclose(first, start(start.w0), atol=1e-12)


def test_momentum_is_a_state_that_weights_do_not_show():
    plain, heavy = (
        weights("backprop", sessions=4, interval=1, momentum=momentum, rng=0, **SMALL).true_weights
        for momentum in (0.0, 0.9)
    )
    np.testing.assert_allclose(plain[1], heavy[1])
    carried = 0.9 * (heavy[1] - heavy[0])
    np.testing.assert_allclose(heavy[2] - plain[2], carried)


def test_batches_are_the_noise_of_learning():
    one, other = (weights("backprop", sessions=3, batch_size=5, rng=rng, **SMALL) for rng in (0, 1))
    assert not np.allclose(one.true_weights, other.true_weights)
    assert one.identical(weights("backprop", sessions=3, batch_size=5, rng=0, **SMALL))


@pytest.mark.parametrize("make", [field, weights])
def test_results_say_what_they_are_and_survive_saving(make, tmp_path):
    made = make("feedback_alignment", task="teacher", rng=2, **SMALL)
    schema.check(made, "results")
    assert "Lillicrap" in made.references
    assert io.load(io.save(made, tmp_path / "made.nc")).identical(made)


def test_what_does_not_fit_is_refused():
    with pytest.raises(UnknownNameError, match="learning rule"):
        rule_field("backpropp")
    with pytest.raises(UnknownNameError, match="task of a field"):
        rule_field("backprop", task="digit")
    with pytest.raises(TrainingError, match="draws at random"):
        rule_field("reinforce")
    with pytest.raises(TrainingError, match="64 pixels and 10 classes"):
        rule_field("backprop", layers=(100, 5, 3))
    with pytest.raises(TrainingError, match="is one of squared_error, not 'cross_entropy'"):
        rule_field("backprop", task="teacher", objective="cross_entropy")
    with pytest.raises(TrainingError, match="diverged within 999 steps"):
        rule_field("backprop", step=999, learning_rate=1000.0, **SMALL)
    with pytest.raises(TrainingError, match="layers, examples would change nothing"):
        field(rule_field("backprop", rng=0, **SMALL), **SMALL)
    with pytest.raises(SchemaError, match="trials=0"):
        field("backprop", trials=0)
    with pytest.raises(TrainingError, match="sessions must be 2 or more, not 1; interval"):
        weights("backprop", sessions=1, interval=0)
