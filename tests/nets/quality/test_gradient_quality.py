import numpy as np
import pytest

from neurofit import nets, schema
from neurofit.errors import TrainingError, UnknownNameError

ONE_HIDDEN = {"name": "mlp", "hidden": [64]}


def measured(rule, **options):
    given = {"architecture": ONE_HIDDEN, "batches": 8, "draws": 4, "rng": 0, "progress": False, "workers": 1}
    return nets.gradient_quality(rule, **{**given, **options})


def test_backprop_is_the_reference():
    found = measured("backprop", step=5)
    np.testing.assert_allclose(found.cosine, 1)
    np.testing.assert_allclose(found.scale, 1)
    np.testing.assert_array_equal(found.internal_noise, 0)
    assert (found.sampling_noise > 0).all()
    np.testing.assert_allclose(found.efficiency, 1 / (1 + found.sampling_noise))
    np.testing.assert_allclose(found.cosine_interval, 1)


def test_feedback_alignment_is_biased_below_the_readout():
    """Angle of the hidden layer's expected update to backpropagation's: 82 to 84 degrees, all .53 to .57."""
    found = measured("feedback_alignment", batches=32)
    angle = np.degrees(np.arccos(found.cosine.sel(layer="hidden1").item()))
    assert 76 < angle < 88
    assert found.cosine.sel(layer="readout") == pytest.approx(1)
    assert 0.4 < found.cosine.sel(layer="all") < 0.7
    low, high = found.cosine_interval.sel(layer="hidden1")
    assert low < found.cosine.sel(layer="hidden1") < high < 0.5


def test_sampling_noise_falls_with_the_size_of_the_batch():
    small, large = (measured("backprop", step=0, batch_size=size, batches=32) for size in (8, 64))
    ratio = (small.sampling_noise / large.sampling_noise).sel(layer="all").item()
    assert ratio == pytest.approx(8, rel=0.3)


def test_several_rules_are_measured_on_the_same_network_and_batches():
    both = measured(["backprop", "feedback_alignment"], step=0)
    assert both.rule.values.tolist() == ["backprop", "feedback_alignment"]
    alone = measured("feedback_alignment", step=0)
    np.testing.assert_array_equal(both.cosine.sel(rule="feedback_alignment"), alone.cosine)
    assert both.layer.values.tolist() == ["hidden1", "readout", "all"]
    schema.check(both, "results")


def test_what_cannot_be_measured_is_told():
    with pytest.raises(UnknownNameError, match="Did you mean 'backprop'"):
        measured("backprp")
    with pytest.raises(TrainingError, match="at least 3 batches and 2 draws are needed, not 2 and 4"):
        measured("backprop", batches=2)
