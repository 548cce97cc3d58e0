"""Pairs of trials: unbiased by enumeration, blind to noise, and where the naive forms go wrong."""

import itertools

import numpy as np
import pytest

from neurofit.fields._power import random_jacobian
from neurofit.fields.jacobian._curl import curl_form, flipped
from neurofit.fields.jacobian._pairs import carried_over, covariance_product, pairs
from neurofit.fields.jacobian._sums import Indices, Sums


def enumerated(x, z):
    """The mean over all choices of four different trials."""
    four = itertools.permutations(range(len(x)), 4)
    return np.mean(
        [
            (x[a, c] - x[a, d] - x[b, c] + x[b, d]) * (z[a, c] - z[a, d] - z[b, c] + z[b, d]) / 4
            for a, b, c, d in four
        ]
    )


@pytest.mark.parametrize("crossed", [False, True])
def test_sums_over_pairs_agree_with_enumeration(crossed):
    rng = np.random.default_rng(0)
    y, p = rng.normal(size=(2, 6, 3))
    x, z = (p @ y.T, y @ p.T) if crossed else (y @ y.T, p @ p.T)
    whole, left_out = covariance_product(x, z)
    assert whole == pytest.approx(enumerated(x, z))
    rows = np.arange(6) != 2
    assert left_out[2] == pytest.approx(enumerated(x[np.ix_(rows, rows)], z[np.ix_(rows, rows)]))


def test_leaving_a_trial_out_is_the_estimate_of_the_others():
    rng = np.random.default_rng(1)
    y, p = rng.normal(size=(2, 9, 4))
    whole, rest = pairs(y, p, draws=9, rng=rng), pairs(y[1:], p[1:], draws=9, rng=rng)
    for left_out, again in zip(whole.left_out, rest.sums, strict=True):
        assert left_out[0] == pytest.approx(float(again))


def test_the_diagonal_agrees_with_enumeration():
    rng = np.random.default_rng(2)
    y, p = rng.normal(size=(2, 6, 3))
    four = itertools.permutations(range(6), 4)
    by_hand = [
        ((y[a] - y[b]) * (p[a] - p[b]) * (y[c] - y[d]) * (p[c] - p[d])).sum() / 4 for a, b, c, d in four
    ]
    assert float(pairs(y, p, draws=9, rng=rng).sums.diagonal) == pytest.approx(np.mean(by_hand))


def test_a_constant_drift_changes_nothing():
    rng = np.random.default_rng(3)
    y, p = rng.normal(size=(2, 20, 5))
    plain, drifting = (pairs(one, p, draws=9, rng=np.random.default_rng(0)) for one in (y, y + 100.0))
    np.testing.assert_allclose(drifting.sums, plain.sums, rtol=1e-6, atol=1e-6)
    assert drifting.curl_null == pytest.approx(plain.curl_null, rel=1e-6)
    # Not centred, as one might, the drift is in every product.
    off = ~np.eye(20, dtype=bool)
    uncentred = [(((y + c) @ (y + c).T) * (p @ p.T))[off].mean() for c in (0.0, 100.0)]
    assert abs(uncentred[1]) > 100 * abs(uncentred[0])


def test_noise_of_any_covariance_leaves_the_sums_where_they_are():
    rng = np.random.default_rng(4)
    jacobian = random_jacobian(6, 0.7, rng)
    mixing = rng.normal(size=(6, 2)) * 3
    found = []
    for _ in range(400):
        x = rng.normal(size=(30, 6))
        y = x @ jacobian.T + rng.normal(size=(30, 2)) @ mixing.T
        found.append(pairs(y, x, draws=1, rng=rng).sums)
    means, errors = np.mean(found, axis=0), np.std(found, axis=0) / 20
    truth = np.array(Sums.of(jacobian))
    assert (np.abs(means - truth) < 4 * errors).all()


def test_least_squares_as_it_comes_is_pulled_to_one_half_and_pairs_are_not():
    """A gradient of 196 synapses, 400 trials, signal to noise of .2: .52 by the plug-in, 1 by pairs."""
    rng = np.random.default_rng(5)
    jacobian = random_jacobian(196, 1.0, rng)
    x = rng.normal(size=(400, 196))
    y = x @ jacobian.T + rng.normal(size=x.shape) / np.sqrt(196 * 0.2)
    naive = Indices.of(Sums.of(np.linalg.lstsq(x, y, rcond=None)[0].T)).gradient_share
    assert naive == pytest.approx(0.57, abs=0.06)
    found, low, high = pairs(y, x, draws=9, rng=rng).indices()
    assert found.gradient_share == pytest.approx(1.0, abs=0.05)
    assert low.gradient_share < 1 < high.gradient_share


def test_curl_is_not_found_in_a_gradient_because_trials_share_a_mean():
    """Products of centred trials are above 0 without curl: by an sd of itself with many synapses."""
    rng = np.random.default_rng(6)
    axis = rng.normal(size=(200, 40))
    jacobian = axis @ axis.T
    right, naive = [], []
    for _ in range(100):
        x = rng.normal(size=(30, 200))
        y = x @ jacobian.T
        found = pairs(y, x, draws=99, rng=rng)
        right.append(found.p_curl < 0.05)
        middle = np.eye(30) - 1 / 30
        form = curl_form(middle @ y, middle @ x)
        naive.append((1 + (found.curl_null * 30 * 27 >= form.sum()).sum()) / 100 < 0.05)
    assert np.mean(right) < 0.11
    assert np.mean(naive) > 0.15


def test_curl_is_found_where_there_is_some():
    rng = np.random.default_rng(7)
    x = rng.normal(size=(60, 30))
    y = x @ random_jacobian(30, 0.8, rng).T + rng.normal(size=x.shape) / np.sqrt(30)
    assert pairs(y, x, draws=199, rng=rng).p_curl < 0.01


def test_trials_that_are_independent_do_not_seem_to_carry_over_because_they_share_a_mean():
    """Centred products have a mean that many synapses make large: a plain sum would seem to be memory."""
    rng = np.random.default_rng(8)
    p, naive = [], []
    for _ in range(60):
        y = rng.normal(size=(60, 400))
        p.append(carried_over(y, draws=99, rng=rng))
        gram = (y - y.mean(0)) @ (y - y.mean(0)).T
        form = gram[1:, 1:] * gram[:-1, :-1]
        np.fill_diagonal(form, 0.0)
        naive.append((flipped(form, 99, rng) >= form.sum()).mean())
    assert np.mean(np.array(p) < 0.05) < 0.15
    assert np.mean(np.array(naive) < 0.05) > 0.9
