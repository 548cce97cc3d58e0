"""The rate at which two distributions cross."""

import numpy as np
import pytest

from neurofit.plasticity.rates import _crossing, _generate
from neurofit.plasticity.rates._inputs import Counts, prepare, unit_of


def crossing(novel, familiar):
    """Of rates that were counted for so long that there is no noise."""
    counts = (Counts(1e6 * rates, np.ones(len(rates)), 1e6) for rates in (novel, familiar))
    return _crossing.crossing(*counts, 1.0)


def test_the_crossing_of_two_normal_distributions_is_their_common_mean():
    rng = np.random.default_rng(0)
    novel, familiar = 20 + 3 * rng.normal(size=20_000), 20 + 6 * rng.normal(size=20_000)
    rate, lower, upper = crossing(novel, familiar)
    assert rate == pytest.approx(20, abs=0.2)
    assert lower < 20 < upper


def test_the_crossing_moves_with_any_increasing_change_of_rates():
    rng = np.random.default_rng(0)
    novel, familiar = rng.normal(size=300), 2 * rng.normal(size=300)
    plain = crossing(novel + 9, familiar + 9)
    np.testing.assert_allclose(crossing(3 * novel + 27, 3 * familiar + 27), 3 * np.array(plain))


def test_distributions_that_do_not_cross_have_no_threshold():
    rates = np.linspace(5, 40, 100)
    assert np.isnan(crossing(rates, rates + 4)).all()
    assert np.isnan(crossing(rates, rates - 4)).all()


def test_the_band_holds_the_whole_shift_in_95_of_100_samples():
    rng = np.random.default_rng(0)
    held = []
    for _ in range(200):
        band = _crossing.shift(*rng.normal(size=(2, 100)))[1]
        inside = (np.isnan(band[:, 0]) | (band[:, 0] <= 0)) & (np.isnan(band[:, 1]) | (band[:, 1] >= 0))
        held.append(inside.all())
    assert np.mean(held) >= 0.92


@pytest.mark.parametrize("drive", list(_generate.inputs))
def test_thresholds_are_right_whatever_the_input_is(drive):
    rng = np.random.default_rng(1)
    units = _generate.Population.draw(400, rng)
    rates = _generate.rates(units, 1000, rng, drive=drive)
    off, covered = judged(units, [crossing(*pair) for pair in zip(*rates, strict=True)])
    assert abs(np.nanmean(off)) < 0.05
    assert 0.90 <= covered <= 0.98


def judged(units, found):
    """Error of each threshold in sd of the input, and the share of intervals that hold the true one."""
    found, truth = np.array(found), units.threshold()
    hz = units.rate(truth[:, None])[:, 0]
    off = units.input_of(np.minimum(found[:, :1], 0.99 * units.r_m))[:, 0] - truth
    known = np.isfinite(found[:, 1])
    return off, ((found[:, 1] <= hz) & (hz <= found[:, 2]))[known].mean()


@pytest.fixture(scope="module")
def noisy():
    """Units whose inputs are skewed to weak ones: many thresholds lie where there are few stimuli."""
    rng = np.random.default_rng(2)
    units = _generate.Population.draw(250, rng)
    made = _generate.counts(units, stimuli=1000, trials=20, drive="mirrored_gamma", rng=rng)
    values, familiar, window = prepare(made)
    return units, [unit_of(one, familiar, window) for one in values]


def test_the_noise_of_counts_does_not_move_thresholds(noisy):
    units, counts = noisy
    off, covered = judged(units, [_crossing.crossing(*unit) for unit in counts])
    assert abs(np.nanmean(off)) < 0.05
    assert 0.90 <= covered <= 0.98
    # With a Fano factor of 0 nothing is taken off, and crossings are too high.
    plain, _ = judged(units, [_crossing.crossing(unit.novel, unit.familiar, 0.0) for unit in counts])
    assert np.nanmean(plain) > 0.07


def test_crossings_that_only_the_correction_makes_are_not_told(noisy):
    """Were they told, one in four thresholds would be too low, and half of the closed intervals wrong."""
    units, counts = noisy
    found = np.array([_crossing.crossing(*unit) for unit in counts])
    plain = np.array([_crossing.crossing(unit.novel, unit.familiar, 0.0)[0] for unit in counts])
    hidden = np.isnan(plain)
    assert hidden.mean() > 0.2
    assert np.isnan(found[hidden, 0]).all()
    assert np.isinf(found[hidden, 2])[~np.isnan(found[hidden, 1])].all()
    truth = units.rate(units.threshold()[:, None])[:, 0]
    bounded = np.isfinite(found[:, 2])
    assert ((found[:, 1] <= truth) & (truth <= found[:, 2]))[bounded].mean() >= 0.90


def test_a_distribution_without_its_noise_is_as_wide_as_that_of_the_rates():
    rng = np.random.default_rng(0)
    for fano in (1.0, 2.5):
        mean = 5 * rng.normal(50, 6, size=20_000)
        spread = rng.poisson if fano == 1 else lambda m: rng.negative_binomial(m / 1.5, 1 / 2.5)
        counts = Counts(spread(mean).astype(float), np.ones(len(mean)), 5.0)
        shares = _crossing.below(counts, np.array([38.0, 44.0, 50.0, 56.0, 62.0]), fano)[0]
        np.testing.assert_allclose(shares, [0.023, 0.159, 0.5, 0.841, 0.977], atol=0.02)
