import numpy as np
import torch
from scipy.linalg import eigh

from neurofit import nets


def mixed(n, rng):
    """Wiskott & Sejnowski's example: a slow sine, hidden under the square of a fast one."""
    time = rng.uniform(0, 2 * np.pi, n)
    labels = np.zeros((n, 0), np.float32)

    def signals(t):
        return np.stack([np.sin(t) + np.cos(11 * t) ** 2, np.cos(11 * t)], axis=1).astype(np.float32)

    return signals(time), labels, signals(time + 0.02)


def correlated(n, rng):
    steps = rng.standard_normal((n, 4)) * [0.2, 0.5, 1.0, 2.0]
    first = rng.standard_normal((n, 4)) * [2.0, 1.0, 3.0, 1.0]
    turn = np.random.default_rng(8).standard_normal((4, 4))
    now, then = ((signal @ turn + [1, 2, 3, 4]).astype(np.float32) for signal in (first, first + steps))
    return now, np.zeros((n, 0), np.float32), then


def test_gives_the_generalised_eigenvectors_of_all_it_has_seen(learn_from):
    seen = []

    def sample(n, rng):
        seen.append(correlated(n, rng))
        return seen[-1]

    stages = nets.architectures["linear"]((4,), 1, units=2)
    lesson = {"steps": 5, "learning_rate": 1.0, "pairs": True}
    params = learn_from(sample, stages, nets.rules["slow_features"](), **lesson)["components"]
    now, then = (np.concatenate([batch[part] for batch in seen[1:]]).astype(float) for part in (0, 2))
    both = np.concatenate([now, then])
    _, slow = eigh((then - now).T @ (then - now) / len(now), np.cov(both.T, bias=True))
    found = params["weight"].numpy()
    np.testing.assert_allclose(abs(found), abs(slow[:, :2].T), rtol=1e-3)
    given = both @ found.T + params["bias"].numpy()
    np.testing.assert_allclose(given.mean(0), 0, atol=1e-4)
    np.testing.assert_allclose(np.cov(given.T, bias=True), np.eye(2), atol=1e-4)


def slowest_and_latent(learn_from, expansion):
    stages = nets.architectures["linear"]((2,), 1, units=1, expansion=expansion)
    params = learn_from(mixed, stages, nets.rules["slow_features"](), pairs=True, steps=100)
    time = np.linspace(0, 2 * np.pi, 1000)
    signals = np.stack([np.sin(time) + np.cos(11 * time) ** 2, np.cos(11 * time)], axis=1)
    given = stages[0].lin(params["components"], torch.from_numpy(signals).float())
    return abs(np.corrcoef(given[:, 0], np.sin(time))[0, 1])


def test_finds_the_slow_latent_in_the_quadratic_expansion_and_not_in_the_signals(learn_from):
    assert slowest_and_latent(learn_from, "quadratic") > 0.99
    assert slowest_and_latent(learn_from, "none") < 0.95


def test_more_components_than_signals_are_left_at_zero(learn_from):
    stages = nets.architectures["linear"]((4,), 1, units=6)
    lesson = {"steps": 3, "learning_rate": 1.0, "pairs": True}
    weight = learn_from(correlated, stages, nets.rules["slow_features"](), **lesson)["components"]["weight"]
    assert (weight[:4].norm(dim=1) > 0).all()
    assert torch.count_nonzero(weight[4:]) == 0


def test_slow_features_of_drifting_patches_are_slower_than_their_pixels(learn_from):
    task = nets.tasks["patches"](size=8, drift=1.0)
    stages = nets.architectures["linear"](task.input_shape, 1, units=4)
    params = learn_from(task.sample, stages, nets.rules["slow_features"](), pairs=True, steps=30)
    now, _, then = (torch.from_numpy(part) for part in task.held_out(2000, np.random.default_rng(0)))

    def change(a, b):
        return ((a - b).square().mean(0) / torch.cat([a, b]).var(0)).mean()

    slow = change(*(stages[0].lin(params["components"], images) for images in (now, then)))
    assert slow < 0.6 * change(now.flatten(1), then.flatten(1))
