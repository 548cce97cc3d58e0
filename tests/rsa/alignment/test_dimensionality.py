"""Dimensionality: known spectra are recovered through noise, few stimuli and few units."""

import itertools

import numpy as np
import pytest
import xarray as xr

from neurofit import prep, rsa
from neurofit.errors import RecordingError, UnknownNameError
from neurofit.rsa.alignment._kernels import dimension

SPECTRUM = 1 / np.arange(1.0, 21.0)
TRUE = SPECTRUM.sum() ** 2 / np.sum(SPECTRUM**2)  # 8.1


def recording(seed, *, stimuli=40, units=30, repeats=2, noise=0.1, population=None):
    """Gaussian signals of a known spectrum, seen by all units, or by the first of a larger population."""
    rng = np.random.default_rng(seed)
    axes = np.linalg.qr(rng.normal(size=(population or units, len(SPECTRUM))))[0][:units]
    signal = (rng.normal(size=(stimuli, len(SPECTRUM))) * np.sqrt(SPECTRUM)) @ axes.T
    scale = np.sqrt((population or units) / units)
    # Part of the noise is shared by all units.
    common = 0.3 * rng.normal(size=(repeats * stimuli, 1))
    values = scale * np.tile(signal, (repeats, 1)) + np.sqrt(noise) * (common + rng.normal(size=(1, units)))
    values += np.sqrt(noise) * rng.normal(size=values.shape)
    ids = np.tile([f"s{number:04d}" for number in range(stimuli)], repeats)
    return xr.DataArray(values, {"stimulus_id": ("trial", ids)}, ("trial", "unit"))


def results(seeds, *, units="recorded", **options):
    found = [rsa.dimensionality(recording(seed, **options), units=units) for seed in range(seeds)]
    return xr.concat(found, "draw")


def test_unbiased_through_noise_and_few_stimuli_where_the_naive_ratio_is_not():
    found = results(60, stimuli=60, repeats=3, noise=0.2)
    error = found.estimate.std().item() / np.sqrt(60)
    # The ratio of unbiased terms keeps an error of the order of 1 / stimuli: 3 % of 60.
    assert abs(found.estimate.mean().item() - TRUE) < 3 * error + 0.05 * TRUE
    assert abs(found.naive.mean().item() - TRUE) > 0.25 * TRUE


def test_naive_ratio_rises_with_noise_and_falls_with_few_stimuli():
    few = results(20, stimuli=12, noise=0.0)
    assert few.naive.mean() < 0.7 * TRUE
    assert few.estimate.median() == pytest.approx(TRUE, rel=0.3)
    values = recording(0, stimuli=300, units=60)
    noisy = values + np.random.default_rng(1).normal(size=values.shape)
    found = rsa.dimensionality(noisy)
    assert found.naive > 2 * TRUE
    assert found.interval[0] < TRUE < found.interval[1]


@pytest.mark.slow
def test_interval_covers():
    found = results(120)
    covered = (found.interval[:, 0] <= TRUE) & (found.interval[:, 1] >= TRUE)
    # Four binomial standard errors around 95 %.
    assert covered.mean() > 0.87


@pytest.mark.slow
def test_units_may_be_a_sample_of_a_larger_population():
    found = results(30, units="sampled", stimuli=60, population=2000, repeats=3, noise=0.02)
    plain = results(30, stimuli=60, population=2000, repeats=3, noise=0.02)
    assert found.estimate.median() == pytest.approx(TRUE, rel=0.12)
    assert plain.estimate.median() < 0.88 * TRUE
    covered = (found.interval[:, 0] <= TRUE) & (found.interval[:, 1] >= TRUE)
    assert covered.mean() > 0.8


def different_four(values, stimulus):
    """Means over all different i, j, k, l, one by one."""
    count = stimulus.max() + 1
    mean = [values[stimulus == i].mean(axis=0) for i in range(count)]
    outer = [
        np.mean([np.outer(x, y) for x, y in itertools.permutations(values[stimulus == i], 2)], axis=0)
        for i in range(count)
    ]
    four = list(itertools.permutations(range(count), 4))
    lengths = [
        (np.trace(outer[i]) - mean[i] @ mean[j]) * (np.trace(outer[k]) - mean[k] @ mean[q])
        for i, j, k, q in four
    ]
    products = [
        np.trace(outer[i] @ outer[j])
        - 2 * mean[j] @ outer[i] @ mean[k]
        + (mean[i] @ mean[j]) * (mean[k] @ mean[q])
        for i, j, k, q in four
    ]
    return np.mean(lengths), np.mean(products)


def test_terms_are_means_over_different_stimuli_and_trials():
    stimulus = np.repeat(np.arange(6), [2, 3, 2, 4, 2, 3])
    values = np.random.default_rng(0).normal(size=(len(stimulus), 3))
    products = dimension.products(values, stimulus)
    assert dimension.traces(products, np.ones(6, bool)) == pytest.approx(different_four(values, stimulus))
    kept = np.array([1, 1, 0, 1, 1, 1], bool)
    rest = kept[stimulus]
    codes = np.unique(stimulus[rest], return_inverse=True)[1]
    assert dimension.traces(products, kept) == pytest.approx(different_four(values[rest], codes))
    units = [different_four(values[:, [unit]], stimulus)[1] for unit in range(3)]
    assert dimension.squared_variances(*dimension.own_squares(values, stimulus)) == pytest.approx(sum(units))


def test_blocks_change_nothing(monkeypatch):
    expected = rsa.dimensionality(recording(0))
    monkeypatch.setattr(dimension, "BLOCK", 500)
    xr.testing.assert_allclose(rsa.dimensionality(recording(0)), expected)


def test_rotation_scale_and_offset_change_nothing():
    counts = recording(3)
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(30, 30)))[0]
    moved = counts.copy(data=7 * counts.values @ turn + 100)
    xr.testing.assert_allclose(rsa.dimensionality(moved), rsa.dimensionality(counts))


def test_responses_along_stimulus_are_their_own_repeats():
    averaged = prep.average(recording(4, noise=0.0))
    with pytest.raises(RecordingError, match="averages over repeats"):
        rsa.dimensionality(averaged)
    found = rsa.dimensionality(averaged.drop_vars("repeats"))
    xr.testing.assert_allclose(found, rsa.dimensionality(recording(4, noise=0.0)))


def test_each_entry_of_further_dims_is_alone():
    both = xr.concat([recording(5), recording(6)], "time").assign_coords(time=[0.0, 0.1])
    found = rsa.dimensionality(both.transpose("trial", "unit", "time"))
    assert found.interval.dims == ("time", "bound")
    xr.testing.assert_allclose(found.isel(time=1, drop=True), rsa.dimensionality(recording(6)))


def test_stimuli_shown_once_are_left_out_and_counted():
    counts = recording(7)
    once = counts.isel(trial=slice(3, None))
    found = rsa.dimensionality(once)
    names = counts.stimulus_id.values[:3]
    xr.testing.assert_allclose(found, rsa.dimensionality(counts.isel(trial=~counts.stimulus_id.isin(names))))
    assert (found.attrs["stimuli"], found.attrs["stimuli_left_out"]) == (37, 3)


def test_what_cannot_be_told_is_refused():
    counts = recording(8)
    with pytest.raises(RecordingError, match="of 40 there are 0: none.*noise cannot be told from signal"):
        rsa.dimensionality(counts.isel(trial=slice(40)))
    with pytest.raises(RecordingError, match="of 4 there are 4: s0000, s0001"):
        rsa.dimensionality(counts.isel(trial=counts.stimulus_id < "s0004"))
    with pytest.raises(UnknownNameError, match="Did you mean 'sampled'"):
        rsa.dimensionality(counts, units="sample")
    with pytest.raises(RecordingError, match="is not defined: the variance of the signal"):
        rsa.dimensionality(counts.isel(unit=[0]), units="sampled")


def test_an_entry_of_noise_alone_is_named():
    rng = np.random.default_rng(2)
    both = xr.concat([recording(9), rng.normal(size=(80, 30)) + 0 * recording(9)], "subject")
    with pytest.warns(UserWarning, match=r"NaN where .*{'subject': 1}") as told:
        found = rsa.dimensionality(both)
    assert told[0].filename == __file__
    assert np.isfinite(found.interval[0]).all()
