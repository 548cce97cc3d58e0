import pytest

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets.learning import needs

RULES = ("target_propagation", "dendritic_error", "btsp", "xcal")


@pytest.mark.parametrize("rule", RULES)
def test_convolutions_are_refused_to_rules_that_need_dense_layers(rule):
    with pytest.raises(
        TrainingError, match="conv1, conv2, conv3 do not have one weight for each pair.*feedback_alignment"
    ):
        nets.train("digits", architecture="conv", rule=rule, steps=1, progress=False)


@pytest.mark.parametrize("rule", RULES)
def test_weights_that_several_places_share_are_refused(rule):
    """Attention has one matrix for all patches of an image: its units are not pairs of one weight each."""
    with pytest.raises(TrainingError, match="layers attention do not have one weight for each pair"):
        nets.train("digits", architecture="attention", rule=rule, steps=1, progress=False)


@pytest.mark.parametrize("architecture", ["recurrent", "gated", "excitatory_inhibitory"])
def test_layers_that_unroll_their_dynamics_are_refused(architecture):
    stages = nets.architectures[architecture]((5, 6), 4)
    assert needs["dense_layers"](stages, nets.objectives["cross_entropy"]())


@pytest.mark.parametrize("architecture", ["mlp", "linear", "dendritic", "associative_memory"])
def test_layers_of_matrices_are_not_refused(architecture):
    stages = nets.architectures[architecture]((1, 4, 4), 4)
    assert needs["dense_layers"](stages, nets.objectives["cross_entropy"]()) == ""
