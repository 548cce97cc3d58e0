"""Inference on models: closed forms against plain bootstraps, and what must hold of any data."""

import numpy as np
import pytest
import xarray as xr
from scipy import stats

from neurofit import rsa
from neurofit.errors import AlignmentError, RecordingError, SchemaError
from neurofit.rsa.inference import _kernels, _tests
from neurofit.rsa.inference._samples import Scorer, pooled_rdms


def distances(patterns):
    first, second = np.triu_indices(len(patterns), 1)
    return ((patterns[first] - patterns[second]) ** 2).mean(axis=1)


def labelled(values, dim, entries, stimuli):
    names = np.array([f"s{number:02d}" for number in range(stimuli)])
    first, second = np.triu_indices(stimuli, 1)
    pairs = {"stimulus_a": ("pair", names[first]), "stimulus_b": ("pair", names[second])}
    return xr.DataArray(values, {**pairs, dim: entries}, (dim, "pair"))


def experiment(seed=0, *, stimuli=12, subjects=5, noise=0.7):
    """Three models, true, half true and unrelated, and subjects that see the true one with noise."""
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(stimuli, 6))
    data = [distances(truth + noise * rng.normal(size=truth.shape)) for _ in range(subjects)]
    models = [distances(truth), distances(truth[:, :3]), distances(rng.normal(size=truth.shape))]
    return (
        labelled(models, "model", ["true", "half", "unrelated"], stimuli),
        labelled(data, "subject", list(range(subjects)), stimuli),
    )


@pytest.mark.parametrize("resample", ["stimulus", "subject", ("stimulus", "subject")])
@pytest.mark.parametrize("measure", ["pearson", "rho_a"])
def test_the_estimate_is_that_of_the_full_sample(measure, resample):
    models, data = experiment()
    found = rsa.evaluate(models, data, measure=measure, resample=resample, draws=20, rng=0)
    expected = rsa.compare(models, data, measure=measure)
    np.testing.assert_allclose(found.similarity, expected, atol=1e-12)
    np.testing.assert_allclose(found.estimate, expected.mean("subject"), atol=1e-12)


@pytest.mark.parametrize("measure", ["pearson", "cosine", "whitened_cosine", "rho_a", "spearman"])
def test_ceilings_of_the_full_sample_are_those_of_noise_ceiling(measure):
    models, data = experiment()
    found = rsa.evaluate(models, data, measure=measure, draws=10, rng=0)
    expected = rsa.noise_ceiling(data, measure=measure)
    assert found.ceiling_lower.item() == pytest.approx(expected.lower.item(), abs=1e-10)
    assert found.ceiling_upper.item() == pytest.approx(expected.upper.item(), abs=1e-10)


@pytest.mark.parametrize("measure", ["pearson", "cosine"])
def test_ceilings_of_a_draw_are_those_of_the_drawn_subjects_and_stimuli_written_out(measure):
    """Without copies of stimuli for each other, and of subjects for themselves."""
    _, data = experiment()
    rng = np.random.default_rng(1)
    times, members = _kernels.drawn(12, 1, rng), _kernels.drawn(5, 1, rng)
    assert members.max() > 1
    sample = Scorer(data.values[:0], data.values, measure, None, None)(times)
    found = sample.columns(members)[0]
    stimuli, subjects = (np.repeat(np.arange(len(row[0])), row[0].astype(int)) for row in (times, members))
    first, second = np.triu_indices(12, 1)
    square = np.zeros((5, 12, 12))
    square[:, first, second] = square[:, second, first] = data.values
    drawn = square[:, stimuli][:, :, stimuli][:, first, second]
    drawn = drawn[:, stimuli[first] != stimuli[second]]
    if measure == "pearson":
        drawn = drawn - drawn.mean(axis=1, keepdims=True)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)

    def cosine(pool, own):
        pooled = drawn[pool].sum(axis=0)
        return pooled @ drawn[own] / np.linalg.norm(pooled)

    lower = np.mean([cosine(subjects[subjects != own], own) for own in subjects])
    upper = np.mean([cosine(subjects, own) for own in subjects])
    assert found == pytest.approx([lower, upper], abs=1e-10)


def test_copies_of_a_subject_never_predict_it():
    """With unrelated subjects the lower ceiling of a draw is near 0; copies in the pool lift it far above."""
    rng = np.random.default_rng(0)
    data = rng.normal(size=(6, 45))
    members = _kernels.drawn(6, 500, rng)
    members = members[(members > 0).sum(axis=1) > 1]
    lower = Scorer(data[:0], data, "pearson", None, None)(np.ones((1, 10))).columns(members)[:, 0]
    assert abs(lower.mean()) < 0.1
    everyone = np.ones((1, 6, 6), dtype=bool)
    gram = Scorer(data[:0], data, "pearson", None, None)(np.ones((1, 10))).gram
    naive = _kernels.ceilings(gram, members, everyone)[0]
    assert np.nanmean(naive) > 0.35


def test_the_subject_bootstrap_has_the_standard_error_of_a_mean():
    models, data = experiment(subjects=12)
    found = rsa.evaluate(models, data, resample="subject", draws=20_000, rng=0)
    expected = stats.sem(found.similarity, axis=1)
    np.testing.assert_allclose(found.standard_error, expected, rtol=0.02)
    reach = stats.t.ppf(0.975, found.degrees_of_freedom) * found.standard_error / (1 - found.estimate**2)
    np.testing.assert_allclose(
        np.arctanh(found.interval.sel(bound="upper")), np.arctanh(found.estimate) + reach
    )
    assert (found.degrees_of_freedom <= 11).all()
    ordinary = stats.ttest_1samp(found.similarity, 0, axis=1, alternative="greater").pvalue
    np.testing.assert_allclose(found.p_zero.sel(correction="none"), ordinary, rtol=0.4, atol=1e-6)
    paired = stats.ttest_rel(found.similarity[0], found.similarity[1]).pvalue
    pairwise = found.p_pairwise.sel(model="true", model_b="half", correction="none").item()
    assert pairwise == pytest.approx(paired, rel=0.3)


def test_a_similarity_without_bounds_has_a_symmetric_interval():
    models, data = experiment(stimuli=12, subjects=5)
    data = data + data.min() * -1 + 1
    found = rsa.evaluate(models, data, measure="riemannian", resample="subject", draws=20, rng=0)
    middle = found.interval.mean("bound")
    np.testing.assert_allclose(middle, found.estimate)


def test_no_interval_of_a_correlation_goes_beyond_one():
    models, data = experiment(stimuli=12, subjects=4)
    found = rsa.evaluate(data.isel(subject=0, drop=True), data, resample="subject", draws=50, rng=0)
    assert found.standard_error > 0.05
    assert (abs(found.interval) <= 1).all()
    assert found.interval.sel(bound="lower") < found.estimate < found.interval.sel(bound="upper")


def test_degrees_of_freedom_are_those_of_the_variance_of_a_sample_variance():
    rng = np.random.default_rng(0)
    normal, heavy, two = rng.normal(size=10**6), rng.laplace(size=10**6), np.tile([-1.0, 1.0], 10**6 // 2)
    found = _kernels.degrees_of_freedom(np.stack([normal, heavy, two], axis=1))
    # 2 V^2 / var(s^2), with the kurtosis 6 of a Laplace distribution; no more than n - 1.
    np.testing.assert_allclose(found[:2] / 10**6, [1.0, 2 / 5], rtol=0.03)
    assert found[2] == 10**6 - 1
    samples = rng.laplace(size=(20_000, 30)).var(axis=1, ddof=1)
    expected = 2 * 2.0**2 / samples.var()  # of variance 2
    assert pytest.approx(expected, rel=0.05) == 2 * 30 / (6 - 27 / 29)
    assert _kernels.degrees_of_freedom(np.zeros((5, 1))) == 4


def test_two_factors_add_up_where_every_term_is_known():
    """2 (V_stimuli + V_subjects) - V_both, where the interaction counts once, once, and three times."""
    stimuli, subjects, shared = 3.0, 2.0, 1.0
    many = (10**9, 10**9)
    one = np.ones(1)
    found = _kernels.two_factor_variance(
        one * (stimuli + shared),
        one * (subjects + shared),
        one * (stimuli + subjects + 3 * shared),
        (one, one),
        many,
    )
    assert found.item() == pytest.approx(stimuli + subjects + shared)


def test_the_influence_of_a_pair_is_its_entry_for_a_mean_over_pairs():
    rng = np.random.default_rng(0)
    square = np.triu(rng.normal(size=(7, 7)), 1)
    first, second = np.triu_indices(7, 1)
    ones = 1 - np.eye(7)

    def mean(times):
        weights = _kernels.np.triu(np.outer(times, times), 1)
        return (weights * square).sum() / weights.sum()

    def shaped(values):
        return np.array(values)[:, None, None]

    one = shaped([mean(row) for row in ones])
    two = shaped([mean(ones[i] * ones[j]) for i, j in zip(first, second, strict=True)])
    full = mean(np.ones(7))
    found = _kernels.pair_influence(np.array([[full]]), (one[first], one[second]), two, 7)
    np.testing.assert_allclose(found[:, 0, 0], square[first, second] - full, atol=1e-12)


def test_scatter_of_single_pairs_is_not_counted_three_times():
    """Entries independent of each other: their mean has the variance of an entry over their number."""
    ratio = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        square = np.triu(rng.normal(size=(15, 15)), 1)
        first, second = np.triu_indices(15, 1)
        times = _kernels.drawn(15, 300, rng)
        weights = times[:, first] * times[:, second]
        drawn = weights @ square[first, second] / weights.sum(axis=1)
        ones = 1 - np.eye(15)
        one = ones[:, first] * ones[:, second] @ square[first, second] / 91
        entries = square[first, second] - square[first, second].mean()
        factor = _kernels.pair_factor(one[:, None, None], entries[:, None, None])
        ratio.append([drawn.var(), factor.item() * drawn.var()])
    plain, corrected = np.mean(ratio, axis=0) * 105
    assert plain > 2.2
    assert 0.9 < corrected < 0.62 * plain


def test_holm_and_benjamini_hochberg_agree_with_their_definitions():
    p = np.array([0.01, 0.04, 0.03, 0.005, np.nan])
    found = dict(zip(_tests.corrections, _tests.corrected(p).T, strict=True))
    np.testing.assert_allclose(found["none"], p)
    np.testing.assert_allclose(found["fwer"], [0.03, 0.06, 0.06, 0.02, np.nan])
    np.testing.assert_allclose(found["fdr"], [0.02, 0.04, 0.04, 0.02, np.nan])


def test_models_are_told_apart_as_they_should_be():
    models, data = experiment(stimuli=25, subjects=8)
    found = rsa.evaluate(models, data, rng=0, draws=300)
    p = found.p_zero.sel(correction="fwer")
    assert p.sel(model="true") < 0.01
    assert p.sel(model="unrelated") > 0.05
    assert found.p_pairwise.sel(model="true", model_b="unrelated", correction="fwer") < 0.01
    assert found.p_ceiling.sel(model="true", correction="none") > 0.05
    assert found.p_ceiling.sel(model="unrelated", correction="none") < 0.01
    assert found.attrs["generalises_to"] == "new stimuli and new subjects"
    assert (found.degrees_of_freedom == 7).all()
    assert np.isnan(found.p_pairwise.sel(model="true", model_b="true")).all()


def test_one_subject_has_no_ceiling_and_says_so():
    models, data = experiment()
    with pytest.raises(RecordingError, match="there is one subject.*resample='stimulus'"):
        rsa.evaluate(models, data.isel(subject=0))
    found = rsa.evaluate(models, data.isel(subject=0), resample="stimulus", rng=0, draws=50)
    assert np.isnan([found.ceiling_lower, found.ceiling_upper, *found.p_ceiling.values.ravel()]).all()
    assert np.isfinite(found.interval).all()
    assert "one subject" in found.attrs["ceiling"]


def test_further_dims_are_kept_each_like_alone():
    models, data = experiment()
    both = xr.concat([data, 2 + data**2], "time").assign_coords(time=[0.0, 0.1])
    found = rsa.evaluate(models, both.transpose("pair", "subject", "time"), rng=0, draws=30, progress=False)
    alone = rsa.evaluate(models, both.isel(time=0), rng=0, draws=30)
    assert found.estimate.dims == ("time", "model")
    assert found.p_pairwise.dims == ("time", "model", "model_b", "correction")
    for name in ("estimate", "interval", "ceiling_lower", "p_zero", "reliability"):
        np.testing.assert_allclose(found[name].isel(time=0), alone[name], atol=1e-12)


def test_missing_pairs_are_left_out():
    models, data = experiment()
    data[:, 3] = np.nan
    found = rsa.evaluate(models, data, rng=0, draws=30)
    np.testing.assert_allclose(found.similarity, rsa.compare(models, data), atol=1e-12)
    assert np.isfinite(found.standard_error).all()


def test_wrong_input_is_refused():
    models, data = experiment()
    with pytest.raises(ValueError, match="unknown: subjects"):
        rsa.evaluate(models, data, resample="subjects")
    with pytest.raises(AlignmentError, match="different stimuli"):
        rsa.evaluate(models, experiment(stimuli=13)[1])
    with pytest.raises(RecordingError, match="4 stimuli are too few"):
        rsa.evaluate(*experiment(stimuli=4))
    with pytest.raises(SchemaError, match="data are RDMs unless"):
        rsa.evaluate(models, {"one": data})


def test_the_same_seed_gives_the_same_result_and_it_survives_saving(tmp_path):
    models, data = experiment()
    found, again = (rsa.evaluate(models, data, rng=3, draws=20) for _ in range(2))
    assert found.identical(again)
    found.to_netcdf(tmp_path / "found.nc")
    assert xr.open_dataset(tmp_path / "found.nc").load().p_pairwise.equals(found.p_pairwise)


def test_pooled_rdms_leave_out_the_subject_and_pairs_that_are_missing():
    data = np.array([[1.0, 2.0, np.nan], [3.0, 1.0, 2.0], [1.0, 3.0, 2.0]])
    pooled = pooled_rdms(data, "rho_a", None)
    np.testing.assert_allclose(pooled[0], [5 / 3, 2.0, 2.0])
    np.testing.assert_allclose(pooled[2], [1.0, 2.5, 2.0])


def responses(seed, *, units=40, stimuli=10):
    rng = np.random.default_rng(seed)
    names = [f"s{number:02d}" for number in range(stimuli)]
    signal = rng.normal(size=(stimuli, 4)) @ rng.normal(size=(4, units))
    coords = {"stimulus_id": ("trial", names * 2), "unit_id": ("unit", np.arange(units))}
    values = np.tile(signal, (2, 1)) + rng.normal(size=(2 * stimuli, units))
    return xr.DataArray(values, coords, ("trial", "unit"))


def test_drawing_units_says_how_other_units_would_differ():
    """More units, surer estimates; the estimate is that of all units."""
    models, _ = experiment(stimuli=10)
    errors = []
    for units in (10, 160):
        data = {name: responses(seed, units=units) for seed, name in enumerate("ab")}
        options = {"measure": "euclidean"}
        found = rsa.evaluate(
            models, data, resample="unit", dissimilarity=options, draws=60, rng=0, progress=False
        )
        expected = [rsa.compare(models, rsa.rdm(one, **options)) for one in data.values()]
        np.testing.assert_allclose(found.similarity, np.stack(expected, axis=1), atol=1e-12)
        errors.append(found.standard_error.values)
    assert (errors[1] < 0.5 * errors[0]).all()
    assert (
        found.attrs["generalises_to"] == "new units of the same areas, with these stimuli and these subjects"
    )
    with pytest.raises(ValueError, match="noise='diagonal'"):
        rsa.evaluate(
            models, data, resample="unit", dissimilarity={"measure": "mahalanobis", "noise": "ledoit_wolf"}
        )
