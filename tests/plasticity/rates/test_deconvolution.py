"""Distributions of rates without the scatter of counts."""

import numpy as np
import pytest

from neurofit.plasticity.rates import _deconvolution, _generate, _quantile
from neurofit.plasticity.rates._inputs import Counts, prepare, unit_of

SUPPORT = np.linspace(0, np.sqrt(90), 81)[1:] ** 2


def test_the_scatter_of_counts_is_taken_out():
    rng = np.random.default_rng(0)
    rates = rng.gamma(9, 2, size=4000)
    counts = Counts(rng.poisson(2 * 0.12 * rates).astype(float), np.full(4000, 2), 0.12)
    weight = _deconvolution.mixture(counts, 1.0, SUPPORT)
    mean = weight @ SUPPORT
    spread = np.sqrt(weight @ (SUPPORT - mean) ** 2)
    assert mean == pytest.approx(18, rel=0.03)
    # The rates have an sd of 6 Hz; their estimates, counts over seconds, one of 10.5.
    assert counts.rate.std() > 10
    assert spread == pytest.approx(6, rel=0.15)


def test_weights_are_shares(make_counts):
    values, familiar, window = prepare(make_counts(units=1)[1])
    weight = _deconvolution.mixture(unit_of(values[0], familiar, window).novel, 1.0, SUPPORT)
    assert weight.sum() == pytest.approx(1)
    assert (weight >= 0).all()


@pytest.mark.slow
def test_with_many_stimuli_and_few_trials_it_is_less_biased_than_quantiles():
    rng = np.random.default_rng(0)
    population = _generate.Population.draw(60, rng)
    values, familiar, window = prepare(_generate.counts(population, stimuli=2000, trials=3, rng=rng))
    units = [unit_of(one, familiar, window) for one in values]
    bias = [
        np.nanmean([method.estimate(unit, 0, rng).threshold[2] for unit in units] - population.threshold())
        for method in (_deconvolution, _quantile)
    ]
    assert abs(bias[0]) < 0.5 * abs(bias[1])
