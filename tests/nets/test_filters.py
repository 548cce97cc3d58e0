import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError


def untrained(architecture, task="digits"):
    return nets.train(task, architecture=architecture, steps=0, rng=0, progress=False)


def test_a_filter_is_the_image_that_drives_its_unit_most():
    network = untrained({"name": "mlp", "hidden": [5], "nonlinearity": "identity"})
    filters = nets.filters(network)
    assert filters.dims == ("unit", "channel", "y", "x")
    drive = network(torch.from_numpy(filters.values))["hidden1"]
    np.testing.assert_allclose(np.diag(drive.numpy()), (filters**2).sum(("channel", "y", "x")), rtol=1e-5)


def test_units_are_called_as_in_activations():
    network = untrained("mlp")
    shown = nets.activations(network, nets.tasks["digits"]().stimuli(), layers=["hidden1"])
    filters = nets.filters(network)
    assert filters.unit_id.values.tolist() == shown.unit_id.values.tolist()
    assert filters.area.values.tolist() == shown.area.values.tolist()


def test_a_convolution_has_kernels():
    assert nets.filters(untrained("conv")).shape == (16, 1, 3, 3)


def test_a_layer_that_expands_its_input_has_no_filters():
    with pytest.raises(TrainingError, match="'components' .* no weights in the shape of its inputs"):
        nets.filters(untrained({"name": "linear", "units": 2, "expansion": "quadratic"}))
