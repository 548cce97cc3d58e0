import json

import pytest

from neurofit import nets
from neurofit.errors import TrainingError, UnknownNameError


def quick(**options):
    return nets.train("digits", **{"steps": 5, "rng": 0, "progress": False, **options})


def test_options_reach_what_is_chosen_and_the_recipe():
    net = quick(architecture={"name": "mlp", "hidden": (12, 7, 5), "nonlinearity": "relu"})
    assert net.layers == ("hidden1", "hidden2", "hidden3", "readout")
    assert net.params["hidden2"]["weight"].shape == (7, 12)
    assert net.recipe["architecture"] == {"name": "mlp", "hidden": [12, 7, 5], "nonlinearity": "relu"}
    assert net.name == "mlp (hidden=[12, 7, 5], nonlinearity=relu), cross_entropy, backprop, seed 0"
    json.dumps(net.recipe)


def test_a_network_with_options_comes_back(tmp_path):
    net = quick(architecture={"name": "mlp", "hidden": [12]})
    assert nets.load(nets.save(net, tmp_path / "net.nc")).params["hidden1"]["weight"].shape == (12, 64)


@pytest.mark.parametrize(
    ("choice", "error", "match"),
    [
        (
            {"name": "mlp", "hiden": [3]},
            UnknownNameError,
            "option of architecture 'mlp'.*Did you mean 'hidden'",
        ),
        ({"name": "mlp", "outputs": 3}, UnknownNameError, "no option of architecture 'mlp' called 'outputs'"),
        ({"hidden": [3]}, TrainingError, "a choice is a name or a mapping"),
        (3, TrainingError, "a choice is a name or a mapping"),
        ({"name": "mlp", "hidden": [3], "nonlinearity": "tan"}, UnknownNameError, "Did you mean 'tanh'"),
    ],
)
def test_wrong_options_are_told(choice, error, match):
    with pytest.raises(error, match=match):
        quick(architecture=choice)
