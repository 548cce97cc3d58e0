import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets import Batch

MODULES = ("features", "attention", "memory")
OWN = {"name": "local_readout", "of": "own_failures"}
OWN_FAILURES = {
    "name": "by_layer",
    "layers": {**dict.fromkeys(MODULES, OWN), "readout": "own_failures"},
    "local": True,
}


@pytest.fixture
def batch():
    return Batch(torch.zeros(60, 1, 8, 8), torch.arange(60) % 10)


def drawn(*shape):
    generator = torch.Generator().manual_seed(1)
    return torch.randn(shape, generator=generator, dtype=torch.float64).requires_grad_()


def test_a_layer_answers_by_fixed_random_weights(batch):
    layer = drawn(60, 3, 4)
    cost = nets.objectives["local_readout"](of="cross_entropy", seed=4).losses({"features": layer}, batch)
    weights = torch.randn(12, 10, generator=torch.Generator().manual_seed(4), dtype=torch.float64) / 12**0.5
    answer = torch.log_softmax(layer.flatten(1) @ weights, dim=1)
    torch.testing.assert_close(cost, -answer[torch.arange(60), batch.labels])


def test_each_module_learns_from_its_own_failures_alone(batch):
    outputs = {"features": drawn(60, 30), "memory": drawn(60, 7), "readout": drawn(60, 10)}
    layers = {"features": OWN, "memory": OWN, "readout": "own_failures"}
    objective = nets.objectives["by_layer"](layers=layers, local=True)
    objective.loss(outputs, batch).backward()
    taught = {name: layer.grad.flatten(1).abs().sum(1) > 0 for name, layer in outputs.items()}
    for name in ("features", "memory"):
        judge = nets.objectives["local_readout"](of="own_failures")
        right = [
            judge.accuracy(
                {name: outputs[name][i : i + 1]}, Batch(batch.inputs[i : i + 1], batch.labels[i : i + 1])
            )
            for i in range(60)
        ]
        assert taught[name].tolist() == [not each for each in right]
    assert taught["readout"].tolist() == (outputs["readout"].argmax(1) != batch.labels).tolist()
    assert not torch.equal(taught["features"], taught["memory"])


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["backprop", "feedback_alignment"])
def test_modules_that_learn_from_their_own_failures_learn_digits(rule):
    network = nets.train(
        "digits",
        architecture="modular",
        objective=OWN_FAILURES,
        rule=rule,
        steps=400,
        learning_rate=5e-3,
        rng=0,
        progress=False,
    )
    assert network.history.accuracy[-1] > 0.8


def test_more_classes_than_it_tells_apart_are_refused(batch):
    with pytest.raises(TrainingError, match="tells 4 classes apart, and there are 10 or more"):
        nets.objectives["local_readout"](classes=4).losses({"readout": drawn(60, 5)}, batch)
    with pytest.raises(TrainingError, match="classes must be 1 or more, not 0"):
        nets.objectives["local_readout"](classes=0)
