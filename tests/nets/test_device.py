"""That training leaves nothing on the processor: on torch's "meta" device, which holds shapes and no values.

An operation on tensors of two devices is an error there as it is on a GPU. Values that are asked for (whether
activity has settled, how high a loss is) are made up.
"""

import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.nets._choice import make
from neurofit.nets._stages import draw, forward
from neurofit.nets.learning import check
from neurofit.nets.material import draw_batch

CIRCUITS = {
    "ica": {"name": "linear"},
    "sailnet": {"name": "sailnet"},
    "self_organising_map": {"name": "map"},
    "slow_features": {"name": "linear"},
    "sparse_coding": {"name": "sparse"},
    "xcal": {"name": "mlp", "nonlinearity": "sigmoid"},
    "e_prop": "recurrent",
}
OBJECTIVES = {"agrel": "reward", "reinforce": "reward", "slow_features": "slowness"}
TASKS = {"e_prop": "delayed_match", "slow_features": "moving_digits"}
NEEDS_VALUES = {"btsp", "slow_features"}  # to choose some of the entries by
OF_TIME = {"recurrent", "gated", "attractor_buffer", "excitatory_inhibitory"}

pytestmark = pytest.mark.usefixtures("made_up")


def lesson(task, architecture, objective):
    task, objective = make(nets.tasks, task), make(nets.objectives, objective)
    stages = make(nets.architectures, architecture, task.input_shape, objective.outputs(task))
    params = draw(stages, torch.Generator().manual_seed(0), "meta")
    batch = objective.arranged(draw_batch(task.sample, 6, np.random.default_rng(0), "meta"))
    return stages, params, objective, batch


def everywhere(weights_by_layer):
    return {w.device.type for weights in weights_by_layer.values() for w in weights.values()}


def test_tensors_of_two_devices_do_not_mix():
    with pytest.raises(RuntimeError, match="meta"):
        torch.ones(2, 3, device="meta") @ torch.ones(3)


@pytest.mark.parametrize("name", sorted(set(nets.rules) - NEEDS_VALUES))
def test_a_rule_stays_where_the_weights_are(name):
    stages, params, objective, batch = lesson(
        TASKS.get(name, "digits"), CIRCUITS.get(name, "mlp"), OBJECTIVES.get(name, "cross_entropy")
    )
    rule, generator = nets.rules[name](), torch.Generator().manual_seed(0)
    check(rule, stages, objective)
    state = rule.init(stages, params, generator)
    estimate = rule.update(stages, params, batch, objective, state, generator)
    assert everywhere(estimate) == {"meta"}
    if rule.evolve:
        rule.evolve(stages, params, batch, objective, estimate, state, generator)


@pytest.mark.parametrize("name", sorted(nets.architectures))
def test_a_circuit_stays_where_the_weights_are(name):
    task = "delayed_match" if name in OF_TIME else "digits"
    stages, params, _, batch = lesson(task, name, "cross_entropy")
    assert {output.device.type for output in forward(stages, params, batch.inputs).values()} == {"meta"}


@pytest.mark.parametrize("name", sorted(nets.objectives))
def test_an_objective_stays_where_the_outputs_are(name):
    stages, params, objective, batch = lesson("moving_digits", "mlp", name)
    outputs = forward(stages, params, batch.inputs)
    if name == "smoothness":
        outputs = {"readout": torch.ones(6, 5, 2, device="meta")}
    assert objective.losses(outputs, batch).device.type == "meta"


def test_training_goes_on_where_it_is_told_from_wherever_it_started():
    start = nets.train("digits", steps=0, rng=0, progress=False)
    network = nets.train(
        "digits", start=start, steps=2, optimizer="sgd", device="meta", rng=0, progress=False
    )
    assert everywhere(network.params) == {"meta"}
