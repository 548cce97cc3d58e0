from math import pi, sqrt

import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import UnknownNameError
from neurofit.nets.learning.feedback._sign_concordant import concordant


def cosine(a, b):
    return float(torch.cosine_similarity(a.flatten(), b.flatten(), dim=0))


@pytest.mark.parametrize(("magnitudes", "expected"), [("equal", sqrt(2 / pi)), ("random", 2 / pi)])
def test_feedback_is_as_near_to_normal_weights_as_their_signs(make_problem, magnitudes, expected):
    stages, params, _, _ = make_problem("conv", rng=np.random.default_rng(0))
    rule = nets.rules["sign_concordant"](magnitudes=magnitudes)
    normal = {
        layer: {name: w - 0.1 if w.ndim > 1 else w for name, w in weights.items()}
        for layer, weights in params.items()
    }
    state = rule.init(stages, normal, torch.Generator().manual_seed(1))
    feedback = concordant(normal, state)
    for layer, weights in normal.items():
        weight, back = weights["weight"], feedback[layer]["weight"]
        assert torch.equal(back.sign(), weight.sign())
        assert float(back.norm() / weight.norm()) == pytest.approx(1, rel=4 / sqrt(weight.numel()))
        assert cosine(back, weight) == pytest.approx(expected, abs=4 / sqrt(weight.numel()))


def test_signs_follow_the_weights_and_magnitudes_do_not(make_problem):
    stages, params, _, _ = make_problem("mlp", rng=np.random.default_rng(0))
    state = nets.rules["sign_concordant"]().init(stages, params, torch.Generator())
    scaled = {layer: {name: -3 * w for name, w in weights.items()} for layer, weights in params.items()}
    before, after = concordant(params, state), concordant(scaled, state)
    assert torch.equal(after["hidden2"]["weight"], -before["hidden2"]["weight"])


def test_is_backprop_where_all_weights_are_equally_large(make_problem):
    stages, params, batch, objective = make_problem("mlp", rng=np.random.default_rng(0))
    params = {layer: {name: 0.2 * w.sign() for name, w in ws.items()} for layer, ws in params.items()}
    rule = nets.rules["sign_concordant"]()
    state = rule.init(stages, params, torch.Generator())
    found = rule.update(stages, params, batch, objective, state, torch.Generator())
    exact = nets.targets["backprop"](stages, params, batch, objective, None)
    torch.testing.assert_close(found, exact)


def test_unknown_magnitudes_are_refused():
    with pytest.raises(UnknownNameError, match="no magnitude of feedback called 'equals'"):
        nets.rules["sign_concordant"](magnitudes="equals")


@pytest.mark.parametrize("architecture", ["mlp", pytest.param("conv", marks=pytest.mark.slow)])
def test_learns_digits(architecture):
    net = nets.train("digits", architecture=architecture, rule="sign_concordant", rng=0, progress=False)
    assert net.history.accuracy[-1] > 0.85
