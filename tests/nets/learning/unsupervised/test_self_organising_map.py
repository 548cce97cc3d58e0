import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import draw
from neurofit.nets.material import Batch

OBJECTIVE = nets.objectives["autoencoding"]()


def square(n, rng):
    """Points all over a square, whose coordinates have variance 1."""
    points = rng.uniform(-np.sqrt(3), np.sqrt(3), (n, 2)).astype(np.float32)
    return points, np.zeros((n, 0), np.float32)


def update(inputs, step, **options):
    stages = nets.architectures["map"]((2,), 2, side=3)
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    inputs = torch.as_tensor(inputs, dtype=torch.float32)
    rule, batch = nets.rules["self_organising_map"](**options), Batch(inputs, inputs[:, :0])
    found = rule.update(stages, params, batch, OBJECTIVE, step, torch.Generator())["map"]["weight"]
    return found.numpy(), params["map"]["weight"].numpy()


@pytest.mark.parametrize(("step", "rate", "width"), [(0, 1.0, 2.0), (50, 0.6, 1.25), (500, 0.2, 0.5)])
def test_one_example_at_a_time_it_is_kohonens_rule(step, rate, width):
    x = np.array([0.4, -0.2])
    options = {"widest": 2.0, "narrowest": 0.5, "slowest": 0.2, "steps": 100}
    found, weight = update(x[None], step, **options)
    winner = ((weight - x) ** 2).sum(1).argmin()
    for i in range(9):
        apart = (i // 3 - winner // 3) ** 2 + (i % 3 - winner % 3) ** 2
        expected = rate * np.exp(-apart / (2 * width**2)) * (x - weight[i])
        np.testing.assert_allclose(-found[i], expected, atol=1e-6)


def test_without_neighbourhood_many_examples_at_a_time_it_is_a_step_of_k_means():
    points, _ = square(400, np.random.default_rng(0))
    found, weight = update(points, 0, widest=0.0, narrowest=0.0)
    nearest = ((points[:, None] - weight) ** 2).sum(2).argmin(1)
    for i in set(nearest):
        np.testing.assert_allclose(weight[i] - found[i], points[nearest == i].mean(0), atol=1e-5)
    lost = [i for i in range(9) if i not in nearest]
    np.testing.assert_array_equal(found[lost], 0)


def errors(weight, side, points):
    """Mean distance to the nearest unit, and how often the two nearest are no neighbours (Kiviluoto 1996)."""
    distance = np.sqrt(((points[:, None] - weight) ** 2).sum(2))
    first, second = distance.argsort(1)[:, :2].T
    apart = np.maximum(abs(first // side - second // side), abs(first % side - second % side))
    return distance.min(1).mean(), (apart > 1).mean()


def test_neighbourhood_orders_the_map_at_no_cost_in_precision(learn_from):
    stages = nets.architectures["map"]((2,), 1, side=8)
    points, _ = square(3000, np.random.default_rng(9))

    def train(**options):
        rule = nets.rules["self_organising_map"](steps=600, **options)
        params = learn_from(square, stages, rule, steps=600)
        return errors(params["map"]["weight"].numpy(), 8, points)

    quantisation, topographic = train()
    without, unordered = train(widest=0.0, narrowest=0.0)
    assert topographic < 0.05
    assert unordered > 0.5
    assert quantisation == pytest.approx(without, rel=0.1)


def test_numbers_out_of_range_are_refused():
    with pytest.raises(TrainingError, match="widest >= narrowest >= 0.*not 1.0, 2.0"):
        nets.rules["self_organising_map"](widest=1.0, narrowest=2.0)
