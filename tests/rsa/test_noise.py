import numpy as np
import pytest
import xarray as xr
from scipy.spatial.distance import pdist
from sklearn.covariance import ledoit_wolf

from neurofit import rsa
from neurofit.errors import RecordingError, UnknownNameError
from neurofit.rsa._kernels import noise as kernels


def test_two_repeats_are_one_sample_of_noise(recording):
    responses = recording([2] * 30, 6, rng=0).sortby("stimulus_id")
    halves = responses.values.reshape(30, 2, 6)
    samples = (halves[:, 0] - halves[:, 1]) / np.sqrt(2)
    covariance, _ = ledoit_wolf(samples, assume_centered=True)
    np.testing.assert_allclose(rsa.noise_precision(responses), np.linalg.inv(covariance), rtol=1e-9)


def test_covariance_of_the_scaled_residuals_is_that_of_the_noise():
    rng, stimulus = np.random.default_rng(0), np.repeat(np.arange(4), [2, 3, 5, 2])
    root = np.array([[1.0, 0.0], [0.8, 0.6]])
    noise = rng.normal(size=(20000, 12, 2)) @ root.T
    residuals = kernels.scaled_residuals(noise, stimulus)
    np.testing.assert_allclose(
        np.einsum("stu,stv->tuv", residuals, residuals) / 20000, [root @ root.T] * 12, atol=0.06
    )


def test_recovers_the_noise_of_many_trials(recording, true_noise):
    precision = rsa.noise_precision(recording([50] * 100, 5, rng=1))
    np.testing.assert_allclose(precision, true_noise(5), atol=0.15)


def test_ignores_what_stimuli_have_in_common_and_single_trials(recording):
    signal = 10 * np.random.default_rng(2).normal(size=(6, 4))
    silent, driven = (recording([3, 1, 2, 4, 1, 2], 4, rng=2, signal=drive) for drive in (None, signal))
    np.testing.assert_allclose(rsa.noise_precision(silent), rsa.noise_precision(driven), rtol=1e-9)
    np.testing.assert_allclose(
        rsa.noise_precision(rsa.repeated(driven)), rsa.noise_precision(driven), rtol=1e-12
    )


def test_further_dims_are_more_samples(recording):
    one, other = (recording([3] * 6, 4, rng=seed).sortby("stimulus_id") for seed in (3, 4))
    in_time = one.expand_dims(time=2).copy(data=np.stack([one.values, other.values]))
    apart = other.assign_coords(stimulus_id=("trial", [f"b{name}" for name in other.stimulus_id.values]))
    together = xr.concat([one, apart], dim="trial", join="outer", coords="minimal", compat="override")
    stimuli = np.concatenate([one.stimulus_id, apart.stimulus_id])
    together = together.assign_coords(stimulus_id=("trial", stimuli))
    np.testing.assert_allclose(rsa.noise_precision(in_time), rsa.noise_precision(together), rtol=1e-9)


def test_a_unit_that_never_varies_keeps_the_variance_of_the_target(recording):
    responses = recording([4] * 8, 4, rng=5)
    responses[:, 2] = 0.0
    precision = rsa.noise_precision(responses)
    _, shrinkage = ledoit_wolf(centred := kernel_residuals(responses), assume_centered=True)
    variance = shrinkage * 32 / 24 * np.mean(np.var(centred, axis=0) + centred.mean(axis=0) ** 2)
    assert precision[2, 2] == pytest.approx(1 / variance)
    assert np.abs(precision[2, [0, 1, 3]]).max() < 1e-12
    silent_left_out = rsa.rdm(responses, measure="crossnobis", noise=precision)
    assert np.isfinite(silent_left_out).all()


def kernel_residuals(responses):
    stimulus = np.unique(responses.stimulus_id, return_inverse=True)[1]
    return kernels.scaled_residuals(responses.values, stimulus)


def test_units_are_named_in_both_dims(recording):
    responses = recording([3] * 5, 3, rng=6).assign_coords(area=("unit", ["V1", "V1", "LM"]))
    precision = rsa.noise_precision(responses.assign_attrs(units="Hz"))
    assert precision.dims == ("unit", "unit_b")
    assert list(precision.unit_id.values) == ["u0", "u1", "u2"]
    assert precision.attrs["units"] == "(Hz)^-2"


def test_what_cannot_be_inverted_or_estimated_is_refused(recording):
    with pytest.raises(RecordingError, match="no stimulus has 2 trials"):
        rsa.noise_precision(recording([1, 1, 1], 3, rng=0))
    with pytest.raises(RecordingError, match="1 degrees of freedom, from 1 repeated stimuli"):
        rsa.noise_precision(recording([2, 1, 1], 3, rng=0))
    with pytest.raises(RecordingError, match="by position: 0, 1, 2"):
        rsa.noise_precision(0 * recording([3, 3], 3, rng=0))
    with pytest.raises(UnknownNameError, match="Did you mean 'ledoit_wolf'"):
        rsa.noise_precision(recording([3, 3], 3, rng=0), method="ledoit")


def test_repeated_keeps_the_stimuli_that_were_shown_often_enough(recording):
    responses = recording([1, 2, 4], 2, rng=0)
    assert set(rsa.repeated(responses).stimulus_id.values) == {"image001", "image002"}
    assert rsa.repeated(responses, least=3).sizes["trial"] == 4
    with pytest.raises(RecordingError, match="no stimulus has 5 trials or more; .* 3 has is 4"):
        rsa.repeated(responses, least=5)


def test_whitening_takes_shared_gain_off_with_the_signal_and_variances_alone_do_not():
    # Stimuli differ above all in how strongly they drive the population, which is what a shared gain scales.
    rng = np.random.default_rng(0)
    rates = 4 + 8 * rng.random((40, 1)) + 1.5 * rng.random((40, 50))
    trial = np.tile(np.arange(40), 10)
    gain = np.exp(0.3 * rng.normal(size=(400, 1)) - 0.3**2 / 2)
    ids = {"stimulus_id": ("trial", [f"s{index:02d}" for index in trial])}
    counts = xr.DataArray(rng.poisson(rates[trial] * gain).astype(float), dims=("trial", "unit"), coords=ids)
    truth = pdist(rates, "sqeuclidean")
    whitened, scaled = (
        np.corrcoef(rsa.rdm(counts, measure="crossnobis", noise=noise), truth)[0, 1]
        for noise in ("ledoit_wolf", "diagonal")
    )
    assert scaled > 0.75  # Ten repeats, under a gain that varies by 30 %.
    assert whitened < scaled - 0.15


def test_variances_alone_are_those_of_the_shrunk_covariance(recording):
    responses = recording([2, 3, 5] * 10, 6, rng=0)
    full, diagonal = (
        np.linalg.inv(rsa.noise_precision(responses, method=method)) for method in ("ledoit_wolf", "diagonal")
    )
    np.testing.assert_allclose(diagonal, np.diag(np.diag(full)), atol=1e-12)


def test_shrinks_towards_the_variances_as_schaefer_and_strimmer_write_it(recording):
    responses = recording([12], 5, rng=3)
    n = responses.sizes["trial"]
    z = (responses.values - responses.values.mean(axis=0)) / responses.values.std(axis=0, ddof=1)
    w = np.einsum("ki,kj->kij", z, z)
    r = n / (n - 1) * w.mean(axis=0)
    variance = n / (n - 1) ** 3 * np.square(w - w.mean(axis=0)).sum(axis=0)
    apart = ~np.eye(5, dtype=bool)
    intensity = min(1, variance[apart].sum() / np.square(r[apart]).sum())
    assert 0 < intensity < 1
    sample = np.cov(responses.values.T)
    expected = np.linalg.inv(np.where(apart, (1 - intensity) * sample, sample))
    precision = rsa.noise_precision(responses, method="schaefer_strimmer")
    np.testing.assert_allclose(precision, expected, rtol=1e-9)
    assert "10.2202/1544-6115.1175" in precision.attrs["references"]


def test_units_keep_their_own_variance_under_schaefer_and_strimmer(recording):
    responses = recording([2, 3, 5] * 10, 6, rng=0)
    full, shrunk = (
        np.linalg.inv(rsa.noise_precision(responses, method=method))
        for method in ("full", "schaefer_strimmer")
    )
    np.testing.assert_allclose(np.diag(shrunk), np.diag(full), rtol=1e-9)
    assert np.all(np.abs(shrunk - np.diag(np.diag(shrunk))) <= np.abs(full - np.diag(np.diag(full))) + 1e-12)
    one = rsa.noise_precision(responses[:, :1], method="schaefer_strimmer")
    np.testing.assert_allclose(one, rsa.noise_precision(responses[:, :1], method="full"), rtol=1e-12)


def test_two_repeats_are_one_sample_for_schaefer_and_strimmer_too(recording):
    # The intensity for pairs of opposite residuals is that for as many independent samples.
    responses = recording([2] * 200, 6, rng=0).sortby("stimulus_id")
    halves = responses.values.reshape(200, 2, 6)
    samples = (halves[:, 0] - halves[:, 1]) / np.sqrt(2)
    covariance = kernels.schaefer_strimmer(samples, 200)
    precision = rsa.noise_precision(responses, method="schaefer_strimmer")
    np.testing.assert_allclose(precision, np.linalg.inv(covariance), rtol=1e-9)


def test_full_is_the_unbiased_covariance_and_needs_more_degrees_of_freedom_than_units(recording):
    precision = rsa.noise_precision(recording([50] * 100, 5, rng=1), method="full")
    responses = recording([50] * 100, 5, rng=1)
    residuals = kernel_residuals(responses)
    np.testing.assert_allclose(np.linalg.inv(precision), residuals.T @ residuals / 5000, rtol=1e-9)
    with pytest.raises(RecordingError, match="12 units cannot be inverted. It has 8 degrees of freedom"):
        rsa.noise_precision(recording([2] * 8, 12, rng=0), method="full")


def test_a_silent_unit_is_named_where_its_variance_stays_its_own(recording):
    responses = recording([4] * 8, 4, rng=5)
    responses[:, 2] = 0.0
    for method in ("schaefer_strimmer", "full"):
        with pytest.raises(RecordingError, match="by position: 2"):
            rsa.noise_precision(responses, method=method)


@pytest.mark.parametrize("method", ["ledoit_wolf", "schaefer_strimmer", "full"])
def test_baseline_activity_tells_the_noise_whatever_the_stimuli_do(recording, true_noise, method):
    baseline = recording([1] * 4000, 5, rng=6) + 7.0
    precision = rsa.noise_precision(baseline, by=None, method=method)
    np.testing.assert_allclose(precision, true_noise(5), atol=0.15)
    signal = np.random.default_rng(0).normal(size=(4, 5))
    responses = recording([3] * 4, 5, rng=7, signal=signal)
    result = rsa.rdm(responses, measure="crossnobis", noise=precision)
    exact = rsa.rdm(responses, measure="crossnobis", noise=true_noise(5))
    np.testing.assert_allclose(result, exact, atol=0.15 * float(np.abs(exact).max()))


def test_baseline_takes_off_one_mean_and_no_more(recording):
    baseline = recording([3] * 10, 4, rng=8)
    precision = rsa.noise_precision(baseline, by=None, method="full")
    np.testing.assert_allclose(np.linalg.inv(precision), np.cov(baseline.values.T), rtol=1e-9)
    without_stimuli = baseline.drop_vars("stimulus_id")
    np.testing.assert_array_equal(rsa.noise_precision(without_stimuli, by=None, method="full"), precision)
