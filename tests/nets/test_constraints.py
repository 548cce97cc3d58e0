import pytest

from neurofit import nets
from neurofit.errors import TrainingError


@pytest.mark.parametrize(
    ("architecture", "rule", "optimizer", "learning_rate"),
    [("mlp", "backprop", "sgd", 0.5), ("conv", "feedback_alignment", "adam", 0.05)],
)
def test_a_unit_excites_or_inhibits_and_never_both(architecture, rule, optimizer, learning_rate):
    net = nets.train(
        "digits",
        architecture=architecture,
        rule=rule,
        constraint={"name": "dale", "excitatory": 0.75},
        optimizer=optimizer,
        learning_rate=learning_rate,
        steps=30,
        rng=0,
        progress=False,
    )
    for below, layer in zip(net.layers, net.layers[1:], strict=False):
        units = len(net.params[below]["bias"])
        excitatory = round(0.75 * units)
        for params in net.snapshots:
            weight = params[layer]["weight"]
            by_unit = weight.reshape(len(weight), units, -1)
            assert by_unit[:, :excitatory].min() >= 0
            assert by_unit[:, excitatory:].max() <= 0
    before, after = (params["readout"]["weight"].count_nonzero() for params in (net.initial, net.params))
    assert after < before, "some weights would have changed sides"


def test_inputs_may_have_either_sign_and_learning_goes_on():
    net = nets.train("digits", constraint="dale", steps=300, rng=0, progress=False)
    weight = net.params["hidden1"]["weight"]
    assert weight.min() < 0 < weight.max()
    assert net.history.accuracy[-1] > 0.85
    assert net.recipe["constraint"] == "dale"


def test_a_share_is_a_share():
    with pytest.raises(TrainingError, match="a share from 0 to 1, not 4"):
        nets.constraints["dale"](excitatory=4)
