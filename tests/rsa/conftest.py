"""Recordings with known signal and noise."""

from collections.abc import Callable

import numpy as np
import pytest
import xarray as xr

Recording = Callable[..., xr.DataArray]


@pytest.fixture
def recording() -> Recording:
    """Make responses: ``repeats[i]`` trials of stimulus i, in random order, with correlated noise."""

    def make(repeats, units, *, rng, signal=None, folds=None):
        rng = np.random.default_rng(rng)
        stimulus = np.repeat(np.arange(len(repeats)), repeats)
        values = rng.normal(size=(len(stimulus), units)) @ noise_root(units).T
        if signal is not None:
            values += signal[stimulus]
        names = np.array([f"image{index:03d}" for index in stimulus])
        unit_ids = [f"u{index}" for index in range(units)]
        coords = {"stimulus_id": ("trial", names), "unit_id": ("unit", unit_ids)}
        if folds is not None:
            coords["fold"] = ("trial", rng.integers(folds, size=len(stimulus)))
        return xr.DataArray(values, dims=("trial", "unit"), coords=coords).isel(
            trial=rng.permutation(len(stimulus))
        )

    return make


def noise_root(units: int) -> np.ndarray:
    """L of a noise covariance L L' with unequal variances, correlated at 0.3."""
    correlation = 0.7 * np.eye(units) + 0.3
    return np.linalg.cholesky(correlation * np.sqrt(np.outer(*[np.linspace(0.3, 3.0, units)] * 2)))


@pytest.fixture
def true_noise() -> Callable[[int], xr.DataArray]:
    """The precision that belongs to the noise of ``recording``."""

    def make(units):
        precision = np.linalg.inv(noise_root(units) @ noise_root(units).T)
        names = [f"u{index}" for index in range(units)]
        return xr.DataArray(precision, dims=("unit", "unit_b"), coords={"unit_id": ("unit", names)})

    return make
