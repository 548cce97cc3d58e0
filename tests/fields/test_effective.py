"""Weights from activity: noise in coefficients does not make a gradient."""

import numpy as np
import pytest
import xarray as xr

from neurofit.errors import RecordingError
from neurofit.fields import WeightField, closed_field, walked


def activity(sessions=2500, trials=60, noise=1.0):
    """Two post cells driven by one pre cell each session, by weights that turn about each other."""
    field = closed_field("potential_and_rotation", synapses=2, decay=0.1, rotation=1.0)
    weights = walked(field, sessions=sessions, interval=0.1, noise=np.sqrt(0.2), rng=0).weights
    rng = np.random.default_rng(1)
    pre = rng.normal(size=(sessions, trials, 1))
    post = pre * weights.values[:, None, :] + noise * rng.normal(size=(sessions, trials, 2))
    return (
        xr.DataArray(pre, dims=("session_index", "trial", "unit")),
        xr.DataArray(post, dims=("session_index", "trial", "unit_b")),
        0.1 * np.arange(sessions),
    )


def test_a_rotation_of_weights_is_seen_in_activity():
    found = WeightField.from_activity(*activity()).decompose(rng=0)
    assert found.gradient_share < 0.1
    assert found.verdict == "not"


def test_too_few_trials_for_the_cells_are_told():
    pre, post, times = activity(sessions=30, trials=4)
    with pytest.raises(RecordingError, match="needs at least 6"):
        WeightField.from_activity(pre.isel(trial=slice(3)), post.isel(trial=slice(3)), times)
