"""What holds of every architecture, each on inputs of its own shape."""

import json
import pickle

import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._stages import draw, forward
from neurofit.nets._trace import backward, direct_errors, per_example, trace
from neurofit.nets.material import Batch

IMAGE, SEQUENCE = (2, 12, 8), (6, 5)
IN_TIME = {"recurrent", "gated", "attractor_buffer", "excitatory_inhibitory"}
BOTH = {"mlp", "attention", "associative_memory", "dendritic", "masked"}
CASES = [(name, SEQUENCE if name in IN_TIME else IMAGE) for name in nets.architectures]
CASES += [(name, SEQUENCE) for name in sorted(BOTH)]


@pytest.fixture(params=CASES, ids=lambda case: f"{case[0]}{len(case[1])}")
def case(request):
    name, shape = request.param
    inputs = torch.randn(3, *shape, generator=torch.Generator().manual_seed(1))
    return nets.architectures[name](shape, 5), inputs


def test_readout_comes_last_with_one_output_for_each(case):
    stages, inputs = case
    outputs = forward(stages, draw(stages, torch.Generator(), "cpu"), inputs)
    assert list(outputs)[-1] == "readout"
    assert outputs["readout"].shape == (3, 5)


def test_layers_that_have_a_time_course_say_so(case):
    stages, inputs = case
    outputs = forward(stages, draw(stages, torch.Generator(), "cpu"), inputs)
    for stage in stages:
        if stage.timed:
            assert outputs[stage.name].shape[1] == (SEQUENCE[0] if inputs.ndim == 3 else 4)
            assert outputs[stage.name].ndim > 2
    assert any(stage.timed for stage in stages) >= any(stage.cell for stage in stages)


def test_lin_is_linear_in_weights_and_in_inputs_where_it_says_so(case):
    stages, inputs = case
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    for stage in stages:
        weights = params[stage.name]
        drive = stage.lin(weights, inputs)
        doubled = {name: 2 * tensor for name, tensor in weights.items()}
        if stage.linear:
            torch.testing.assert_close(stage.lin(doubled, inputs), 2 * drive)
            torch.testing.assert_close(stage.lin(weights, 2 * inputs), 2 * drive)  # biases are zero here
        inputs = stage.post(drive)


def test_stages_can_be_sent_to_another_process(case):
    stages, inputs = case
    again = pickle.loads(pickle.dumps(stages))
    here, there = (draw(s, torch.Generator().manual_seed(0), "cpu") for s in (stages, again))
    torch.testing.assert_close(forward(stages, here, inputs), forward(again, there, inputs))


def test_units_do_not_care_who_else_is_in_the_batch(case):
    stages, inputs = case
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    together, alone = forward(stages, params, inputs), forward(stages, params, inputs[1:2])
    for layer, output in alone.items():
        torch.testing.assert_close(together[layer][1:2], output, rtol=1e-4, atol=1e-5)


def test_backprop_is_autograd_and_examples_add_up(case):
    """The rule is backpropagation through time where a layer unrolls its own dynamics."""
    stages, inputs = case
    batch = Batch(inputs.double(), torch.tensor([0, 3, 1]))
    params = {
        layer: {name: (w + 0.1).double() for name, w in weights.items()}
        for layer, weights in draw(stages, torch.Generator().manual_seed(0), "cpu").items()
    }
    objective = nets.objectives["cross_entropy"]()
    leaves = {layer: {n: w.clone().requires_grad_() for n, w in ws.items()} for layer, ws in params.items()}
    objective.loss(forward(stages, leaves, batch.inputs), batch).backward()
    found = nets.rules["backprop"]().update(stages, params, batch, objective, None, torch.Generator())
    moments = trace(stages, params, batch.inputs)
    apart = per_example(moments, backward(moments, direct_errors(moments, objective, batch))[1])
    for layer, weights in leaves.items():
        for name, leaf in weights.items():
            torch.testing.assert_close(found[layer][name], leaf.grad, rtol=1e-9, atol=1e-12)
            torch.testing.assert_close(apart[layer][name].sum(0), leaf.grad, rtol=1e-9, atol=1e-12)


def test_options_can_be_written_down():
    for name, factory in nets.architectures.items():
        options = {k: v for k, v in (factory.__kwdefaults__ or {}).items() if v is not None}
        again = json.loads(json.dumps(options))
        shape = SEQUENCE if name in IN_TIME else IMAGE
        assert [s.name for s in factory(shape, 5, **again)] == [s.name for s in factory(shape, 5)]


@pytest.mark.parametrize("name", sorted(IN_TIME))
def test_circuits_in_time_refuse_images(name):
    with pytest.raises(TrainingError, match=rf"'{name}' takes inputs \(time, feature\), not \(2, 12, 8\)"):
        nets.architectures[name](IMAGE, 5)


def test_images_make_a_time_course_where_a_layer_has_one():
    network = nets.train("digits", architecture="recurrent_conv", steps=0, rng=0, progress=False)
    stimuli = nets.tasks["digits"]().stimuli().isel(stimulus=slice(5))
    shown = nets.activations(network, stimuli, layers=["conv2"])
    assert dict(shown.sizes) == {"stimulus": 5, "unit": 32 * 2 * 2, "time": 4}
    outputs = network(torch.from_numpy(stimuli.to_numpy()))["conv2"]
    np.testing.assert_allclose(shown[2, :, 3], outputs[2, 3].flatten(), rtol=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["recurrent", "gated", "excitatory_inhibitory", "attention"])
def test_circuits_with_memory_hold_an_item_through_a_delay(name):
    network = nets.train(
        "delayed_match", architecture=name, steps=250, learning_rate=5e-3, rng=0, progress=False
    )
    assert network.history.accuracy[0] < 0.65
    assert network.history.accuracy[-1] > 0.8
