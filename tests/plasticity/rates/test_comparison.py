"""None, constant, gain or rule: false verdicts are rare, and true ones are not."""

import numpy as np
import pytest

from neurofit import plasticity
from neurofit.plasticity.rates import _pool
from neurofit.plasticity.rates._alternatives import alternatives
from neurofit.plasticity.rates._comparison import compare
from neurofit.plasticity.rates._inputs import prepare, unit_of


def units_of(counts):
    values, familiar, window = prepare(counts)
    return [unit_of(one, familiar, window) for one in values]


def verdicts(counts):
    return np.array([compare(unit, 0, np.random.default_rng(0)).verdict for unit in units_of(counts)])


def test_more_parameters_never_lower_the_likelihood(make_counts):
    for unit in units_of(make_counts(units=6, stimuli=60)[1]):
        none, *others = compare(unit, 0, np.random.default_rng(0)).log_likelihood
        assert min(others) >= none - 0.01


def test_a_rule_that_is_known_is_not_sought_again(make_counts, monkeypatch):
    from neurofit.plasticity.rates import _comparison, _marginal

    (unit,) = units_of(make_counts(units=1, stimuli=60)[1])
    rule = _marginal.estimate(unit, 0, np.random.default_rng(0)).likeliest
    whole = compare(unit, 0, np.random.default_rng(0))
    sought = []
    fit = _comparison.fit
    monkeypatch.setattr(
        _comparison, "fit", lambda *args, **options: sought.append(args[1]) or fit(*args, **options)
    )
    shared = compare(unit, 0, np.random.default_rng(0), rule=rule)
    assert sought == ["none", "constant", "gain"]
    np.testing.assert_allclose(shared.log_likelihood, whole.log_likelihood)


def test_held_out_stimuli_are_likelier_under_what_is_true(make_counts):
    for change in ("none", "rule"):
        counts = make_counts(units=6, stimuli=300, change=change)[1]
        rule = plasticity.RateRule(method="crossing", random_state=0).fit(counts)
        held_out = rule.comparison_.held_out.sum("unit")
        assert list(alternatives)[int(held_out.values.argmax())] == change


def test_pooled_units_have_one_verdict(make_counts):
    counts = make_counts(units=15, stimuli=60)[1]
    rule = plasticity.RateRule(pool="hierarchical", draws=20, folds=0, random_state=0).fit(counts)
    assert rule.comparison_.verdict == "rule"
    assert rule.comparison_.probability.sum() == pytest.approx(1)
    with pytest.raises(ValueError, match="pool='hierarchical' with method='quantile'"):
        plasticity.RateRule(method="quantile", pool="hierarchical").fit(counts)


def test_null_tests_tell_the_share_of_false_verdicts(make_counts):
    counts = make_counts(units=5, stimuli=40, change="none")[1]
    found, again = (plasticity.null_test(counts, draws=4, rng=0) for _ in range(2))
    assert found.identical(again)
    assert float(found.share.sum()) == pytest.approx(1)
    assert float(found.share.sel(alternative="rule")) <= 0.1
    assert ((found.interval[:, 0] <= found.share) & (found.share <= found.interval[:, 1])).all()


def test_power_rises_with_stimuli():
    few, many = (
        float(plasticity.power(units=8, stimuli=number, draws=1, rng=0).share.sel(alternative="rule"))
        for number in (30, 500)
    )
    assert few < 0.5 < many


@pytest.mark.slow
@pytest.mark.parametrize("trials", [10, (20, 5)])
def test_no_change_is_called_a_rule_in_under_5_of_100(make_counts, trials):
    counts = make_counts(units=150, change="none", trials=trials)[1]
    assert (verdicts(counts) == "rule").mean() < 0.05


@pytest.mark.slow
def test_ties_of_zero_counts_are_no_rule(make_counts):
    population, _ = make_counts(units=100)
    from neurofit.plasticity.rates import _generate

    sparse = _generate.Population(
        population.r_m / 8, population.beta, population.h0, population.q, population.beta_f, population.x_f
    )
    counts = _generate.counts(sparse, change="none", trials=5, rng=1)
    counts = counts.isel(unit=(counts.where(~counts.familiar).sum(["stimulus", "trial"]) > 0).values)
    assert (counts.sum("trial") == 0).mean() > 0.4
    assert (verdicts(counts) == "rule").mean() < 0.05


@pytest.mark.slow
def test_a_gain_is_called_a_rule_in_no_more_than_10_of_100(make_counts):
    assert (verdicts(make_counts(units=150, change="gain")[1]) == "rule").mean() <= 0.1


@pytest.mark.slow
def test_single_units_show_their_rule_often_enough(make_counts):
    assert (verdicts(make_counts(units=300)[1]) == "rule").mean() >= 0.37


@pytest.mark.slow
@pytest.mark.parametrize("change", list(alternatives))
def test_sixty_units_together_tell_a_rule_from_what_is_none(make_counts, change):
    units = units_of(make_counts(units=60, change=change)[1])
    verdict = _pool.judge({name: _pool.pool(units, name) for name in alternatives}).name
    assert (verdict == "rule") == (change == "rule")


@pytest.mark.slow
def test_pooling_brings_units_nearer_to_their_rules(make_counts):
    from neurofit.plasticity.rates._kernels import GRID, WEIGHT

    population, counts = make_counts(units=60)
    truth = population.change(np.tile(GRID, (60, 1)))
    errors = [
        np.sqrt((((rule.curve_.change - truth) ** 2) * WEIGHT).sum("input").mean().item())
        for rule in (
            plasticity.RateRule(pool=pool, draws=0, folds=0).fit(counts) for pool in (None, "hierarchical")
        )
    ]
    assert errors[1] < 0.95 * errors[0]
