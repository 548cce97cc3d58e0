import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets import Batch

NOTHING = Batch(torch.zeros(0), torch.zeros(0))


def slowness(now, later, **options):
    outputs = {"readout": torch.cat([torch.as_tensor(now), torch.as_tensor(later)])}
    return nets.objectives["slowness"](**options).loss(outputs, NOTHING).item()


@pytest.fixture
def draw():
    rng = np.random.default_rng(0)
    return lambda *shape: rng.normal(size=shape)


def test_what_does_not_change_costs_nothing(draw):
    steady = draw(5000, 1)
    assert slowness(steady, steady) == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("correlation", [0.0, 0.5, 0.9])
def test_is_twice_one_minus_the_autocorrelation(draw, correlation):
    now = draw(50_000, 1)
    later = correlation * now + np.sqrt(1 - correlation**2) * draw(50_000, 1)
    assert slowness(7 * now + 3, 7 * later + 3) == pytest.approx(2 * (1 - correlation), abs=0.02)


def test_silence_is_no_solution(draw):
    assert slowness(np.zeros((50, 2)), np.zeros((50, 2))) == pytest.approx(2)
    assert slowness(1e-7 * draw(50, 1), 1e-7 * draw(50, 1)) == pytest.approx(2, abs=0.01)


def test_redundancy_is_the_mean_squared_correlation(draw):
    one, other = draw(50_000, 1), draw(50_000, 1)
    mixed = 0.6 * one + 0.8 * other
    same, partly, apart = (np.hstack([one, second]) for second in (-one, mixed, other))
    assert slowness(same, same, decorrelation=3.0) == pytest.approx(3, abs=0.01)
    assert slowness(partly, partly) == pytest.approx(0.36, abs=0.02)
    assert slowness(apart, apart) == pytest.approx(0, abs=0.001)


def test_features_that_are_learned_are_slower_than_pixels():
    network = nets.train("moving_digits", objective="slowness", steps=300, rng=0, progress=False)
    now, _, later = nets.tasks["moving_digits"]().held_out(512, np.random.default_rng(0))
    pixels = slowness(*(images.reshape(512, -1) for images in (now, later)), decorrelation=0.0)
    assert network.history.loss[-1] < 0.8 * pixels


def test_finds_the_slow_source_in_a_linear_mixture(draw):
    """Slow feature analysis has a closed form: the slowest of the whitened directions."""
    sources, rates = draw(4000, 3), np.array([0.95, 0.5, 0.0])
    later = rates * sources + np.sqrt(1 - rates**2) * draw(4000, 3)
    mixing = draw(3, 3)
    now, later = (torch.as_tensor(part @ mixing) for part in (sources, later))
    weights = torch.as_tensor(draw(3, 1)).requires_grad_()
    optimizer = torch.optim.Adam([weights], lr=0.05)
    objective = nets.objectives["slowness"]()
    for _ in range(300):
        optimizer.zero_grad()
        objective.loss({"readout": torch.cat([now, later]) @ weights}, NOTHING).backward()
        optimizer.step()
    found = (now @ weights).detach().numpy()[:, 0]
    assert abs(np.corrcoef(found, sources[:, 0])[0, 1]) > 0.99


def test_decorrelation_is_no_reward():
    with pytest.raises(TrainingError, match="decorrelation must be 0 or more"):
        nets.objectives["slowness"](decorrelation=-1.0)
