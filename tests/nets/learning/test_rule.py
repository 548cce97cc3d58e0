"""What all learning rules have in common: an objective is heard, or the rule refuses it."""

import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets._choice import make
from neurofit.nets.learning import check

CODES = {
    "ica": {"name": "linear"},
    "sailnet": {"name": "sailnet"},
    "self_organising_map": {"name": "map"},
    "slow_features": {"name": "linear"},
    "sparse_coding": {"name": "sparse"},
}
DEAF = {*CODES, "hebb", "oja", "bcm", "btsp", "agrel", "reinforce"}


def costly(layer):
    """Cross-entropy, and the effort of a hidden layer."""
    parts = [["cross_entropy", 1.0], [{"name": "effort", "layers": [layer]}, 9.0]]
    return make(nets.objectives, {"name": "weighted", "parts": parts})


@pytest.mark.parametrize("name", [name for name in nets.rules if name not in DEAF])
def test_what_an_objective_says_of_a_hidden_layer_changes_how_it_learns(name, make_problem):
    rng = np.random.default_rng(0)
    if name == "e_prop":
        layer, problem = "recurrent", make_problem("recurrent", task="delayed_match", rng=rng, units=8)
    else:
        layer = "hidden1"
        problem = make_problem("mlp", rng=rng, hidden=(8, 6), nonlinearity="sigmoid")
    stages, params, batch, objective = problem
    rule = nets.rules[name]()
    check(rule, stages, costly(layer))
    state = rule.init(stages, params, torch.Generator().manual_seed(0))

    def estimate(of):
        generator = torch.Generator().manual_seed(1)
        return rule.update(stages, params, batch, of, state, generator)[layer]["weight"]

    without, heard = estimate(objective), estimate(costly(layer))
    assert (heard - without).norm() > 0.1 * without.norm()


@pytest.mark.parametrize("name", sorted(DEAF))
def test_rules_that_hear_the_readout_alone_refuse_what_speaks_of_other_layers(name):
    stages = make(nets.architectures, CODES.get(name, "mlp"), (1, 4, 4), 4)
    with pytest.raises(TrainingError, match="speaks of hidden layers.*Rules that can: backprop"):
        check(nets.rules[name](), stages, costly(stages[0].name))


def test_a_readout_without_hidden_layers_is_all_there_is():
    stages = nets.architectures["mlp"]((1, 4, 4), 4, hidden=())
    check(nets.rules["hebb"](), stages, nets.objectives["sparseness"]())
