import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import draw
from neurofit.nets._trace import backward, direct_errors, trace
from neurofit.nets.cost import Objective
from neurofit.nets.material import draw_batch

HOMES = {
    "sparse_coding": "sparse",
    "sailnet": "sailnet",
    "ica": "linear",
    "self_organising_map": "map",
    "slow_features": "linear",
}


@pytest.fixture(params=list(HOMES))
def rule(request):
    return nets.rules[request.param]()


def problem(rule, objective):
    task = nets.tasks["patches"](size=6, drift=1.0)
    stages = nets.architectures[HOMES[rule.name]](task.input_shape, objective.outputs(task))
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    batch = objective.arranged(draw_batch(task.sample, 40, np.random.default_rng(0), "cpu"))
    state = rule.init(stages, params, torch.Generator())
    return stages, params, batch, objective, state, torch.Generator()


def in_pairs(losses):
    return Objective("in_pairs", lambda task: 3, losses, "1", pairs=True)


def changes(outputs, batch):
    return (outputs["readout"][:40] - outputs["readout"][40:]).square().sum(1)


def test_readout_gets_its_exact_gradient_and_the_code_does_not_hear_of_the_objective(rule):
    learning = problem(rule, in_pairs(changes))
    estimate = rule.update(*learning)
    stages, params, batch, objective, *_ = learning
    moments = trace(stages, params, batch.inputs)
    exact = backward(moments, direct_errors(moments, objective, batch))[0]
    torch.testing.assert_close(estimate["readout"], exact["readout"])
    louder = rule.update(*problem(rule, in_pairs(lambda outputs, b: 9 * changes(outputs, b))))
    code = stages[0].name
    torch.testing.assert_close(louder[code], estimate[code], rtol=0, atol=0)
    assert any(tensor.abs().max() > 0 for tensor in estimate[code].values())
    torch.testing.assert_close(louder["readout"]["weight"], 9 * estimate["readout"]["weight"])


def test_update_and_evolve_leave_their_arguments_alone(rule):
    _, params, _, _, state, generator = learning = problem(rule, in_pairs(changes))
    before = {layer: {name: w.clone() for name, w in weights.items()} for layer, weights in params.items()}
    first, again = rule.update(*learning), rule.update(*learning)
    if rule.evolve:
        rule.evolve(*learning[:4], first, state, generator)
        again = rule.update(*learning)
    torch.testing.assert_close(again, first, rtol=0, atol=0)
    torch.testing.assert_close(params, before, rtol=0, atol=0)


def test_other_circuits_are_refused_with_the_reason(rule):
    with pytest.raises(TrainingError, match=rf"the first layer is 'hidden1', .*'{HOMES[rule.name]}'"):
        nets.train("digits", rule=rule.name, rng=0, steps=1)


def test_ica_needs_as_many_components_as_inputs_and_slow_features_need_pairs():
    few = {"name": "linear", "units": 5}
    with pytest.raises(TrainingError, match="'components' has 5 units for 64 inputs"):
        nets.train("digits", architecture=few, rule="ica", rng=0)
    with pytest.raises(TrainingError, match="'cross_entropy' does not compare pairs"):
        nets.train("digits", architecture=few, rule="slow_features", rng=0)


@pytest.mark.parametrize("name", ["sparse_coding", "sailnet", "ica", "self_organising_map"])
def test_trains_from_end_to_end_and_gives_a_trajectory(name):
    network = nets.train(
        {"name": "patches", "size": 5},
        architecture=HOMES[name],
        rule=name,
        objective="autoencoding",
        optimizer="sgd",
        learning_rate=0.05,
        steps=20,
        rng=0,
        progress=False,
    )
    moved = network.trajectory.weights.groupby("layer").map(lambda w: abs(w[-1] - w[0]).max())
    assert (moved > 0).all()
