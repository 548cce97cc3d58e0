import itertools
import warnings

import numpy as np
import pytest
import xarray as xr
from scipy import optimize

from neurofit.plasticity.taylor import TaylorRule, _marginal_terms, plastic_trajectories
from neurofit.plasticity.taylor._descend import Start
from neurofit.plasticity.taylor._hamilton import Energy, move
from neurofit.plasticity.taylor._marginal import Marginal, begin, marginalise, side_by_side
from neurofit.plasticity.taylor._tell import tell_marginal
from neurofit.plasticity.taylor._terms import activations, powers
from neurofit.plasticity.taylor._unroll import Observed, normal

OJA = {(1, 1, 0): 1.0, (0, 2, 1): -1.0}
TRUE = np.array(list(OJA.values()))


def made(seed, noise=1.0, units=(6, 10), **options):
    return plastic_trajectories(OJA, units=units, steps=40, noise=noise, rng=seed, **options)


def fitted(data, initial="marginal", what="activity", **given):
    rule = TaylorRule(order=(1, 2, 1), learning_rate=0.04, initial=initial)
    return rule.fit(data.inputs, **{what: data[what]}, **given)


def off(rule):
    """Distances from the truth in standard errors."""
    assert rule.terms_ == list(OJA)
    return (rule.coef_.values - TRUE) / rule.se_.values


def unlearned(rng, shape=(3, 30, 5, 4), sd=0.7, noise=0.8):
    """Activity of weights that never change."""
    trajectories, steps, post, pre = shape
    inputs = rng.normal(size=(trajectories, steps, pre))
    first = 0.3 + sd * rng.normal(size=(trajectories, post, pre))
    activity = np.einsum("ktn,kmn->ktm", inputs, first)
    activity += noise * rng.normal(size=activity.shape)
    nothing = np.full(shape, np.nan)
    ones = np.ones(inputs.shape[:2])
    return Observed(inputs, ones, activity, nothing, activations["linear"], 0.04, binary=False)


def test_prior_and_noise_without_a_rule_are_those_of_the_closed_form():
    seen = unlearned(np.random.default_rng(0))
    rng = np.random.default_rng(1)
    state = marginalise(seen, powers(OJA)[:0], begin(seen, None, rng), rng).state

    def surprise(values):
        mean, log_prior, log_noise = values
        total = 0.0
        for x, y in zip(seen.pre, seen.activity, strict=True):
            covariance = np.exp(-log_prior) * x @ x.T + np.exp(-log_noise) * np.eye(len(x))
            rest = y - mean * x.sum(1, keepdims=True)
            total += (rest * np.linalg.solve(covariance, rest)).sum() / 2
            total += y.shape[1] * np.linalg.slogdet(covariance)[1] / 2
        return total

    best = optimize.minimize(surprise, np.zeros(3))
    errors = np.sqrt(np.diag(best.hess_inv))
    found = np.r_[state.prior.mean, np.log(state.prior.precision), np.log(state.fit.precision[0])]
    assert (np.abs(found - best.x) < 0.4 * errors).all()


def test_draws_have_the_moments_of_a_posterior_that_is_known():
    seen = unlearned(np.random.default_rng(0))
    start = Start(np.zeros((3, 5, 4)), free=True, precision=2.0)
    covariance = np.linalg.inv(np.einsum("ktn,kto->kno", seen.pre, seen.pre) / 0.64 + 2 * np.eye(4))
    mean = np.einsum("kno,kto,ktm->kmn", covariance, seen.pre, seen.activity) / 0.64
    energy = Energy(side_by_side(seen), powers(OJA), np.zeros(2), np.array([1 / 0.64, 0]), start)
    # The metric need not be right.
    root = np.broadcast_to(0.8 * np.linalg.cholesky(covariance)[:, None], (3, 5, 4, 4))
    rng = np.random.default_rng(2)
    weights, kept = np.zeros((8, 3, 5, 4)), []
    for turn in range(60):
        weights = move(energy, weights, root, rng).weights
        kept += [weights] if turn >= 10 else []
    draws = np.concatenate(kept)
    sd = np.sqrt(np.einsum("knn->kn", covariance))[:, None]
    assert np.abs((draws.mean(0) - mean) / sd).max() < 0.25
    np.testing.assert_allclose(draws.std(0) / sd, 1, atol=0.2)


@pytest.mark.parametrize("activation", ["linear", "sigmoid"])
@pytest.mark.parametrize("binary", [False, True])
def test_the_slope_of_the_energy_is_that_of_the_fit(activation, binary):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, 6, 3))
    activity = np.where(rng.random(values.shape) < 0.2, np.nan, values > 0 if binary else values)
    weights = rng.normal(size=(2, 6, 3, 4))
    weights[:, 2] = np.nan
    kind = "sigmoid" if binary else activation
    seen = Observed(
        rng.normal(size=(2, 6, 4)), np.ones((2, 6)), activity, weights, activations[kind], 0.1, binary
    )
    first, theta, precision = rng.normal(size=(1, 2, 3, 4)) / 2, np.array([0.8, -0.5]), np.array([1.0, 3.0])
    start = Start(np.full((2, 3, 4), 0.1), free=True, precision=2.0)
    value, slope, squares = Energy(seen, powers(OJA), theta, precision, start)(first)
    sums = normal(seen, powers(OJA), theta, first[0], of_rule=False, of_first=True)
    np.testing.assert_allclose(squares.sum((1, 2, 3)), sums.squares)
    away = first[0] - 0.1
    np.testing.assert_allclose(value.sum(), precision @ sums.squares / 2 + (away**2).sum())
    np.testing.assert_allclose(slope[0], 2 * away - np.tensordot(precision, sums.gradient, 1), atol=1e-10)


def test_finds_oja_and_the_sd_of_first_weights():
    data = made(1, noise=0.7, units=(4, 8), trajectories=4)
    rule = fitted(data)
    assert (np.abs(off(rule)) < 2).all()
    assert (rule.se_ < 0.25).all()
    assert float(rule.result_.initial_sd) == pytest.approx(float(data.first_weights.std()), rel=0.2)


@pytest.mark.slow
def test_units_not_recorded_take_no_part():
    data = made(0, noise=0.5, units=(4, 6), trajectories=3)
    seen = xr.DataArray(np.arange(6) % 3 > 0, dims="post")
    junk = data.assign(activity=data.activity.where(seen, -1e6))
    xr.testing.assert_identical(*(fitted(d, recorded=seen).result_ for d in (data, junk)))


@pytest.mark.slow
def test_a_wrong_guess_of_first_weights_does_no_harm_and_a_right_one_helps():
    data = made(1)
    none = fitted(data)
    guesses = {"right": data.first_weights, "wrong": data.first_weights.roll(pre=1)}
    with pytest.warns(UserWarning, match="initial weights that are taken as known do not fit"):
        known = fitted(data, "known", initial_weights=guesses["wrong"])
    found = {name: fitted(data, initial_weights=guess) for name, guess in guesses.items()}
    for rule in (none, *found.values()):
        assert (np.abs(off(rule)) < 2).all()
    assert known.terms_ != list(OJA) or (np.abs(off(known)) > 4).any()
    assert (found["right"].se_ < 0.8 * none.se_).all()
    np.testing.assert_allclose(found["wrong"].se_, none.se_, rtol=0.25)


@pytest.mark.filterwarnings("error")
def test_first_weights_that_are_hardly_seen_are_told():
    state = begin(unlearned(np.random.default_rng(0)), None, np.random.default_rng(0))
    tell_marginal(Marginal(state, np.zeros((0, 0)), settled=True))
    with pytest.warns(UserWarning, match="draws of them did not settle"):
        tell_marginal(Marginal(state, np.zeros((0, 0)), settled=False))
    few = unlearned(np.random.default_rng(0), shape=(3, 1, 5, 4))
    state = begin(few, None, np.random.default_rng(0))
    with pytest.warns(UserWarning, match="the data tell little of them"):
        tell_marginal(Marginal(state, np.zeros((0, 0)), settled=True))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:no term is worth")
def test_a_fit_to_noise_warns():
    with pytest.warns(UserWarning, match="integrated out, but"):
        fitted(made(0, noise=4.0, units=(4, 6), trajectories=3))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:the initial weights")
def test_errors_are_honest_where_those_of_fitted_weights_are_not():
    within = {"marginal": [], "fitted": []}
    for seed, (how, found) in itertools.product(range(8), within.items()):
        rule = fitted(made(seed), how)
        right = rule.terms_ == list(OJA)
        found.append(np.abs(off(rule)) < 2 if right else [False, False])
    assert np.mean(within["marginal"]) >= 0.85
    assert np.mean(within["marginal"]) >= np.mean(within["fitted"]) + 0.1


def test_a_search_that_does_not_settle_says_so(monkeypatch):
    monkeypatch.setattr(_marginal_terms, "MOST_SETS", 1)
    # From the wrong set of terms a second one has to be tried.
    monkeypatch.setattr("neurofit.plasticity.taylor._rule.select", lambda *args, **options: ((), None))
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        fitted(made(0, noise=0.5, units=(6, 4)))
    assert any("not settled after 1 sets" in str(one.message) for one in told)
