import numpy as np
import pytest
import torch
from torch.nn.functional import logsigmoid

from neurofit import nets
from neurofit.nets._stages import draw
from neurofit.nets.material import Batch

OBJECTIVE = nets.objectives["autoencoding"]()
MIXING = np.random.default_rng(3).standard_normal((4, 4))


def mixture_of(sources):
    """Sources that are mixed, with nothing to tell."""

    def sample(n, rng):
        mixed = sources(rng, (n, 4)) @ MIXING.T
        return mixed.astype(np.float32), np.zeros((n, 0), np.float32)

    return sample


def laplacian(rng, shape):
    return rng.laplace(size=shape)


def even(rng, shape):
    return rng.uniform(-2, 2, shape)


def amari_index(product):
    """0 where the product of unmixing and mixing is a scaled permutation, up to 1 (Amari et al. 1996)."""
    size = abs(product)
    rows, columns = (size.sum(axis) / size.max(axis) - 1 for axis in (0, 1))
    return (rows.sum() + columns.sum()) / (2 * len(product) * (len(product) - 1))


def update(weight, bias, inputs):
    stages = nets.architectures["linear"]((4,), 4)
    params = draw(stages, torch.Generator(), "cpu")
    readout = {name: w.double() for name, w in params["readout"].items()}
    params = {"components": {"weight": weight, "bias": bias}, "readout": readout}
    batch = Batch(inputs, inputs[:, :0])
    return nets.rules["ica"]().update(stages, params, batch, OBJECTIVE, None, torch.Generator())["components"]


def normal(*shape, seed=0):
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_update_is_the_natural_gradient_of_the_likelihood():
    weight, bias = normal(4, 4).requires_grad_(), normal(4, seed=1).requires_grad_()
    inputs = normal(50, 4, seed=2)
    components = inputs @ weight.T + bias
    density = logsigmoid(components) + logsigmoid(-components)  # of the logistic distribution
    (-weight.det().abs().log() - density.sum(1).mean()).backward()
    found = update(weight.detach(), bias.detach(), inputs)
    torch.testing.assert_close(found["weight"], weight.grad @ weight.detach().T @ weight.detach())
    torch.testing.assert_close(found["bias"], bias.grad)


def test_learning_goes_alike_however_the_sources_were_mixed():
    mixing, weight, bias, sources = (
        normal(4, 4),
        normal(4, 4, seed=1),
        normal(4, seed=2),
        normal(9, 4, seed=3),
    )
    mixed = update(weight, bias, sources @ mixing.T)["weight"]
    torch.testing.assert_close(mixed @ mixing, update(weight @ mixing, bias, sources)["weight"])


@pytest.fixture
def separation(learn_from):
    def measure(sources):
        stages = nets.architectures["linear"]((4,), 1)
        lesson = {"steps": 600, "batch_size": 200, "learning_rate": 0.05}
        params = learn_from(mixture_of(sources), stages, nets.rules["ica"](), **lesson)
        return amari_index(params["components"]["weight"].numpy() @ MIXING)

    return measure


def test_unmixes_super_gaussian_sources_and_not_sub_gaussian_ones(separation):
    assert amari_index(MIXING) > 0.3
    assert separation(laplacian) < 0.05
    assert separation(even) > 0.2


@pytest.mark.slow
def test_independent_components_of_natural_patches_are_edge_filters():
    network = nets.train(
        {"name": "patches", "size": 8, "cutoff": 0.5},
        architecture="linear",
        rule="ica",
        objective="autoencoding",
        optimizer="sgd",
        steps=2000,
        batch_size=100,
        learning_rate=0.02,
        rng=0,
        progress=False,
    )
    after, before = (
        float(nets.gabor_fit(nets.filters(net).squeeze("channel", drop=True)).r2.median())
        for net in (network, nets.untrained(network))
    )
    assert after > 0.6
    assert before < 0.3
