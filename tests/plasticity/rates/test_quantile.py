"""Equal ranks, read as inputs."""

import numpy as np
import pytest

from neurofit.plasticity.rates import _generate, _kernels, _quantile
from neurofit.plasticity.rates._inputs import prepare, unit_of


def root_mean_square(found, truth):
    return np.sqrt(np.nanmean((found - truth) ** 2))


@pytest.mark.parametrize(("stimuli", "error"), [(125, 0.24), (1000, 0.11), (4000, 0.05)])
def test_error_without_noise_is_that_of_sampling(stimuli, error):
    rng = np.random.default_rng(1)
    units = _generate.Population.draw(300, rng)
    # Over the stimuli from the lowest to the highest hundredth: beyond, nothing is known of the curve.
    at = _kernels.ndtri(np.linspace(0.01, 0.99, 99))
    found = [
        _kernels.quantile_change(*pair, at)[0]
        for pair in zip(*_generate.rates(units, stimuli, rng), strict=True)
    ]
    truth = units.change(np.tile(at, (300, 1)))
    assert root_mean_square(np.stack(found), truth) == pytest.approx(error, rel=0.15)


def test_a_constant_change_comes_back_where_both_kinds_have_the_same_stimuli():
    h = _kernels.normal_scores(4000)
    found, outside = _kernels.quantile_change(np.exp(h), np.exp(h - 0.3), _kernels.GRID)
    np.testing.assert_allclose(found[~outside], -0.3, atol=1e-3)


def test_the_curve_does_not_depend_on_the_scale_of_rates_nor_on_the_order_of_stimuli():
    rng = np.random.default_rng(0)
    novel, familiar = rng.gamma(2, size=(2, 60))
    found = _kernels.quantile_change(novel, familiar, _kernels.GRID)[0]
    other = _kernels.quantile_change(7 * rng.permutation(novel), 7 * familiar[::-1], _kernels.GRID)[0]
    np.testing.assert_allclose(other, found)


def test_rates_outside_the_novel_ones_are_flagged_and_never_clamped():
    h = _kernels.normal_scores(500)
    found, outside = _kernels.quantile_change(h, h + 2.0, _kernels.GRID)
    high = h.max() - 2.0 < _kernels.GRID
    assert high.any()
    assert outside[high].all()
    assert np.isnan(found[high]).all()
    # Clamped, as np.interp does it, the change would seem to fall towards high inputs.
    np.testing.assert_allclose(found[~outside], 2.0, atol=0.02)


def test_ties_share_their_middle_rank():
    silent = np.concatenate([np.zeros(50), np.arange(1.0, 51.0)])
    z, levels = _kernels.transfer(silent)
    assert levels[0] == 0
    # The 50 silent stimuli lie around rank 25.5 of 100; ranked one by one they would reach rank 50.
    assert z[0] == pytest.approx(_kernels.ndtri(0.25))


def test_the_threshold_is_the_crossing_from_depression_to_potentiation():
    change = _kernels.GRID - 0.73
    at = _kernels.deepest_crossing(change[None], _kernels.WEIGHT)
    assert np.interp(at, np.arange(41), _kernels.GRID) == pytest.approx(0.73)
    assert np.isnan(_kernels.deepest_crossing(-change[None], _kernels.WEIGHT)).all()


def test_a_curve_that_touches_0_crosses_only_if_it_rises():
    touching = np.round(_kernels.GRID - 1.0, 9)
    at = _kernels.deepest_crossing(touching[None], _kernels.WEIGHT)
    assert np.interp(at, np.arange(41), _kernels.GRID) == pytest.approx(1.0)
    assert np.isnan(_kernels.deepest_crossing(np.minimum(touching, 0)[None], _kernels.WEIGHT)).all()


def test_offset_and_gain_are_those_of_a_line():
    offset, gain = _kernels.offset_and_gain(-0.2 + 0.4 * _kernels.GRID[None])
    assert (offset, gain) == (pytest.approx(-0.2), pytest.approx(0.4))


@pytest.mark.parametrize(("at", "error"), [(0.0, 0.16), (2.0, 0.32)])
def test_sampling_error_is_known(at, error):
    assert _kernels.sampling_error(125.0, np.array([at]))[0] == pytest.approx(error, rel=0.15)


@pytest.mark.slow
def test_intervals_cover_the_rule(make_counts):
    population, counts = make_counts(units=40, stimuli=250, trials=200)
    values, familiar, window = prepare(counts)
    truth = population.change(np.tile(_kernels.GRID, (40, 1)))
    inside = []
    for one, curve in zip(values, truth, strict=True):
        interval = _quantile.estimate(unit_of(one, familiar, window), 100, np.random.default_rng(0)).interval
        known = np.isfinite(interval).all(axis=1)
        inside.append(((interval[:, 0] <= curve) & (curve <= interval[:, 1]))[known])
    assert 0.88 <= np.concatenate(inside).mean() <= 0.99
