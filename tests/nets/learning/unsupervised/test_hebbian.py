import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import draw

SPECTRUM = torch.tensor([9.0, 5.0, 3.0, 1.0, 0.5, 0.2]).double().sqrt()


def blob(n, seed=0):
    """Normal inputs of 6 dims with mean 0, and their principal components (in columns)."""
    generator = torch.Generator().manual_seed(seed)
    axes = torch.linalg.qr(torch.randn(6, 6, generator=generator).double())[0]
    inputs = (torch.randn(n, 6, generator=generator).double() * SPECTRUM) @ axes.T
    inputs = inputs - inputs.mean(0)
    components = torch.linalg.eigh(inputs.T @ inputs / n).eigenvectors.flip(1)
    return inputs, components


def problem(inputs, units, *, positive=False):
    stages = nets.architectures["mlp"]((1, 1, inputs.shape[1]), 2, hidden=(units,))
    generator = torch.Generator().manual_seed(1)
    params = draw(stages, generator, "cpu")
    params = {k: {n: w.double() for n, w in weights.items()} for k, weights in params.items()}
    if positive:
        params["hidden1"]["weight"] = params["hidden1"]["weight"].abs()
    labels = torch.zeros(len(inputs), dtype=torch.long)
    return stages, params, nets.Batch(inputs[:, None, None], labels), nets.objectives["cross_entropy"]()


def learn(rule, problem, *, steps, rate):
    """Weights of the hidden layer after plain steps on the whole batch."""
    stages, params, batch, objective = problem
    state = rule.init(stages, params, torch.Generator())
    for _ in range(steps):
        gradient = rule.update(stages, params, batch, objective, state, torch.Generator())
        params = {k: {n: w - rate * gradient[k][n] for n, w in ws.items()} for k, ws in params.items()}
        if rule.evolve:
            state = rule.evolve(stages, params, batch, objective, {}, state, torch.Generator())
    return params["hidden1"]["weight"]


def test_hebb_grows_along_the_first_component_by_its_variance():
    """In closed form W <- W (1 + eta C), without bound."""
    inputs, components = blob(200)
    start = problem(inputs, 3)
    weight = learn(nets.rules["hebb"](), start, steps=40, rate=0.05)
    growth = torch.eye(6).double() + 0.05 * inputs.T @ inputs / len(inputs)
    expected = start[1]["hidden1"]["weight"] @ torch.linalg.matrix_power(growth, 40)
    torch.testing.assert_close(weight, expected)
    cosines = weight @ components[:, 0] / weight.norm(dim=1)
    assert (cosines.abs() > 0.99).all()


def test_oja_finds_the_first_component_with_weights_of_length_1():
    inputs, components = blob(200)
    weight = learn(nets.rules["oja"](), problem(inputs, 1), steps=300, rate=0.02)[0]
    assert abs(float(weight @ components[:, 0])) > 0.99
    assert float(weight.norm()) == pytest.approx(1, abs=1e-3)


def test_units_of_oja_span_the_first_components():
    inputs, components = blob(200)
    weight = learn(nets.rules["oja"](), problem(inputs, 3), steps=800, rate=0.02)
    torch.testing.assert_close(weight @ weight.T, torch.eye(3).double(), atol=1e-3, rtol=0)
    within = weight @ components[:, :3]
    assert float(torch.linalg.svdvals(within).min()) > 0.99
    assert float(within.abs().max(1).values.min()) < 0.97, "they share components among them"


def test_ordered_units_take_a_component_each():
    inputs, components = blob(200)
    weight = learn(nets.rules["oja"](ordered=True), problem(inputs, 3), steps=800, rate=0.02)
    torch.testing.assert_close((weight @ components[:, :3]).abs(), torch.eye(3).double(), atol=0.02, rtol=0)


@pytest.mark.parametrize("patterns", [3, 6])
def test_bcm_units_come_to_answer_one_pattern_of_many(patterns):
    orthogonal = torch.eye(8).double()[:patterns]
    start = problem(orthogonal, 5, positive=True)
    weight = learn(nets.rules["bcm"](memory=0.3), start, steps=1500, rate=0.03)
    response = (weight @ orthogonal.T).relu()
    selectivity = 1 - response.mean(1) / response.max(1).values
    assert selectivity.numpy() == pytest.approx(1 - 1 / patterns, abs=0.01)
    assert response.max(1).values.numpy() == pytest.approx(patterns, rel=0.02)


@pytest.mark.parametrize("rule", ["hebb", "oja", "bcm"])
@pytest.mark.parametrize("architecture", ["mlp", "conv", "attention"])
def test_hidden_layers_ignore_the_answers_and_the_readout_descends(make_problem, rule, architecture):
    stages, params, batch, objective = make_problem(architecture, rng=np.random.default_rng(0))
    rule = nets.rules[rule]()
    state = rule.init(stages, params, torch.Generator())

    def estimate(labels):
        told = batch._replace(labels=labels)
        return rule.update(stages, params, told, objective, state, torch.Generator())

    found, other = estimate(batch.labels), estimate((batch.labels + 1) % 10)
    exact = nets.targets["backprop"](stages, params, batch, objective, None)
    torch.testing.assert_close(found["readout"], exact["readout"])
    assert rule.target is None
    for stage in stages[:-1]:
        torch.testing.assert_close(found[stage.name], other[stage.name], rtol=0, atol=0)
        assert not found[stage.name]["bias"].any()
        assert found[stage.name]["weight"].any()


def test_in_attention_each_patch_is_an_example(make_problem):
    """One matrix serves all patches, and what shifts units at each of them stays."""
    stages, params, batch, objective = make_problem("attention", rng=np.random.default_rng(0), patch=4)
    weights, inputs = params["attention"], batch.inputs
    patches = torch.nn.functional.unfold(inputs, 4, stride=4).movedim(1, 2)
    drive = patches @ weights["weight"].T + weights["bias"]
    growth = torch.einsum("bpo,bpi->oi", drive, patches)
    decay = torch.einsum("bpo,bpq,qi->oi", drive, drive, weights["weight"])
    found = nets.rules["oja"]().update(stages, params, batch, objective, None, torch.Generator())
    torch.testing.assert_close(-found["attention"]["weight"], (growth - decay) / len(inputs))


def test_in_a_convolution_each_place_is_an_example(make_problem):
    """Oja's decay holds for the sum over places as its growth does."""
    stages, params, batch, objective = make_problem("conv", rng=np.random.default_rng(0))
    weight, inputs = params["conv1"]["weight"], batch.inputs
    patches = torch.nn.functional.unfold(inputs, 3, padding=1).movedim(1, 2)
    drive = patches @ weight.flatten(1).T + params["conv1"]["bias"]
    growth = torch.einsum("bpo,bpi->oi", drive, patches)
    decay = torch.einsum("bpo,bpq,qi->oi", drive, drive, weight.flatten(1))
    found = nets.rules["oja"]().update(stages, params, batch, objective, None, torch.Generator())
    torch.testing.assert_close(-found["conv1"]["weight"].flatten(1), (growth - decay) / len(inputs))


@pytest.mark.parametrize("memory", [0, 1.5])
def test_a_memory_that_is_no_share_is_refused(memory):
    with pytest.raises(TrainingError, match="memory is a share"):
        nets.rules["bcm"](memory=memory)


def test_a_readout_on_components_learns_digits():
    net = nets.train("digits", rule="oja", rng=0, progress=False)
    assert net.history.accuracy[-1] > 0.7
