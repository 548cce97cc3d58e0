import json

import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError, UnknownNameError
from neurofit.nets._stages import draw, forward

CONNECTOME = (np.random.default_rng(0).random((8, 64)) < 0.3).astype(int).tolist()
MASKED = {
    "name": "masked",
    "base": {"name": "mlp", "hidden": [8]},
    "masks": {"hidden1": CONNECTOME},
}
ABSENT = torch.tensor(CONNECTOME) == 0


def able(rule):
    """Whether a rule can drive a perceptron with cross-entropy."""
    stages, objective = nets.architectures["mlp"]((1, 8, 8), 10), nets.objectives["cross_entropy"]()
    return not any(nets.needs[need](stages, objective) for need in nets.rules[rule]().needs)


@pytest.mark.parametrize("rule", [rule for rule in nets.rules if able(rule)])
@pytest.mark.parametrize("optimizer", list(nets.optimizers))
def test_what_is_not_connected_stays_so_whatever_the_rule(rule, optimizer):
    network = nets.train(
        "digits", architecture=MASKED, rule=rule, optimizer=optimizer, steps=3, rng=0, progress=False
    )
    for params in network.snapshots:
        weight = params["hidden1"]["weight"]
        assert (weight[ABSENT] == 0).all()
        assert (weight[~ABSENT] != 0).all()


def test_a_rule_that_speaks_of_missing_connections_is_not_heard():
    """A rule that asks for the same change of every weight, there or not."""
    everywhere = nets.Rule("everywhere", lambda stages, params, *_: params_of_ones(params), target=None)
    registry = nets.rules._entries
    registry["everywhere"] = lambda: everywhere
    try:
        network = nets.train(
            "digits", architecture=MASKED, rule="everywhere", optimizer="sgd", steps=5, rng=0, progress=False
        )
    finally:
        del registry["everywhere"]
    change = network.params["hidden1"]["weight"] - network.initial["hidden1"]["weight"]
    assert (network.params["hidden1"]["weight"][ABSENT] == 0).all()
    torch.testing.assert_close(change[~ABSENT], torch.full_like(change[~ABSENT], -0.005))


def params_of_ones(params):
    return {layer: {n: torch.ones_like(w) for n, w in ws.items()} for layer, ws in params.items()}


def test_weights_given_where_nothing_is_connected_are_without_effect():
    stages = nets.architectures["masked"]((1, 8, 8), 10, base=MASKED["base"], masks=MASKED["masks"])
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    more = {layer: {name: w.clone() for name, w in ws.items()} for layer, ws in params.items()}
    more["hidden1"]["weight"][ABSENT] += 1
    images = torch.randn(3, 1, 8, 8, generator=torch.Generator().manual_seed(1))
    torch.testing.assert_close(forward(stages, more, images), forward(stages, params, images), rtol=0, atol=0)


def test_sparse_units_start_as_strongly_driven_as_full_ones():
    sparse = torch.zeros(2000, 64)
    sparse[:, :8] = 1
    stages = nets.architectures["masked"](
        (1, 8, 8), 3, base={"name": "mlp", "hidden": [2000]}, masks={"hidden1": sparse.tolist()}
    )
    params = draw(stages, torch.Generator().manual_seed(0), "cpu")
    drive = stages[0].lin(params["hidden1"], torch.ones(1, 64))
    assert drive.var() == pytest.approx(2.0, rel=0.1)


def test_a_table_of_feature_maps_cuts_whole_kernels():
    table = [[1, 0], [0, 1], [1, 1]]
    base = {"name": "conv", "channels": [3]}
    stages = nets.architectures["masked"]((2, 6, 6), 3, base=base, masks={"conv1": table})
    kernels = draw(stages, torch.Generator().manual_seed(0), "cpu")["conv1"]["weight"]
    assert (kernels != 0).flatten(2).all(2).tolist() == [[True, False], [False, True], [True, True]]


def test_recurrent_connections_are_cut_in_every_step():
    itself = {"recurrent": {"recurrent_weight": np.eye(4).tolist()}}
    base = {"name": "recurrent", "units": 4}
    stages = nets.architectures["masked"]((6, 3), 2, base=base, masks=itself)
    weights = {n: torch.ones_like(w) for n, w in draw(stages, torch.Generator(), "cpu")["recurrent"].items()}
    cell = stages[0].cell
    acts = torch.func.jacrev(lambda z: cell.step(weights, torch.zeros(1, 3), z[None], torch.zeros(1, 4))[0])
    torch.testing.assert_close(acts(torch.zeros(4)), 0.5 * torch.eye(4))


def test_the_recipe_makes_it_again_and_its_name_stays_short(tmp_path):
    network = nets.train("digits", architecture=MASKED, steps=2, rng=0, progress=False)
    assert json.loads(json.dumps(network.recipe))["architecture"] == MASKED
    assert len(network.name) < 250
    again = nets.load(nets.save(network, tmp_path / "net.nc"))
    torch.testing.assert_close(again.stages[0].masks, network.stages[0].masks)


def test_connections_that_do_not_exist_are_no_synapses():
    network = nets.train("digits", architecture=MASKED, steps=2, rng=0, progress=False)
    weights = network.trajectory.weights
    hidden = weights[:, (weights.layer == "hidden1").values]
    there = np.argwhere(np.array(CONNECTOME))
    np.testing.assert_array_equal(np.stack([hidden.post, hidden.pre], axis=1), there)
    last = network.params["hidden1"]["weight"].numpy()
    np.testing.assert_array_equal(hidden[-1], last[tuple(there.T)])


@pytest.mark.parametrize(
    ("masks", "error", "told"),
    [
        ({"hiden1": CONNECTOME}, UnknownNameError, "no layer called 'hiden1'. Did you mean 'hidden1'"),
        ({"hidden1": {"wieght": CONNECTOME}}, UnknownNameError, "Did you mean 'weight'"),
        ({"hidden1": CONNECTOME[:7]}, TrainingError, r"hidden1.weight is \(7, 64\).* are \(8, 64\)"),
        ({"hidden1": [[0.5] * 64] * 8}, TrainingError, "holds 0.5, not 0 and 1"),
        ({"hidden1": [[1], [1, 0]]}, TrainingError, "hidden1.weight is no table"),
    ],
)
def test_tables_that_do_not_fit_are_refused(masks, error, told):
    with pytest.raises(error, match=told):
        nets.architectures["masked"]((1, 8, 8), 10, base=MASKED["base"], masks=masks)
