"""CKA, RV, SVCCA and PWCCA: closed forms, invariances, and the traps of few stimuli."""

import itertools

import numpy as np
import pytest
import scipy.linalg
import xarray as xr

from neurofit import rsa
from neurofit.errors import AlignmentError, RecordingError, SchemaError

MEASURES = {
    "cka": rsa.cka,
    "cka biased": lambda a, b: rsa.cka(a, b, debiased=False),
    "rv": rsa.rv,
    "svcca": lambda a, b: rsa.svcca(a, b, explained=0.9),
    "pwcca": rsa.pwcca,
}


def patterns(values, **dims):
    values = np.asarray(values)
    coords = {"stimulus_id": ("stimulus", [f"s{number:04d}" for number in range(values.shape[-2])]), **dims}
    return xr.DataArray(values, coords, (*dims, "stimulus", "unit"))


def random(seed, stimuli=40, units=8, **dims):
    sizes = [len(entries) for entries in dims.values()]
    return patterns(np.random.default_rng(seed).normal(size=(*sizes, stimuli, units)), **dims)


def related(seed, stimuli=40, units=(8, 6), noise=0.7):
    """Two views of three shared dimensions."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=(stimuli, 3))
    return [
        patterns(shared @ rng.normal(size=(3, count)) + noise * rng.normal(size=(stimuli, count)))
        for count in units
    ]


def rotation(units, seed):
    return np.linalg.qr(np.random.default_rng(seed).normal(size=(units, units)))[0]


def test_unrelated_patterns_of_many_units_are_alike_by_biased_cka_alone():
    a, b = random(0, 50, 5000), random(1, 50, 5000)
    assert rsa.cka(a, b, debiased=False) > 0.95
    assert abs(rsa.cka(a, b)) < 0.05


def test_debiased_cka_of_unrelated_patterns_is_zero_on_average():
    found = [rsa.cka(random(2 * seed, 12, 30), random(2 * seed + 1, 12, 40)).item() for seed in range(200)]
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found)) < 3 * error
    assert error < 0.01


def test_biased_cka_is_the_whitened_cosine_of_squared_euclidean_rdms():
    a, b = related(0)
    n = a.sizes["stimulus"]
    centring = np.eye(n) - 1 / n
    products = []
    for array in (a, b):
        squared = np.sum((array.values[:, None] - array.values[None]) ** 2, axis=-1)
        products.append(centring @ squared @ centring)
    k, m = products
    expected = np.trace(k @ m) / np.sqrt(np.trace(k @ k) * np.trace(m @ m))
    assert rsa.cka(a, b, debiased=False).item() == pytest.approx(expected, abs=1e-12)


def test_debiased_cka_is_the_mean_over_four_different_stimuli():
    a, b = related(1, stimuli=7)

    def hsic(x, y):
        """E over different i, j, k, l of K_ij (L_ij - 2 L_ik + L_kl): no stimulus meets itself."""
        k, m = x @ x.T, y @ y.T
        four = itertools.permutations(range(7), 4)
        return np.mean([k[i, j] * (m[i, j] - 2 * m[i, q] + m[q, r]) for i, j, q, r in four])

    x, y = a.values, b.values
    expected = hsic(x, y) / np.sqrt(hsic(x, x) * hsic(y, y))
    assert rsa.cka(a, b).item() == pytest.approx(expected, abs=1e-10)


def test_rv_is_biased_cka():
    a, b = related(2)
    assert rsa.rv(a, b).item() == pytest.approx(rsa.cka(a, b, debiased=False).item(), abs=1e-14)


@pytest.mark.parametrize("name", MEASURES)
def test_identical_patterns_have_similarity_one(name):
    a = related(3)[0]
    assert MEASURES[name](a, a).item() == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize("name", MEASURES)
def test_a_rotation_a_scale_and_an_offset_of_the_second_change_nothing(name):
    a, b = related(4)
    turned = b.copy(data=3.7 * b.values @ rotation(6, 0) + 100)
    expected = MEASURES[name](a, b).item()
    assert MEASURES[name](a, turned).item() == pytest.approx(expected, abs=1e-10)


def test_canonical_correlations_ignore_any_invertible_map_and_cka_does_not():
    a, b = related(5)
    mapped = b.copy(data=b.values @ np.random.default_rng(0).normal(size=(6, 6)))
    for measure in (rsa.pwcca, lambda x, y: rsa.svcca(x, y, explained=1.0)):
        assert measure(a, mapped).item() == pytest.approx(measure(a, b).item(), abs=1e-10)
    assert abs(rsa.cka(a, mapped) - rsa.cka(a, b)) > 0.01


@pytest.mark.parametrize("name", MEASURES)
def test_a_large_offset_in_single_precision_is_harmless(name):
    rng = np.random.default_rng(0)
    offset = 1e4
    arrays = [(offset + rng.integers(0, 9, size=(40, 8))).astype(np.float32) for _ in range(2)]
    found = MEASURES[name](*(patterns(values) for values in arrays)).item()
    plain = MEASURES[name](*(patterns(values.astype(float) - offset) for values in arrays)).item()
    assert found == pytest.approx(plain, abs=1e-9)


def canonical(a, b):
    """Canonical correlations and variates of a, from the eigenvalues of covariances."""
    x, y = a - a.mean(axis=0), b - b.mean(axis=0)
    across = x.T @ y @ np.linalg.solve(y.T @ y, y.T @ x)
    squared, weights = scipy.linalg.eigh(across, x.T @ x)
    return np.sqrt(np.clip(squared, 0, 1)), x @ weights, x


def test_svcca_is_the_mean_canonical_correlation_by_eigenvalues():
    a, b = related(6)
    correlations = canonical(b.values, a.values)[0]
    assert rsa.svcca(a, b, explained=1.0).item() == pytest.approx(correlations.mean(), abs=1e-10)


def test_svcca_keeps_the_components_that_explain_enough():
    a, b = related(7)
    kept = []
    for array in (a, b):
        x = array.values - array.values.mean(axis=0)
        variances, axes = np.linalg.eigh(x.T @ x)
        share = np.cumsum(variances[::-1]) / variances.sum()
        kept.append(patterns(x @ axes[:, ::-1][:, : np.flatnonzero(share >= 0.8)[0] + 1]))
    assert rsa.svcca(a, b, explained=0.8).item() == pytest.approx(
        rsa.svcca(*kept, explained=1.0).item(), abs=1e-10
    )


def test_pwcca_weighs_canonical_variates_by_what_units_do():
    a, b = related(8, units=(5, 7))
    correlations, variates, units = canonical(a.values, b.values)
    weights = np.abs(variates.T @ units).sum(axis=1)
    expected = np.average(correlations, weights=weights)
    assert rsa.pwcca(a, b).item() == pytest.approx(expected, abs=1e-10)


@pytest.mark.parametrize("measure", [rsa.svcca, rsa.pwcca])
def test_correlations_that_are_one_by_counting_are_refused(measure):
    wide, narrow = random(0, 20, 30), random(1, 20, 3)
    with pytest.raises(RecordingError, match="canonical correlations are 1 by counting.*more stimuli"):
        measure(wide, narrow, explained=1.0)
    with pytest.raises(RecordingError, match="1 of 10 canonical correlations are 1 by counting"):
        measure(random(0, 20, 10), random(1, 20, 10), explained=1.0)
    assert measure(random(0, 21, 10), random(1, 21, 10), explained=1.0) < 1 - 1e-6


def test_stimuli_are_matched_by_name():
    a, b = related(9)
    mixed = b.isel(stimulus=np.random.default_rng(0).permutation(40))
    assert rsa.cka(a, mixed).item() == pytest.approx(rsa.cka(a, b).item(), abs=1e-12)
    with pytest.raises(AlignmentError, match="missing from the second: s0000"):
        rsa.cka(a, b.isel(stimulus=slice(1, None)))


def test_repeats_are_averaged():
    a, b = related(10)
    trials = xr.concat([a + 1, a - 1], "stimulus").rename(stimulus="trial")
    assert rsa.cka(trials, b).item() == pytest.approx(rsa.cka(a, b).item(), abs=1e-12)


@pytest.mark.parametrize("name", MEASURES)
def test_shared_dims_go_together_and_others_all_by_all(name):
    a = random(0, subject=["x", "y"], time=[0.0, 0.1, 0.2]).transpose("stimulus", "unit", "subject", "time")
    b = random(1, units=6, layer=["1", "2"], time=[0.0, 0.1, 0.2])
    result = MEASURES[name](a, b)
    assert result.dims == ("time", "subject", "layer")
    assert result.layer.values.tolist() == ["1", "2"]
    for time, subject, layer in np.ndindex(result.shape):
        alone = MEASURES[name](a.isel(time=time, subject=subject), b.isel(time=time, layer=layer))
        assert result[time, subject, layer].item() == pytest.approx(alone.item(), abs=1e-12)


def test_shared_dims_with_other_entries_are_refused():
    a, b = random(0, subject=["x", "y"]), random(1, subject=["y", "x"])
    with pytest.raises(AlignmentError, match="both have dim 'subject'"):
        rsa.cka(a, b)


def test_wrong_input_is_refused():
    a, b = related(11)
    with pytest.raises(SchemaError, match="unit"):
        rsa.cka(a.isel(unit=0), b)
    with pytest.raises(RecordingError, match="4 stimuli or more; there are 3: s0000"):
        rsa.cka(a[:3], b[:3])
    with pytest.raises(RecordingError, match="NaN"):
        rsa.cka(a.where(a.stimulus_id != "s0003"), b)
    with pytest.raises(ValueError, match="explained is a share"):
        rsa.svcca(a, b, explained=1.2)


def test_patterns_that_are_the_same_for_all_stimuli_are_named():
    a = random(0, subject=["x", "y"])
    a[1] = np.arange(8)
    with pytest.raises(RecordingError, match=r"the second data are the same for all stimuli.*{'subject': 1}"):
        rsa.cka(random(1), a)


def test_pure_chance_has_no_debiased_length_and_says_so():
    """Regular simplices: all stimuli are equally far apart, which is what chance alone would do."""
    flat = patterns(np.eye(6))
    with pytest.raises(RecordingError, match="by no more than by chance"):
        rsa.cka(flat, random(0, 6))
    both = xr.concat([flat, random(1, 6, 6)], "area")
    with pytest.warns(UserWarning, match=r"NaN at these positions.*{'area': 0}") as told:
        result = rsa.cka(random(0, 6), both)
    assert told[0].filename == __file__
    assert np.isnan(result.values).tolist() == [True, False]


def test_more_units_than_stimuli_cost_no_accuracy():
    a, b = related(12, stimuli=20, units=(300, 200))
    x, y = (array.values - array.values.mean(axis=0) for array in (a, b))
    k, m = x @ x.T, y @ y.T
    expected = np.sum(k * m) / np.sqrt(np.sum(k * k) * np.sum(m * m))
    assert rsa.rv(a, b).item() == pytest.approx(expected, abs=1e-12)
