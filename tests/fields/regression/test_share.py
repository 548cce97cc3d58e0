import numpy as np
import pytest
from field_worlds import curved_share, labelled, linear_share, noisy, waves

from neurofit import io
from neurofit.errors import RecordingError
from neurofit.fields.regression import decompose_samples, gradient_share

QUIET = {"workers": 1, "progress": False}


@pytest.mark.parametrize("world", [linear_share, curved_share])
def test_held_out_share_of_a_gradient_and_a_rotation(world):
    W, dW, truth = world(300, 2, 0.7, rng=np.random.default_rng(1))
    found = gradient_share(W, dW, folds=3, rng=0, **QUIET)
    assert float(found.share) == pytest.approx(truth, abs=0.03)
    assert bool(found.identified)
    assert float(found.share_null) == 0.75


@pytest.mark.slow
def test_criteria_that_take_a_rotation_for_noise_miss_it():
    W, dW, truth = linear_share(1000, 2, 1.0, rng=np.random.default_rng(1))
    found = {
        method: float(gradient_share(W, dW, method=method, rng=1, **QUIET).share)
        for method in ("held_out", "nystroem")
    }
    assert abs(found["held_out"] - truth) <= 0.03
    assert abs(found["nystroem"] - truth) >= 0.05


def test_noise_alone_is_not_identified(tmp_path):
    w, dw = np.random.default_rng(2).normal(size=(2, 60, 2))
    found = gradient_share(labelled(w), labelled(dw), folds=2, rng=0, **QUIET)
    assert not found.identified
    assert np.isnan(found.share)
    assert "does not predict" in found.attrs["reason"]
    assert io.load(io.save(found, tmp_path / "found.nc")).identical(found)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_share_on_more_workers():
    W, dW, _ = linear_share(60, 2, 0.7, rng=np.random.default_rng(3))
    one, two = (gradient_share(W, dW, rng=0, workers=count, progress=False) for count in (1, 2))
    assert one.identical(two)


def test_too_few_samples_for_the_folds_are_told():
    W, dW, _ = linear_share(7, 2, 0.7, rng=np.random.default_rng(4))
    with pytest.raises(RecordingError, match="at least 6 samples for 2 synapses"):
        gradient_share(W, dW, folds=3, **QUIET)


@pytest.mark.parametrize("noise", [0.1, 0.5])
def test_decomposition_of_scattered_samples(noise):
    rng = np.random.default_rng(5)
    field, jacobian = waves(2, 1.5, share=0.8, rng=rng)
    w = rng.normal(size=(300, 2))
    found = decompose_samples(labelled(w), labelled(noisy(field(w), noise, rng)), at=w, rng=0)
    slopes = jacobian(w)
    symmetric = (slopes + np.swapaxes(slopes, 1, 2)) / 2
    size, part = np.square(slopes).sum(), np.square(symmetric).sum()
    assert found.share == pytest.approx(part / size, abs=0.06)
    assert found.symmetric + found.antisymmetric == pytest.approx(size / len(w), rel=0.12)
    assert found.share_interval[0] < found.share < found.share_interval[1]
