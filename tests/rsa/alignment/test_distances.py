"""Procrustes and shape distances are metrics, and equal what is known of them."""

import numpy as np
import pytest
import scipy.linalg
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from neurofit import rsa
from neurofit.errors import RecordingError, UnknownNameError


def patterns(values, units="1"):
    ids = [f"s{number:04d}" for number in range(len(values))]
    return xr.DataArray(
        values, {"stimulus_id": ("stimulus", ids)}, ("stimulus", "unit"), attrs={"units": units}
    )


def random(seed, stimuli=30, units=6):
    rng = np.random.default_rng(seed)
    return patterns(rng.normal(size=(stimuli, units)) @ rng.normal(size=(units, units)))


def rotation(units, seed):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(units, units)))[0]


def centred(array):
    return array.values - array.values.mean(axis=0)


OPTIONS = [(alpha, metric) for alpha in (0.0, 0.4, 1.0) for metric in ("angular", "euclidean")]


def test_procrustes_distance_is_that_of_scipys_best_rotation():
    a, b = random(0), random(1)
    best, _ = scipy.linalg.orthogonal_procrustes(centred(b), centred(a))
    expected = np.linalg.norm(centred(a) - centred(b) @ best)
    assert rsa.procrustes_distance(a, b).item() == pytest.approx(expected, rel=1e-12)


def test_angle_is_that_of_scipys_disparity():
    """scipy.spatial.procrustes scales as well, which leaves sin^2 of the angle."""
    a, b = random(2), random(3)
    disparity = scipy.spatial.procrustes(a.values, b.values)[2]
    assert np.sin(rsa.shape_distance(a, b)).item() ** 2 == pytest.approx(disparity, rel=1e-10)


@pytest.mark.parametrize(("alpha", "metric"), OPTIONS)
def test_a_population_is_at_no_distance_from_itself_turned_and_shifted(alpha, metric):
    a = random(4)
    turned = a.copy(data=a.values @ rotation(6, 0) + 50)
    assert rsa.shape_distance(a, a, alpha=alpha, metric=metric).item() < 1e-12
    length = np.linalg.norm(centred(a))
    assert rsa.shape_distance(a, turned, alpha=alpha, metric=metric).item() < 1e-11 * length


@pytest.mark.parametrize("alpha", [0.0, 0.4, 1.0])
def test_scale_changes_no_angle(alpha):
    a, b = random(5), random(6)
    expected = rsa.shape_distance(a, b, alpha=alpha).item()
    assert rsa.shape_distance(a, 1e3 * b, alpha=alpha).item() == pytest.approx(expected, abs=1e-10)
    assert rsa.procrustes_distance(10 * a, 10 * b).item() == pytest.approx(
        10 * rsa.procrustes_distance(a, b).item(), rel=1e-12
    )


@pytest.mark.parametrize(("alpha", "metric"), OPTIONS)
@given(seed=st.integers(0, 10**6), units=st.tuples(*[st.integers(1, 5)] * 3))
@settings(max_examples=30, deadline=None)
def test_triangle_inequality_and_symmetry(alpha, metric, seed, units):
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(14, 5))
    arrays = [patterns(shared[:, :count] + rng.normal(size=(14, count))) for count in units]

    def distance(i, j):
        return rsa.shape_distance(arrays[i], arrays[j], alpha=alpha, metric=metric).item()

    assert distance(0, 2) <= distance(0, 1) + distance(1, 2) + 1e-10
    assert distance(0, 1) == pytest.approx(distance(1, 0), abs=1e-10)


def test_white_shapes_differ_by_their_canonical_correlations():
    a, b = random(7, units=4), random(8, units=6)
    mean = rsa.svcca(a, b, explained=1.0).item()
    expected = np.arccos(4 * mean / np.sqrt(4 * 6))
    assert rsa.shape_distance(a, b, alpha=0.0).item() == pytest.approx(expected, abs=1e-10)


def test_partial_whitening_is_its_definition():
    a, b = random(9), random(10)

    def whitened(array, alpha=0.3):
        x = centred(array)
        covariance = x.T @ x
        white = np.sqrt(np.trace(covariance) / 6) * np.linalg.inv(scipy.linalg.sqrtm(covariance).real)
        return x @ (alpha * np.eye(6) + (1 - alpha) * white)

    x, y = whitened(a), whitened(b)
    nuclear = np.linalg.norm(x.T @ y, "nuc")
    angle = np.arccos(nuclear / np.linalg.norm(x) / np.linalg.norm(y))
    length = np.sqrt(np.sum(x**2) + np.sum(y**2) - 2 * nuclear)
    assert rsa.shape_distance(a, b, alpha=0.3).item() == pytest.approx(angle, rel=1e-9)
    found = rsa.shape_distance(a, b, alpha=0.3, metric="euclidean")
    assert found.item() == pytest.approx(length, rel=1e-9)


def test_silent_units_change_nothing():
    a, b = random(11), random(12)
    padded = patterns(np.pad(b.values, ((0, 0), (0, 9)), constant_values=3.0))
    for alpha in (0.0, 0.5, 1.0):
        expected = rsa.shape_distance(a, b, alpha=alpha).item()
        assert rsa.shape_distance(a, padded, alpha=alpha).item() == pytest.approx(expected, abs=1e-10)


def test_more_units_than_stimuli():
    a, b = random(13, stimuli=12, units=200), random(14, stimuli=12, units=90)
    x, y = centred(a), centred(b)
    expected = np.sqrt(np.sum(x**2) + np.sum(y**2) - 2 * np.linalg.norm(x.T @ y, "nuc"))
    assert rsa.procrustes_distance(a, b).item() == pytest.approx(expected, rel=1e-10)
    with pytest.raises(RecordingError, match="1 by counting"):
        rsa.shape_distance(a, b, alpha=0.0)


def test_units_are_those_of_the_metric():
    a, b = (patterns(random(seed).values, units="Hz") for seed in (0, 1))
    assert rsa.procrustes_distance(a, b).attrs["units"] == "Hz"
    assert rsa.shape_distance(a, b).attrs["units"] == "radian"


def test_wrong_options_are_refused():
    with pytest.raises(ValueError, match="alpha is between 0"):
        rsa.shape_distance(random(0), random(1), alpha=1.5)
    with pytest.raises(UnknownNameError, match="Did you mean 'angular'"):
        rsa.shape_distance(random(0), random(1), metric="angle")
