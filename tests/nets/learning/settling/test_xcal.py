import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import forward
from neurofit.nets.learning.settling._contrastive import phases
from neurofit.nets.learning.settling._settle import circuit
from neurofit.nets.learning.settling._xcal import check_mark

RANDOM = torch.Generator()


@pytest.fixture
def problem(make_problem):
    return make_problem("mlp", hidden=(16, 12), nonlinearity="sigmoid", rng=np.random.default_rng(0))


def estimate(problem, rule="xcal", state=None, **options):
    made = nets.rules[rule](**options)
    return made.update(*problem, state or made.init(*problem[:2], RANDOM), RANDOM)


def test_check_mark_is_zero_at_zero_and_at_the_threshold_and_lowest_where_it_turns():
    product = torch.linspace(0, 1, 1001, dtype=torch.float64)
    change = check_mark(product, torch.tensor(0.5, dtype=torch.float64), reversal=0.1)
    assert change[0] == 0
    assert change[500] == pytest.approx(0, abs=1e-12)
    assert (change[1:500] < 0).all()
    assert (change[501:] > 0).all()
    assert float(product[change.argmin()]) == pytest.approx(0.05, abs=0.001)
    assert float(change.min()) == pytest.approx(-0.45, abs=0.001)


@pytest.mark.parametrize("reversal", [0.1, 0.3])
def test_from_error_alone_and_off_the_bend_it_is_contrastive_hebbian(problem, reversal):
    found = estimate(problem, self_organising=0, reversal=reversal)
    torch.testing.assert_close(found, dict(estimate(problem, "contrastive_hebbian")), rtol=1e-9, atol=1e-12)


def test_rates_that_break_down_weaken_a_synapse_less_than_the_contrast_would(make_problem):
    """The bend, written out synapse by synapse, with on and off cells for the image."""
    problem = make_problem("mlp", hidden=(16,), nonlinearity="sigmoid", rng=np.random.default_rng(0))
    stages, params, batch, objective = problem
    how = {"feedback": 1.0, "iterations": 200}
    net, start = circuit(stages, params, batch.inputs, how["feedback"])
    free, taught = phases(net, start, batch, objective, iterations=how["iterations"])
    found = estimate(problem, self_organising=0, reversal=0.9, **how)["hidden1"]
    bent, expected = 0, torch.zeros(16, 64, dtype=torch.float64)
    for image, before, after in zip(batch.inputs.flatten(1), free["hidden1"], taught["hidden1"], strict=True):
        for cells, sign in ((image.clamp(min=0), 1), ((-image).clamp(min=0), -1)):
            for synapse in np.ndindex(16, 64):
                (y, x), threshold = synapse, before[synapse[0]] * cells[synapse[1]]
                product = after[y] * cells[x]
                kept = product > 0.9 * threshold or threshold == 0
                bent += not kept
                expected[synapse] -= sign * (product - threshold if kept else -product / 9)
    assert bent > 100
    torch.testing.assert_close(found["weight"], expected / len(batch.labels))
    contrast = estimate(problem, "contrastive_hebbian", **how)["hidden1"]["bias"]
    assert (found["bias"] < contrast + 1e-12).all()


def test_units_above_their_average_are_strengthened_and_those_below_weakened(problem):
    """Bienenstock, Cooper & Munro's sliding threshold, seen at the biases."""
    stages, params, batch, objective = problem
    rates = {name: rate.mean(0) for name, rate in forward(stages, params, batch.inputs).items()}
    without = estimate(problem, self_organising=0)
    for times, sign in ((0.8, 1), (1.25, -1)):
        state = {name: times * rates[name] for name in ("hidden1", "hidden2")}
        change = estimate(problem, self_organising=1.0, state=state)
        for layer in state:
            strengthened = without[layer]["bias"] - change[layer]["bias"]
            assert (sign * strengthened).mean() > 0.03


def test_averages_follow_the_rates(problem):
    stages, params, batch, objective = problem
    rule = nets.rules["xcal"]()
    state = rule.init(stages, params, RANDOM)
    assert set(state) == {"hidden1", "hidden2"}
    torch.testing.assert_close(state["hidden1"], torch.full((16,), 0.5).double())
    for _ in range(1000):
        state = rule.evolve(stages, params, batch, objective, params, state, RANDOM)
    mean = forward(stages, params, batch.inputs)["hidden1"].mean(0)
    torch.testing.assert_close(state["hidden1"], mean, rtol=1e-3, atol=0)


def test_learns_digits():
    network = nets.train(
        "digits",
        architecture={"name": "mlp", "hidden": (64,), "nonlinearity": "sigmoid"},
        rule="xcal",
        steps=80,
        learning_rate=1e-2,
        rng=0,
        progress=False,
    )
    assert network.history.accuracy[-1] > 0.85


def test_refuses_what_is_no_rate_and_what_has_no_synapses_of_its_own():
    with pytest.raises(TrainingError, match="hidden1, hidden2 have outputs below 0"):
        nets.train("digits", rule="xcal", progress=False)
    with pytest.raises(TrainingError, match="conv1, conv2, conv3 do not have one weight for each pair"):
        nets.train("digits", architecture="conv", rule="xcal", progress=False)
