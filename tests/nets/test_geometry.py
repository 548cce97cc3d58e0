"""What the simulated sessions and the comparisons rest on: layers differ, and seeds agree."""

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from neurofit import nets

LAYERS = ["conv1", "conv2", "conv3", "dense"]


def responses(net):
    shown = nets.activations(net, nets.tasks["orientation"]().stimuli())
    return {layer: shown.values[:, shown.area == layer] for layer in LAYERS}


def layer_by_layer(a, b):
    """Pearson correlation of squared Euclidean RDMs: layers of ``a`` (rows) x layers of ``b``."""
    rdms = [pdist(by_layer[layer], "sqeuclidean") for by_layer in (a, b) for layer in LAYERS]
    return np.corrcoef(rdms)[: len(LAYERS), len(LAYERS) :]


def margins(similarity):
    """How far each layer is more like itself in the other network than like any other layer, either way."""
    others = similarity - 2 * np.eye(len(LAYERS))
    return np.diag(similarity) - np.maximum(others.max(0), others.max(1))


def orientation_share(by_layer):
    """Part of the variance over stimuli that orientation alone explains: orientation x phase x contrast."""
    centred = [(x - x.mean(0)).reshape(8, 4, 2, -1) for x in by_layer.values()]
    return np.array([(x.mean((1, 2)) ** 2).mean() / (x**2).mean() for x in centred])


def test_each_layer_is_most_like_itself_in_a_network_from_another_seed(gratings_nets):
    assert margins(layer_by_layer(*map(responses, gratings_nets))).min() > 0.02


def test_early_layers_know_the_phase_and_late_ones_the_orientation_alone(gratings_nets):
    for net in gratings_nets:
        share = orientation_share(responses(net))
        assert (np.diff(share) > 0.1).all()
        assert share[0] < 0.1
        assert share[-1] > 0.9


def test_learning_makes_that_hierarchy(gratings_nets):
    for net in gratings_nets:
        assert orientation_share(responses(nets.untrained(net))).max() < 0.4


@pytest.mark.slow
def test_layers_of_six_seeds_agree_pair_by_pair():
    trained = [nets.train("orientation", architecture="conv", rng=seed, progress=False) for seed in range(6)]
    shown = [responses(net) for net in trained]
    worst = np.min([margins(layer_by_layer(a, b)) for a, b in combinations(shown, 2)], axis=0)
    assert (worst > 0.02).all(), dict(zip(LAYERS, worst, strict=True))
