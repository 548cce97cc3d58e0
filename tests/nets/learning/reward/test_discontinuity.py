from itertools import product
from math import asin, pi

import numpy as np
import pytest
import torch
from scipy.stats import multivariate_normal, norm

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets import Batch, Objective
from neurofit.nets._stages import readout
from neurofit.nets.learning.reward._discontinuity import _run, fits

EFFECTS = torch.tensor([1.0, 6.0])


def two_units(nonlinearity, drives):
    """Two hidden units with these drives, whatever the input."""
    stages = nets.architectures["mlp"]((1,), 1, hidden=(2,), nonlinearity=nonlinearity)
    params = {
        "hidden1": {"weight": torch.zeros(2, 1), "bias": torch.tensor(drives)},
        "readout": {"weight": EFFECTS[None], "bias": torch.zeros(1)},
    }
    return stages, params


def paid(function):
    return Objective("paid", lambda task: 1, lambda outputs, batch: function(readout(outputs)[:, 0]), "1")


def trials(count):
    return Batch(torch.ones(count, 1), torch.zeros(count, dtype=torch.long))


def test_the_effect_of_a_spike_is_found_where_its_correlation_with_cost_is_off_by_more_than_two():
    """Two units share noise (correlation .6) and both act on the cost: 1 and 6 for a spike.

    In the trials in which the first spikes the second does so more often, by 2 asin(.6) / pi.
    """
    stages, params = two_units("sigmoid", [0.0, 0.0])
    batch, objective, generator = trials(200_000), paid(lambda cost: cost), torch.Generator().manual_seed(0)
    rule = nets.rules["regression_discontinuity"](correlation=0.6)
    state = rule.evolve(stages, params, batch, objective, {}, rule.init(stages, params, generator), generator)
    below, above = fits(state, "hidden1", torch.zeros(1, 2), 0.5)[0]
    # Standard error about .07.
    assert (above - below).tolist() == pytest.approx(EFFECTS.tolist(), abs=0.25)

    options = rule.update.args[0]
    _, near, cost = _run(options, stages, params, batch, objective, generator)
    spiked = near["hidden1"].distance[:, 0] > 0
    naive = float(cost[spiked].mean() - cost[~spiked].mean())
    assert naive == pytest.approx(1 + 6 * 2 * asin(0.6) / pi, abs=0.05)
    assert naive - 1 > 2


def expected_cost(drives, unit, correlation, cost):
    """Over the four ways in which two units may spike, whose noise has a Gaussian copula."""
    silent, scale = unit
    thresholds = norm.ppf(1 / (1 + np.exp(-np.asarray(drives) / scale)))
    total = 0.0
    for spikes in product([0, 1], repeat=2):
        signs = np.where(spikes, 1.0, -1.0)
        together = correlation * signs.prod()
        chance = multivariate_normal.cdf(signs * thresholds, cov=[[1, together], [together, 1]])
        total += chance * cost(float(EFFECTS @ torch.where(torch.tensor(spikes) > 0, 1.0, silent)))
    return total


@pytest.mark.parametrize("correlation", [0.0, 0.6])
@pytest.mark.parametrize(("nonlinearity", "unit"), [("tanh", (-1.0, 0.5)), ("sigmoid", (0.0, 1.0))])
def test_on_average_it_is_the_gradient_of_the_cost_of_spiking(nonlinearity, unit, correlation):
    drives, step = [0.3, -0.4], 1e-3

    def cost(total):
        return (total - 1) ** 2 / 10

    exact = [
        (
            expected_cost(np.add(drives, step * np.eye(2)[unit_]), unit, correlation, cost)
            - expected_cost(np.subtract(drives, step * np.eye(2)[unit_]), unit, correlation, cost)
        )
        / (2 * step)
        for unit_ in range(2)
    ]
    stages, params = two_units(nonlinearity, drives)
    objective, generator = paid(cost), torch.Generator().manual_seed(0)
    rule = nets.rules["regression_discontinuity"](window=0.3, correlation=correlation)
    given = stages, params, trials(200_000), objective
    state = rule.evolve(*given, {}, rule.init(stages, params, generator), generator)
    found = torch.stack([rule.update(*given, state, generator)["hidden1"]["bias"] for _ in range(3)])
    assert found.mean(0).tolist() == pytest.approx(exact, abs=0.06)


def logistic_density(drive):
    return float(torch.tensor(drive).sigmoid() * torch.tensor(-drive).sigmoid())


def test_a_wide_window_is_as_good_as_a_narrow_one_where_distance_says_nothing_of_the_drive():
    """With the density at threshold over that where a unit was, every distance in a window is as likely.

    Where the spike is all that matters, the estimate then is the same at any width: density times effect.
    Without the weights, most trials in a window of 3 would be above threshold for a drive of 1.5 (.64 of
    all, against .17 below) and the cost, 11 or 10, would make the estimate too large by 1.6.
    """
    drive = 1.5
    stages, params = two_units("sigmoid", [drive, 30.0])
    objective, generator = paid(lambda cost: cost + 4), torch.Generator().manual_seed(0)
    given = stages, params, trials(200_000), objective
    for window in (0.5, 3.0):
        rule = nets.rules["regression_discontinuity"](window=window)
        # No fits, that could make up for what the weights do: the cost is taken as it is.
        found = float(rule.update(*given, {}, generator)["hidden1"]["bias"][0])
        assert found == pytest.approx(logistic_density(drive) * float(EFFECTS[0]), abs=0.2), window


def test_units_with_other_drives_do_not_make_a_slope_of_the_distance():
    """Inputs that drive the unit more also cost more, by 4: a line through all trials would rise.

    Weighted, distance and drive have nothing to do with each other and the fits are flat on both sides,
    apart by the effect of the spike alone.
    """
    stages, params = two_units("sigmoid", [0.0, 0.0])
    params["hidden1"]["weight"] = torch.tensor([[2.0], [0.0]])
    batch = Batch(torch.tensor([[-1.0], [1.0]]).repeat(100_000, 1), torch.tensor([0, 1]).repeat(100_000))
    objective = Objective(
        "confounded",
        lambda task: 1,
        lambda outputs, batch: outputs["hidden1"][:, 0] + 4 * batch.labels,
        "1",
    )
    rule = nets.rules["regression_discontinuity"](window=2.0)
    generator = torch.Generator().manual_seed(0)
    state = rule.evolve(stages, params, batch, objective, {}, {}, generator)
    level, slope = fits(state, "hidden1", torch.zeros(1, 2), 2.0)
    assert slope[:, 0].tolist() == pytest.approx([0, 0], abs=0.1)
    assert float(level[1, 0] - level[0, 0]) == pytest.approx(1, abs=0.1)


def test_an_objective_of_hidden_layers_alone_leaves_the_readout_as_it_is():
    stages, params = two_units("tanh", [0.1, -0.1])
    rule, objective = nets.rules["regression_discontinuity"](), nets.objectives["sparseness"]()
    found = rule.update(stages, params, trials(50), objective, {}, torch.Generator())
    assert not found["readout"]["weight"].any()
    assert found["hidden1"]["bias"].any()


def test_the_readout_gets_its_exact_gradient_given_the_spikes():
    stages, params = two_units("tanh", [9.0, -9.0])
    rule = nets.rules["regression_discontinuity"]()
    found = rule.update(stages, params, trials(50), paid(lambda cost: cost**2), {}, torch.Generator())
    total = 2 * float(EFFECTS @ torch.tensor([1.0, -1.0]))
    torch.testing.assert_close(found["readout"]["weight"], total * torch.tensor([[1.0, -1.0]]))
    assert found["hidden1"]["bias"].abs().max() == 0, "nobody was near threshold"


def test_hidden_units_learn_by_the_jump_at_threshold():
    """With a readout that stays as it was drawn, whatever is learned is learned by them."""
    options = {"learning_rate": 0.01, "steps": 150, "batch_size": 64, "rng": 0, "progress": False}
    options |= {"architecture": {"name": "mlp", "hidden": [32]}, "frozen": ["readout"]}
    accuracy = nets.train("digits", rule="regression_discontinuity", **options).history.accuracy
    assert accuracy[0] < 0.2
    assert accuracy[-1] > 0.4


def test_units_that_do_not_spike_and_wrong_options_are_refused():
    with pytest.raises(
        TrainingError, match="units of conv1, conv2, conv3, dense are neither 'tanh' nor 'sigmoid'"
    ):
        nets.train("digits", architecture="conv", rule="regression_discontinuity", progress=False)
    with pytest.raises(TrainingError, match="window=0, correlation=0.0, memory=0.9"):
        nets.rules["regression_discontinuity"](window=0)
