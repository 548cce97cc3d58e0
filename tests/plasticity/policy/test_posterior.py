"""Weights given a rule: derivatives, limits and an integral done by brute force."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from neurofit.plasticity.policy import _banded, _posterior, policy_rules, simulate_choices

RULES = {"random_walk": 0.0, "reinforce": 0.0, "reinforce_baseline": 0.3, "delta": 0.0, "eligibility": 0.6}


def dynamics(rule="random_walk", *, trials=60, sd=0.1, rate=0.2, initial_sd=2.0, held_out=(), seed=0):
    made = simulate_choices(
        rule, rates=rate, walk_sd=sd, further=RULES[rule], trials=trials, sessions=2, rng=seed
    )
    y, r, law = made.choice.values.astype(float), made.reward.values, policy_rules[rule]
    seen = np.ones(trials)
    seen[list(held_out)] = 0
    decay = np.full(trials, law.decay(RULES[rule]))
    decay[[0, trials // 2]] = 0
    step_sd = np.full((trials - 1, 2), sd)
    gain = law.gain(r, RULES[rule])
    model = _posterior.Dynamics(
        made.stimuli.values,
        y,
        seen,
        law.target(y, r),
        gain,
        decay,
        np.array([rate, rate / 2]),
        step_sd,
        initial_sd,
    )
    return model, made


@pytest.mark.parametrize("rule", list(RULES))
def test_derivatives_are_those_of_the_objective(rule):
    model, made = dynamics(rule, held_out=(7, 8))
    rng = np.random.default_rng(1)
    at, along, h = made.weight.values + 0.1 * rng.normal(size=(60, 2)), rng.normal(size=(60, 2)), 1e-6
    up, down = (_posterior._point(model, at + sign * h * along) for sign in (1, -1))
    point = _posterior._point(model, at)
    gradient, curvature = _posterior._gradient(model, at, point)
    np.testing.assert_allclose((up.objective - down.objective) / 2 / h, (gradient * along).sum(), rtol=1e-5)
    change = (
        _posterior._gradient(model, at + h * along, up)[0]
        - _posterior._gradient(model, at - h * along, down)[0]
    )
    hessian = _banded.factor(*_posterior._blocks(model, point, curvature))
    np.testing.assert_allclose(_posterior._solve(hessian, change / 2 / h), along, atol=1e-3)


def test_weights_that_cannot_move_are_those_of_logistic_regression():
    model, made = dynamics(trials=400, sd=1e-5, initial_sd=2.0)
    peer = LogisticRegression(C=4.0, fit_intercept=False, tol=1e-10).fit(made.stimuli, made.choice)
    found = _posterior.posterior(model, np.zeros((400, 2)))
    np.testing.assert_allclose(found.weights, np.tile(peer.coef_, (400, 1)), atol=1e-3)


@pytest.mark.parametrize("rule", ["random_walk", "reinforce_baseline", "delta", "eligibility"])
def test_evidence_is_the_integral_over_the_weights(rule):
    """Importance sampling: walks by the rule from the prior, weighed by the probability of the choices."""
    model, _ = dynamics(rule, trials=12, sd=0.2, rate=0.4, initial_sd=0.7)
    rng = np.random.default_rng(0)
    draws = 200_000
    w, trace, log_p = model.initial_sd * rng.normal(size=(draws, 2)), np.zeros((draws, 2)), np.zeros(draws)
    for t, x in enumerate(model.inputs):
        drive = w @ x
        log_p += model.choices[t] * drive - np.logaddexp(0, drive)
        trace = model.decay[t] * trace + (model.target[t] - expit(drive))[:, None] * x
        w = w + model.rate * model.gain[t] * trace + 0.2 * rng.normal(size=(draws, 2))
    exact = np.log(np.exp(log_p).mean())
    found = _posterior.posterior(model, np.zeros((12, 2))).log_evidence
    # Laplace's own error at 12 trials; without the rule's second derivatives or its determinant it is more.
    assert abs(found - exact) < 0.06


def test_held_out_choices_and_rewards_do_not_matter():
    model, _ = dynamics("eligibility", held_out=(20, 21, 40))
    other = model.choices.copy(), model.gain.copy()
    for array in other:
        array[[20, 21, 40]] = 1 - array[[20, 21, 40]]
    changed = replace(model, choices=other[0], target=other[0], gain=other[1])
    first, second = (_posterior.posterior(each, np.zeros((60, 2))) for each in (model, changed))
    np.testing.assert_array_equal(first.weights, second.weights)
    assert first.log_evidence == second.log_evidence


def test_no_trace_is_plain_reinforce_and_no_baseline_too():
    model, _ = dynamics("reinforce")
    plain = _posterior.posterior(model, np.zeros((60, 2))).log_evidence
    nearly = replace(model, decay=np.where(model.decay + np.arange(60) % 30 > 0, 1e-9, 0.0))
    traced = _posterior.posterior(nearly, np.zeros((60, 2)))
    assert traced.hessian.size == 4
    np.testing.assert_allclose(traced.log_evidence, plain, atol=1e-5)
