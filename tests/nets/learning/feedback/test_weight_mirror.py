from math import sqrt

import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets.learning.feedback._weight_mirror import mirrored


def cosine(a, b):
    return float(torch.cosine_similarity(a.flatten(), b.flatten(), dim=0))


def mirror(problem, passes, **options):
    stages, params, batch, objective = problem
    rule, generator = nets.rules["weight_mirror"](**options), torch.Generator().manual_seed(9)
    state = rule.init(stages, params, generator)
    for _ in range(passes):
        state = rule.evolve(stages, params, batch, objective, {}, state, generator)
    return state


@pytest.mark.parametrize("samples", [16, 64, 256])
def test_one_pass_comes_as_near_to_the_weights_as_its_samples_allow(make_problem, samples):
    stages, params, _, _ = make_problem("mlp", rng=np.random.default_rng(0), hidden=(96, 200))
    generator = torch.Generator().manual_seed(9)
    for stage, noisy in ((stages[1], 96), (stages[2], 200)):
        weights = {"weight": params[stage.name]["weight"] - 0.1, "bias": params[stage.name]["bias"]}
        found = [
            cosine(
                mirrored(stage, weights, torch.randn(samples, noisy, generator=generator).double())["weight"],
                weights["weight"],
            )
            for _ in range(20)
        ]
        expected = 1 / sqrt(1 + (noisy + 1) / samples)
        assert np.mean(found) == pytest.approx(expected, abs=4 * np.std(found) / sqrt(20))
        assert np.std(found) < 0.05


def test_a_running_mean_is_worth_more_samples(make_problem):
    problem = make_problem("mlp", rng=np.random.default_rng(0), hidden=(96,))
    found = cosine(
        mirror(problem, 60, samples=16, rate=0.1)["readout"]["weight"], problem[1]["readout"]["weight"]
    )
    assert found == pytest.approx(1 / sqrt(1 + 97 / (16 * 1.9 / 0.1)), abs=0.03)


@pytest.mark.parametrize("architecture", ["mlp", "conv"])
def test_what_is_seen_is_unbiased(make_problem, architecture):
    """The slope of the mirrored on the true weights is 1, at the edges of images too."""
    stages, params, batch, _ = make_problem(architecture, rng=np.random.default_rng(0))
    stage = stages[1]
    shape = {"mlp": (64,), "conv": (16, 4, 4)}[architecture]
    noise = torch.randn(3000, *shape, generator=torch.Generator().manual_seed(9)).double()
    seen, weight = mirrored(stage, params[stage.name], noise)["weight"], params[stage.name]["weight"]
    for at in [(...,)] if architecture == "mlp" else [(..., 1, 1), (..., 0, 0)]:
        w, b = weight[at], seen[at]
        slope = float((w * b).sum() / (w * w).sum())
        assert slope == pytest.approx(1, abs=0.03)


def test_forward_weights_and_the_first_layer_stay(make_problem):
    problem = make_problem("mlp", rng=np.random.default_rng(0))
    before = {layer: {name: w.clone() for name, w in ws.items()} for layer, ws in problem[1].items()}
    once, twice = mirror(problem, 1), mirror(problem, 2)
    torch.testing.assert_close(problem[1], before, rtol=0, atol=0)
    assert torch.equal(once["hidden1"]["weight"], twice["hidden1"]["weight"])
    assert not torch.equal(once["readout"]["weight"], twice["readout"]["weight"])


@pytest.mark.parametrize("wrong", [{"samples": 0}, {"rate": 0}, {"rate": 1.5}])
def test_options_out_of_range_are_refused(wrong):
    with pytest.raises(TrainingError, match="samples must be 1 or more and rate in"):
        nets.rules["weight_mirror"](**wrong)


@pytest.mark.parametrize(
    ("architecture", "steps"), [("mlp", 200), pytest.param("conv", 300, marks=pytest.mark.slow)]
)
def test_learns_digits(architecture, steps):
    net = nets.train(
        "digits", architecture=architecture, rule="weight_mirror", steps=steps, rng=0, progress=False
    )
    assert net.history.accuracy[-1] > 0.85
