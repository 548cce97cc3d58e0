import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError, UnknownNameError


def quick(**options):
    return nets.train("digits", **{"steps": 10, "rng": 1, "progress": False, **options})


def test_training_goes_on_from_another_network(digits_net):
    more = quick(start=digits_net)
    for layer, weights in digits_net.params.items():
        assert torch.equal(more.initial[layer]["weight"], weights["weight"])
        assert not torch.equal(more.params[layer]["weight"], weights["weight"])
    assert more.recipe["start"] == digits_net.recipe
    assert more.history.accuracy[0] > 0.9


def test_layers_of_another_shape_start_afresh(digits_net):
    other = quick(start=digits_net, objective="autoencoding")
    assert torch.equal(other.initial["hidden1"]["weight"], digits_net.params["hidden1"]["weight"])
    assert other.initial["readout"]["weight"].shape == (64, 64)


def test_frozen_layers_keep_their_weights(digits_net):
    shaped = quick(start=digits_net, frozen=["hidden1", "hidden2"])
    for layer in ("hidden1", "hidden2"):
        assert torch.equal(shaped.params[layer]["weight"], digits_net.params[layer]["weight"])
    assert not torch.equal(shaped.params["readout"]["weight"], digits_net.params["readout"]["weight"])


def test_what_does_not_fit_is_told(digits_net):
    with pytest.raises(UnknownNameError, match="no layer called 'hiden1'. Did you mean 'hidden1'"):
        quick(frozen=["hiden1"])
    with pytest.raises(TrainingError, match="no layer of 'mlp.*has the name and the shape"):
        quick(start=digits_net, architecture={"name": "mlp", "hidden": [9, 9]})
