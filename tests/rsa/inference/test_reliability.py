"""Reliability of the subjects' mean RDM."""

import numpy as np
import pytest
import xarray as xr

from neurofit import rsa
from neurofit.errors import RecordingError, SchemaError


def subjects(count, *, stimuli=60, noise=1.0, seed=0):
    rng = np.random.default_rng(seed)
    names = np.array([f"s{number:02d}" for number in range(stimuli)])
    first, second = np.triu_indices(stimuli, 1)
    pairs = {"stimulus_a": ("pair", names[first]), "stimulus_b": ("pair", names[second])}
    truth = rng.normal(size=len(first))
    return xr.DataArray(truth + noise * rng.normal(size=(count, len(first))), pairs, ("subject", "pair"))


@pytest.mark.parametrize("count", [4, 16])
def test_it_is_the_share_of_the_mean_rdm_that_is_not_noise(count):
    """Noise as large as the signal leaves n / (n + 1) in the mean of n subjects."""
    assert rsa.reliability(subjects(count), rng=0).item() == pytest.approx(count / (count + 1), abs=0.02)


def test_nothing_to_reproduce_is_zero_and_no_noise_is_one():
    noise = subjects(6)
    noise.values[:] = np.random.default_rng(1).normal(size=noise.shape)
    assert abs(rsa.reliability(noise).item()) < 0.1
    assert rsa.reliability(subjects(3, noise=0.0), measure="rho_a", rng=0).item() == pytest.approx(1)


def test_further_dims_are_kept_and_sessions_may_be_the_repeats():
    both = xr.concat([subjects(4), subjects(4, seed=1)], "area").rename(subject="session_id")
    found = rsa.reliability(both, dim="session_id")
    assert found.dims == ("area",)
    assert found[1].item() == pytest.approx(rsa.reliability(subjects(4, seed=1)).item())


def test_wrong_input_is_refused():
    with pytest.raises(RecordingError, match="two halves"):
        rsa.reliability(subjects(1))
    with pytest.raises(SchemaError, match="along dim 'session_id'"):
        rsa.reliability(subjects(3), dim="session_id")
