import numpy as np
import pytest
import torch
from torch.nn.functional import normalize

from neurofit import nets
from neurofit.nets._stages import draw
from neurofit.nets.material import draw_batch


def update_and_slope(settling):
    """What the rule gives, and the derivative of the energy through the dynamics of the code themselves."""
    task, objective = nets.tasks["patches"](size=6), nets.objectives["autoencoding"]()
    stages = nets.architectures["sparse"](task.input_shape, 36, units=30, threshold=0.5, settling=settling)
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    params = {layer: {k: 2 * w.double() for k, w in weights.items()} for layer, weights in params.items()}
    batch = draw_batch(task.sample, 20, np.random.default_rng(0), "cpu")
    batch = batch._replace(inputs=batch.inputs.double())
    rule = nets.rules["sparse_coding"]()
    found = rule.update(stages, params, batch, objective, None, torch.Generator())["sparse_code"]["weight"]
    weight = params["sparse_code"]["weight"].clone().requires_grad_()
    code = stages[0].post(stages[0].lin({"weight": weight}, batch.inputs))
    left = batch.inputs.flatten(1) - code @ normalize(weight, dim=1)
    (left.square().sum(1) / 2 + 0.5 * code.abs().sum(1)).mean().backward()
    return found, weight.grad


def test_once_the_code_has_settled_the_update_is_the_gradient_of_the_energy():
    found, slope = update_and_slope(3000)
    assert (found - slope).norm() < 1e-4 * slope.norm()


def test_before_the_code_has_settled_the_update_is_biased():
    found, slope = update_and_slope(10)
    assert (found - slope).norm() > 0.05 * slope.norm()


def fit(filters):
    return float(nets.gabor_fit(filters.squeeze("channel", drop=True)).r2.median())


@pytest.mark.slow
def test_natural_patches_are_coded_by_gabors_where_principal_components_are_none():
    network = nets.train(
        "patches",
        architecture="sparse",
        rule="sparse_coding",
        objective="autoencoding",
        steps=400,
        batch_size=100,
        learning_rate=0.01,
        rng=0,
        progress=False,
    )
    learned = nets.filters(network)
    patches, _ = nets.tasks["patches"]().sample(20_000, np.random.default_rng(0))
    _, axes = np.linalg.eigh(np.cov(patches.reshape(len(patches), -1).T))
    principal = learned.copy(data=axes[:, :-101:-1].T.reshape(learned.shape))
    assert fit(learned) > 0.7
    assert fit(principal) < 0.5
    # Eight free numbers, and the search among starts, take up about a tenth of 144 pixels of noise.
    assert fit(nets.filters(nets.untrained(network))) < 0.15
    assert network.history.loss[-1] < 0.25 * network.history.loss[0]
