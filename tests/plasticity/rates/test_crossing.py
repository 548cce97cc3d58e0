"""The rate at which two distributions cross."""

import numpy as np
import pytest

from neurofit.plasticity.rates import _crossing, _generate


def test_the_crossing_of_two_normal_distributions_is_their_common_mean():
    rng = np.random.default_rng(0)
    novel, familiar = 20 + 3 * rng.normal(size=20_000), 20 + 6 * rng.normal(size=20_000)
    rate, lower, upper = _crossing.crossing(np.sort(novel), np.sort(familiar))
    assert rate == pytest.approx(20, abs=0.2)
    assert lower < 20 < upper


def test_the_crossing_moves_with_any_increasing_change_of_rates():
    rng = np.random.default_rng(0)
    novel, familiar = np.sort(rng.normal(size=300)), np.sort(2 * rng.normal(size=300))
    plain = _crossing.crossing(novel + 9, familiar + 9)
    np.testing.assert_allclose(_crossing.crossing(3 * novel + 27, 3 * familiar + 27), 3 * np.array(plain))


def test_distributions_that_do_not_cross_have_no_threshold():
    rates = np.linspace(5, 40, 100)
    assert np.isnan(_crossing.crossing(rates, rates + 4)).all()
    assert np.isnan(_crossing.crossing(rates, rates - 4)).all()


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
    found = np.array(
        [
            _crossing.crossing(np.sort(novel), np.sort(familiar))
            for novel, familiar in zip(*_generate.rates(units, 1000, rng, drive=drive), strict=True)
        ]
    )
    truth = units.threshold()
    hz = units.rate(truth[:, None])[:, 0]
    off = units.input_of(np.minimum(found[:, :1], 0.99 * units.r_m))[:, 0] - truth
    assert abs(np.nanmean(off)) < 0.05
    known = np.isfinite(found[:, 0])
    assert 0.90 <= ((found[:, 1] <= hz) & (hz <= found[:, 2]))[known].mean() <= 0.98
