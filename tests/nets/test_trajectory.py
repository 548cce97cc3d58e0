import numpy as np
import pytest
import torch

from neurofit import io, nets, schema
from neurofit.errors import SchemaError


@pytest.fixture(scope="module")
def net():
    return nets.train("digits", steps=40, rng=0, progress=False)


def test_weights_are_those_of_each_step(net):
    trajectory = net.trajectory
    assert trajectory.step.values.tolist() == net.history.step.values.tolist()
    first = trajectory.weights.sel(synapse=(trajectory.layer == "hidden2").values)
    for at, params in ((0, net.initial), (-1, net.params)):
        square = first.isel(step=at).values[np.lexsort((first.pre, first.post))].reshape(64, 64)
        np.testing.assert_array_equal(square, params["hidden2"]["weight"].numpy())


def test_a_synapse_joins_its_pre_to_its_post(net):
    trajectory = net.trajectory
    here = (trajectory.layer == "readout") & (trajectory.pre == 7) & (trajectory.post == 3)
    assert (
        trajectory.weights.sel(synapse=here.values).isel(step=-1).item()
        == net.params["readout"]["weight"][3, 7]
    )


def test_activations_are_those_of_the_network_at_each_step(net):
    stimuli = nets.tasks["digits"]().stimuli()
    shown = net.trajectory.activations
    np.testing.assert_array_equal(shown.isel(step=-1), nets.activations(net, stimuli))
    np.testing.assert_array_equal(shown.isel(step=0), nets.activations(nets.untrained(net), stimuli))


def test_it_is_what_the_schema_says_and_survives_saving(net, tmp_path):
    schema.check(net.trajectory, "trajectory")
    saved = io.save(net.trajectory, tmp_path / "trajectory.nc")
    assert io.load(saved).identical(net.trajectory)
    with pytest.raises(SchemaError, match="missing coord 'pre'"):
        schema.check(net.trajectory.drop_vars("pre"), "trajectory")


def test_kernels_of_a_convolution_are_its_synapses():
    net = nets.train("orientation", architecture="conv", steps=1, rng=0, progress=False)
    trajectory = net.trajectory
    conv2 = trajectory.sel(synapse=(trajectory.layer == "conv2").values)
    assert int(conv2.pre.max()) + 1 == 16 * 9
    assert int(conv2.post.max()) + 1 == 32


def test_a_loaded_network_has_the_same_trajectory(net, tmp_path):
    assert nets.load(nets.save(net, tmp_path / "net.nc")).trajectory.identical(net.trajectory)


def test_snapshots_do_not_share_memory(net):
    pointers = [params["hidden1"]["weight"].data_ptr() for params in net.snapshots]
    assert len(set(pointers)) == len(pointers)
    assert not torch.equal(net.initial["hidden1"]["weight"], net.params["hidden1"]["weight"])
