import pytest

from neurofit import nets
from neurofit.errors import TrainingError, UnknownNameError


def test_both_variants_say_whose_they_are():
    for variant in ("guerguiev", "sacramento"):
        rule = nets.rules["dendritic_error"](variant=variant)
        assert rule.name == "dendritic_error"
        assert variant.capitalize() in rule.references[0]


def test_wrong_options_are_refused():
    with pytest.raises(UnknownNameError, match="Did you mean 'sacramento'"):
        nets.rules["dendritic_error"](variant="sacremento")
    with pytest.raises(TrainingError, match="'dendritic_error' have to be above 0, and nudge is"):
        nets.rules["dendritic_error"](nudge=0)
