"""The estimator: what it takes, gives and says."""

import numpy as np
import pytest
import xarray as xr

from neurofit import plasticity, schema
from neurofit.errors import RecordingError, SchemaError, UnknownNameError
from neurofit.plasticity.rates import _generate


@pytest.mark.parametrize("method", list(plasticity.rate_methods))
def test_results_are_labelled(make_counts, method, tmp_path):
    from neurofit import io

    counts = make_counts(units=3, stimuli=60)[1].assign_coords(unit_id=("unit", list("abc")))
    rule = plasticity.RateRule(method=method, draws=10, folds=2, random_state=0).fit(counts)
    assert rule.curve_.change.dims == ("unit", "input")
    assert {"hz", "sd", "input", "hz_interval", "sd_interval", "input_interval"} == set(rule.threshold_)
    for at, result in enumerate((rule.curve_, rule.threshold_, rule.comparison_, rule.diagnostics_)):
        schema.check(result, "results")
        assert list(result.unit_id.values) == list("abc")
        assert all(array.attrs["units"] and array.attrs["long_name"] for array in result.values())
        assert io.load(io.save(result, tmp_path / f"{at}.nc")).identical(result)


@pytest.mark.parametrize("method", list(plasticity.rate_methods))
def test_the_same_seed_gives_the_same_rule(make_counts, method):
    counts = make_counts(units=2, stimuli=40)[1]
    options = {"method": method, "draws": 10, "folds": 2, "random_state": 3}
    one, other = (plasticity.RateRule(**options).fit(counts) for _ in range(2))
    xr.testing.assert_identical(one.curve_, other.curve_)
    xr.testing.assert_identical(one.comparison_, other.comparison_)


@pytest.mark.slow
def test_the_number_of_workers_does_not_matter(make_counts):
    counts = make_counts(units=3, stimuli=40)[1]
    one, other = (plasticity.RateRule(random_state=3, workers=number).fit(counts) for number in (1, 2))
    xr.testing.assert_identical(one.curve_, other.curve_)
    xr.testing.assert_identical(one.comparison_, other.comparison_)


def test_unequal_trials_are_thinned_and_it_is_said(make_counts):
    counts = make_counts(units=4, stimuli=60, trials=(20, 5))[1]
    with pytest.warns(UserWarning, match="4 of 4 units have unequal numbers of trials"):
        rule = plasticity.RateRule(method="quantile", draws=0, folds=0).fit(counts)
    assert set(rule.diagnostics_.trials_novel.values) == {5}
    assert rule.diagnostics_.thinned.all()
    kept = plasticity.RateRule(draws=0, folds=0).fit(counts).diagnostics_
    assert set(kept.trials_novel.values) == {20}
    assert not kept.thinned.any()


def test_trials_that_are_not_thinned_would_look_like_a_change(make_counts):
    from neurofit.plasticity.rates import _inputs, _kernels

    counts = make_counts(units=40, change="none", trials=(20, 2))[1]
    values, familiar, window = _inputs.prepare(counts)
    gains = []
    for thin in (False, True):
        rng = np.random.default_rng(0)
        each = [_inputs.thinned(one, rng) if thin else one for one in values]
        units = [_inputs.unit_of(one, familiar, window) for one in each]
        change = [_kernels.quantile_change(u.novel.rate, u.familiar.rate, _kernels.GRID)[0] for u in units]
        gains.append(_kernels.offset_and_gain(np.array(change))[1].mean())
    assert gains[0] > 0.1
    assert abs(gains[1]) < 0.05


def test_a_rule_that_reverses_ranks_is_told():
    from neurofit.plasticity.rates._diagnostics import rank_violation
    from neurofit.plasticity.rates._kernels import GRID

    assert rank_violation(-1.5 * GRID) == 1
    assert rank_violation(-0.5 * GRID) == 0


def test_ties_of_zero_counts_are_told(make_counts):
    counts = make_counts(units=2, stimuli=60)[1]
    sparse = counts.where(counts > 3, 0)
    few = plasticity.RateRule(method="quantile", draws=0, folds=0).fit(sparse).diagnostics_
    assert (few.ties_novel > 0.5).all()


def broken(counts, how):
    return {
        "familiar": lambda: counts.drop_vars("familiar"),
        "window": counts.drop_attrs,
        "trial": lambda: counts.mean("trial", keep_attrs=True),
        "whole": lambda: counts + 0.5,
        "negative": lambda: counts - 1000,
        "20": lambda: counts.isel(stimulus=slice(15, None)),
        "silent": lambda: counts * 0,
    }[how]()


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ("familiar", SchemaError),
        ("window", SchemaError),
        ("trial", SchemaError),
        ("whole", SchemaError),
        ("negative", SchemaError),
        ("20", RecordingError),
        ("silent", RecordingError),
    ],
)
def test_errors_say_what_is_wrong(make_counts, how, error):
    counts = make_counts(units=2, stimuli=30)[1]
    with xr.set_options(keep_attrs=True), pytest.raises(error, match=how):
        plasticity.RateRule().fit(broken(counts, how))


def test_unknown_methods_are_told():
    with pytest.raises(UnknownNameError, match="Did you mean 'marginal'"):
        plasticity.RateRule(method="marginl").fit(xr.DataArray(np.zeros(3)))


@pytest.mark.parametrize("method", list(plasticity.rate_methods))
def test_the_familiar_rate_is_that_of_the_changed_input(method):
    units = _generate.Population.draw(1, np.random.default_rng(0))
    data = _generate.counts(units, stimuli=1000, trials=50, rng=1)
    curve = plasticity.RateRule(method, draws=0, folds=0, random_state=0).fit(data).curve_.isel(unit=0)
    h = curve.input.values[None]
    inner = abs(h[0]) < 1.5
    np.testing.assert_allclose(curve.rate[inner], units.rate(h)[0][inner], rtol=0.12)
    changed = units.rate(h + units.change(h))[0]
    np.testing.assert_allclose(curve.familiar_rate[inner], changed[inner], rtol=0.2, atol=1)
