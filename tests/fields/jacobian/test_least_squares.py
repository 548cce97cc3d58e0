"""Least squares and split halves: exact without noise, unbiased with it."""

import numpy as np
import pytest

from neurofit.fields._power import random_jacobian
from neurofit.fields.jacobian._least_squares import least_squares, split_half
from neurofit.fields.jacobian._sums import Sums


def test_without_noise_the_jacobian_is_exact_whatever_the_perturbations():
    rng = np.random.default_rng(0)
    jacobian = random_jacobian(5, 0.6, rng)
    x = rng.normal(size=(40, 5)) @ rng.normal(size=(5, 5)) + 3.0
    found = least_squares(x @ jacobian.T + 2.0, x, draws=9, rng=rng)
    np.testing.assert_allclose(found.jacobian, jacobian, atol=1e-10)
    np.testing.assert_allclose(found.drift, 2.0, atol=1e-10)
    np.testing.assert_allclose(found.sums, Sums.of(jacobian), atol=1e-10)


def test_what_noise_adds_is_taken_off():
    """By (tr Se tr M + tr Se M) / 2 from the symmetric part: without that, shares are pulled to one half."""
    rng = np.random.default_rng(1)
    jacobian, mixing = random_jacobian(6, 0.95, rng), rng.normal(size=(6, 6)) / 4
    sums, plain = [], []
    for _ in range(400):
        x = rng.normal(size=(40, 6))
        found = least_squares(x @ jacobian.T + rng.normal(size=x.shape) @ mixing.T, x, draws=1, rng=rng)
        sums.append(found.sums)
        plain.append(Sums.of(found.jacobian))
    error = np.std(sums, axis=0) / 20
    truth = np.array(Sums.of(jacobian))
    assert (np.abs(np.mean(sums, axis=0) - truth) < 4 * error).all()
    assert np.mean(plain, axis=0)[0] > truth[0] + 10 * error[0]


@pytest.mark.parametrize("trials", [30, 100])
def test_products_of_halves_have_no_bias(trials):
    """With fewer trials than synapses, and with more."""
    rng = np.random.default_rng(2)
    jacobian = random_jacobian(20, 0.8, rng)
    sums = []
    for _ in range(25):
        x = rng.normal(size=(trials, 20))
        y = x @ jacobian.T + rng.normal(size=x.shape) / np.sqrt(20)
        sums.append(split_half(y, x, x, draws=1, rng=rng).sums)
    error = np.std(sums, axis=0) / 5
    assert (np.abs(np.mean(sums, axis=0) - np.array(Sums.of(jacobian)))[:3] < 4 * error[:3]).all()


def test_draws_of_the_error_have_the_size_of_the_error():
    rng = np.random.default_rng(3)
    jacobian = random_jacobian(8, 0.7, rng)
    x = rng.normal(size=(80, 8))
    found = least_squares(x @ jacobian.T + rng.normal(size=x.shape), x, draws=200, rng=rng)
    assert (found.noise**2).sum((1, 2)).mean() == pytest.approx(
        ((found.jacobian - jacobian) ** 2).sum(), rel=0.4
    )
