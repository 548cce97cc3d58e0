"""Intervals of alignments cover, and their nulls do not find what is not there."""

import numpy as np
import pytest
import xarray as xr

from neurofit import rsa
from neurofit.errors import UnknownNameError


def patterns(values):
    ids = [f"s{number:04d}" for number in range(len(values))]
    return xr.DataArray(values, {"stimulus_id": ("stimulus", ids)}, ("stimulus", "unit"))


def two_views(rng, stimuli, shared=1.0):
    """Of 3 dimensions, with the maps to 8 and 6 units fixed, so that the true alignment is."""
    maps = np.random.default_rng(99)
    to_a, to_b = maps.normal(size=(3, 8)), maps.normal(size=(3, 6))
    values = shared * rng.normal(size=(stimuli, 3))
    a = values @ to_a + rng.normal(size=(stimuli, 8))
    b = values @ to_b + rng.normal(size=(stimuli, 6))
    within_a, within_b = (shared**2 * to.T @ to + np.eye(to.shape[1]) for to in (to_a, to_b))
    across = shared**2 * to_a.T @ to_b
    truth = np.sum(across**2) / np.sqrt(np.sum(within_a**2) * np.sum(within_b**2))
    return patterns(a), patterns(b), truth


@pytest.mark.slow
def test_interval_of_debiased_cka_covers_the_alignment_of_the_population():
    covered = []
    for seed in range(120):
        a, b, truth = two_views(np.random.default_rng(seed), 40)
        interval = rsa.evaluate_alignment(a, b, permutations=0, rng=0, progress=False).interval
        covered.append(interval[0] <= truth <= interval[1])
    # Four binomial standard errors around 95 %.
    assert np.mean(covered) > 0.87


@pytest.mark.slow
@pytest.mark.parametrize("measure", sorted(rsa.alignments))
def test_p_is_uniform_where_nothing_is_shared(measure):
    found = []
    for seed in range(60):
        a, b, _ = two_views(np.random.default_rng(seed), 24, shared=0.0)
        result = rsa.evaluate_alignment(a, b, measure=measure, permutations=39, rng=seed, progress=False)
        found.append(result.p.item())
    assert 0.35 < np.mean(found) < 0.65
    assert np.mean(np.array(found) <= 0.05) <= 0.15


@pytest.mark.parametrize("measure", sorted(rsa.alignments))
def test_what_is_shared_is_found(measure):
    a, b, _ = two_views(np.random.default_rng(0), 40)
    result = rsa.evaluate_alignment(a, b, measure=measure, permutations=99, rng=0, progress=False)
    assert result.p.item() == 0.01
    assert (result.null_mean > result.estimate) == rsa.alignments[measure].distance
    assert result.interval[0] < result.estimate < result.interval[1]


def test_estimate_is_that_of_the_measure_alone():
    a, b, _ = two_views(np.random.default_rng(0), 30)
    for measure, options, alone in (
        ("cka", {"debiased": False}, rsa.cka(a, b, debiased=False)),
        ("shape", {"alpha": 0.5}, rsa.shape_distance(a, b, alpha=0.5)),
        ("svcca", {"explained": 0.9}, rsa.svcca(a, b, explained=0.9)),
        ("procrustes", {}, rsa.procrustes_distance(a, b)),
    ):
        result = rsa.evaluate_alignment(a, b, measure=measure, permutations=0, progress=False, **options)
        assert result.estimate.item() == pytest.approx(alone.item(), abs=1e-12)
        assert np.isnan(result.p)


def test_chance_level_is_told_by_the_null():
    rng = np.random.default_rng(0)
    a, b = (patterns(rng.normal(size=(50, 600))) for _ in range(2))
    biased, debiased = (
        rsa.evaluate_alignment(a, b, debiased=choice, permutations=99, rng=0, progress=False)
        for choice in (False, True)
    )
    assert biased.null_mean > 0.85
    assert abs(debiased.null_mean) < 0.01
    assert biased.p > 0.05


def test_jackknife_error_is_that_of_leaving_out_each_stimulus():
    a, b, _ = two_views(np.random.default_rng(1), 20)
    left_out = [rsa.cka(a.drop_isel(stimulus=i), b.drop_isel(stimulus=i)).item() for i in range(20)]
    expected = np.sqrt(19 * np.var(left_out))
    result = rsa.evaluate_alignment(a, b, permutations=0, rng=0, progress=False)
    assert result.standard_error.item() == pytest.approx(expected, rel=1e-9)


def test_parts_of_many_stimuli_give_about_the_same_error():
    a, b, _ = two_views(np.random.default_rng(2), 250)
    left_out = [rsa.cka(a.drop_isel(stimulus=i), b.drop_isel(stimulus=i)).item() for i in range(250)]
    result = rsa.evaluate_alignment(a, b, permutations=0, rng=0, progress=False)
    # The error of a standard error from 100 parts is 1 / sqrt(200) = 7 %.
    assert result.standard_error.item() == pytest.approx(np.sqrt(249 * np.var(left_out)), rel=0.21)


def test_entries_are_evaluated_one_by_one_and_seeds_repeat():
    parts = [two_views(np.random.default_rng(seed), 20)[:2] for seed in (0, 1)]
    a = xr.concat([part[0] for part in parts], "subject")
    both = rsa.evaluate_alignment(a, parts[0][1], permutations=19, rng=3, progress=False)
    alone = rsa.evaluate_alignment(parts[1][0], parts[0][1], permutations=19, rng=3, progress=False)
    assert both.sizes == {"subject": 2, "bound": 2}
    for name in alone:
        np.testing.assert_allclose(both[name].isel(subject=1), alone[name], rtol=1e-12)


def test_wrong_choices_are_refused():
    a, b, _ = two_views(np.random.default_rng(0), 20)
    with pytest.raises(UnknownNameError, match="Did you mean 'cka'"):
        rsa.evaluate_alignment(a, b, measure="ckaa")
    with pytest.raises(ValueError, match="level is between 0 and 1"):
        rsa.evaluate_alignment(a, b, level=95)
    with pytest.raises(TypeError, match="alpha"):
        rsa.evaluate_alignment(a, b, measure="cka", alpha=0.5)
