"""Transfer functions: sigmoid, or any rising spline."""

import numpy as np
import pytest

from neurofit.plasticity.rates import _marginal, rate_families
from neurofit.plasticity.rates._comparison import compare
from neurofit.plasticity.rates._families import LEFT, Scale
from neurofit.plasticity.rates._inputs import Counts, Unit
from neurofit.plasticity.rates._kernels import GRID, WEIGHT

SCALE = Scale(9.0, 6.0, 40.0)
H = np.linspace(-5, 5, 101)


@pytest.mark.parametrize("name", list(rate_families))
def test_derivatives_are_those_of_the_log_rate(name):
    family = rate_families[name]
    theta, _ = family.prior(SCALE)
    log_rate, by, slope = family.log_rate(theta, H)
    assert (np.diff(np.exp(log_rate)) >= 0).all()
    for at in range(family.size):
        step = 1e-6 * np.eye(family.size)[at]
        numeric = (family.log_rate(theta + step, H)[0] - log_rate) / 1e-6
        np.testing.assert_allclose(by[:, at], numeric, atol=1e-5)
    inside = LEFT < H
    numeric = (family.log_rate(theta, H + 1e-6)[0] - log_rate) / 1e-6
    np.testing.assert_allclose(slope[inside], numeric[inside], rtol=1e-3, atol=1e-4)


def power_law(h):
    """A threshold-power law, which no sigmoid follows."""
    return 1.0 + 4.0 * np.maximum(h + 0.5, 0) ** 2


def rule(rate):
    return 0.66 + np.tanh(0.28 * (rate - 18.0))


def unit_of_power_law(rng, *, stimuli, trials):
    h, other = rng.normal(size=(2, stimuli))
    rates = power_law(h), power_law(other + rule(power_law(other)))
    kinds = (
        Counts(rng.poisson(0.12 * trials * rate).astype(float), np.full(stimuli, trials), 0.12)
        for rate in rates
    )
    return Unit(*kinds, 1.0)


@pytest.mark.slow
def test_a_spline_follows_a_threshold_power_law_where_a_sigmoid_does_not():
    rng = np.random.default_rng(0)
    error, bic = [], []
    for _ in range(8):
        unit = unit_of_power_law(rng, stimuli=1000, trials=10)
        found = [_marginal.estimate(unit, 0, rng, family=family) for family in rate_families.values()]
        error.append([np.sqrt((one.rate - power_law(GRID)) ** 2 @ WEIGHT) for one in found])
        bic.append([compare(unit, 0, rng, family=family).bic.min() for family in rate_families.values()])
    (sigmoid, spline), (bic_sigmoid, bic_spline) = np.median(error, axis=0), np.transpose(bic)
    assert spline < 0.7 * sigmoid
    assert (bic_spline < bic_sigmoid).mean() >= 0.75


@pytest.mark.slow
def test_a_spline_costs_little_where_the_sigmoid_is_right(make_counts):
    from neurofit.plasticity.rates._inputs import prepare, unit_of

    population, counts = make_counts(units=15, stimuli=1000)
    values, familiar, window = prepare(counts)
    truth = population.change(np.tile(GRID, (15, 1)))
    rng = np.random.default_rng(0)
    units = [unit_of(one, familiar, window) for one in values]
    found = [
        np.stack([_marginal.estimate(unit, 0, rng, family=family).change for unit in units])
        for family in rate_families.values()
    ]
    sigmoid, spline = (np.sqrt(((one - truth) ** 2 @ WEIGHT).mean()) for one in found)
    assert spline < 1.5 * sigmoid
