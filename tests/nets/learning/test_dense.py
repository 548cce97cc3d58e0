import pytest

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets.learning import check


@pytest.mark.parametrize("rule", ["target_propagation", "dendritic_error"])
def test_convolutions_are_refused_with_the_reason_and_what_can(rule):
    stages = nets.architectures["conv"]((1, 8, 8), 10)
    with pytest.raises(TrainingError, match="layers conv1, conv2, conv3 are not dense.*feedback_alignment"):
        check(nets.rules[rule](), stages, nets.objectives["cross_entropy"]())
