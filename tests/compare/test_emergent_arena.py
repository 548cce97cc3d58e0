"""Place fields and grids are found; slow or smooth units are not taken for them."""

import numpy as np
import pytest
import scipy.ndimage
import scipy.stats
import xarray as xr

from neurofit import compare
from neurofit.compare.emergent._kernels import gridness, maps
from neurofit.errors import RecordingError, UnknownNameError

SIDE = 20
ALL = np.ones((SIDE, SIDE), bool)


def measured(responses, **options):
    return compare.unit_tuning(responses, **{"draws": 99, "rng": 0, "progress": False, **options})


@pytest.fixture(scope="module")
def probes():
    return compare.probe_positions(positions=SIDE)


def at(values, probes):
    return xr.DataArray(np.asarray(values, float), probes.drop_vars("component").coords, ("stimulus", "unit"))


def bumps(centres, width, probes):
    squares = ((probes.values[:, None] - np.asarray(centres)) ** 2).sum(axis=-1)
    return np.exp(-squares / (2 * width**2))


def grids(spacing, turns, probes, *, symmetry=3, rng=None):
    """Cosine gratings 60 degrees apart (or 90: symmetry 2), with random phases."""
    rng = np.random.default_rng(rng)
    wave = 2 * np.pi / spacing * (2 / np.sqrt(3) if symmetry == 3 else 1)
    angles = np.asarray(turns)[:, None] + np.arange(symmetry) * np.pi / symmetry
    direction = np.stack([np.cos(angles), np.sin(angles)])
    shifted = probes.values[:, None] - rng.uniform(size=(len(turns), 2))
    return np.cos(wave * np.einsum("sud,dua->sua", shifted, direction)).sum(axis=-1)


def smooth(units, width, *, seed=0):
    """Isotropic Gaussian fields: smooth maps without any order, from the middle of larger ones."""
    white = np.random.default_rng(seed).normal(size=(units, 3 * SIDE, 3 * SIDE))
    fields = scipy.ndimage.gaussian_filter(white, (0, width, width))[:, SIDE:-SIDE, SIDE:-SIDE]
    return fields.reshape(units, -1).T


def test_information_of_a_unit_that_fires_in_one_of_four_places_is_two_bits():
    x, y = np.tile([0.0, 1.0, 0.0, 1.0], 9), np.tile([0.0, 0.0, 1.0, 1.0], 9)
    here = ((x == 1) & (y == 0)).astype(float)
    values = np.stack([here, 40 * here, np.ones(36), here + 1], axis=1)
    responses = xr.DataArray(values, {"x": ("trial", x), "y": ("trial", y)}, ("trial", "unit"))
    found = measured(responses, kind=compare.tunings["place"](bins=2, smallest=1))
    # The last fires at 1.6 of its mean in one place and at 0.8 in three.
    expected = [2, 2, 0, 0.25 * 1.6 * np.log2(1.6) + 0.75 * 0.8 * np.log2(0.8)]
    np.testing.assert_allclose(found["statistic"], expected, atol=1e-12)
    assert found["tuned"].values.tolist() == [True, True, False, False]
    assert found["p"][2] == 1


def test_place_cells_have_a_field_each_and_units_of_half_the_arena_are_none(probes):
    centres = np.random.default_rng(0).uniform(0.2, 0.8, (8, 2))
    two = bumps([[0.2, 0.2]], 0.08, probes) + bumps([[0.8, 0.8]], 0.08, probes)
    wide = bumps([[0.5, 0.5]], 0.5, probes)
    found = measured(at(np.hstack([bumps(centres, 0.1, probes), two, wide]), probes), kind="place")
    assert found["fields"].values.tolist() == [1] * 8 + [2, 1]
    assert found["tuned"].values.tolist() == [True] * 9 + [False]
    assert found["p"][-1] == 0.01
    # At half height a Gaussian covers pi 2 ln 2 SD^2: 4.4 % here, in bins of 1 %.
    np.testing.assert_allclose(found["largest_field"][:8], 0.0436, atol=0.02)


def test_units_without_place_are_called_informative_as_often_as_alpha_says(probes):
    rates = np.random.default_rng(1).gamma(2.0, size=(SIDE**2, 1000))
    p = measured(at(rates, probes), kind="place", draws=199)["p"].values
    assert scipy.stats.binomtest(int((p < 0.05).sum()), 1000, 0.05).pvalue > 1e-3


def test_slow_units_on_a_path_look_placed_unless_the_path_is_shifted():
    rng = np.random.default_rng(2)
    x, y = scipy.ndimage.gaussian_filter1d(rng.normal(size=(2, 3000)), 20, axis=1)
    slow = np.exp(3 * scipy.ndimage.gaussian_filter1d(rng.normal(size=(3000, 300)), 20, axis=0))
    responses = xr.DataArray(slow, {"x": ("trial", x), "y": ("trial", y)}, ("trial", "unit"))
    share = {
        shuffle: (measured(responses, kind=compare.tunings["place"](shuffle=shuffle))["p"] < 0.05)
        .mean()
        .item()
        for shuffle in ("labels", "shift")
    }
    assert share["labels"] > 0.9
    # One path is shared by all units, so that their p agree more than independent ones would.
    assert share["shift"] < 0.1


@pytest.mark.parametrize("spacing", [0.3, 0.5])
def test_grid_cells_are_found_with_their_spacing(probes, spacing):
    turns = np.linspace(0, np.pi / 3, 6, endpoint=False)
    found = measured(at(grids(spacing, turns, probes, rng=0), probes), kind="grid")
    assert found["tuned"].all()
    assert (found["statistic"] > 1).all()
    # To a bin, which is a twentieth.
    np.testing.assert_allclose(found["spacing"], spacing, atol=0.051)


def test_gridness_ignores_gain_and_offset_and_hardly_notices_turns(probes):
    values = grids(0.4, np.linspace(0, 1, 5), probes, rng=1)
    one, other = (measured(at(v, probes), kind="grid", draws=5) for v in (values, 9 * values + 4))
    np.testing.assert_allclose(one["statistic"], other["statistic"], atol=1e-9)
    # The lattice of bins has no 60-degree symmetry; a grid of 8 bins a period feels it little.
    assert np.ptp(one["statistic"].values) < 0.2


def test_square_lattices_place_cells_and_stripes_are_no_grids(probes):
    square = grids(0.3, np.linspace(0, 1.5, 5), probes, symmetry=2, rng=2)
    stripes = np.cos(2 * np.pi * probes.values[:, :1] / 0.3)
    place = bumps(np.random.default_rng(3).uniform(0.3, 0.7, (5, 2)), 0.1, probes)
    found = measured(at(np.hstack([square, stripes, place]), probes), kind="grid", draws=39)
    assert not found["tuned"].any()
    assert (found["statistic"][:5] < 0).all()


@pytest.mark.parametrize(
    "width", [pytest.param(0.0, marks=pytest.mark.slow), 1.0, pytest.param(2.0, marks=pytest.mark.slow)]
)
def test_smooth_maps_are_called_grids_no_more_often_than_alpha_says(probes, width):
    responses = at(smooth(80, width), probes)
    tuned = measured(responses, kind="grid", draws=39)["tuned"].values
    assert scipy.stats.binomtest(int(tuned.sum()), 80, 0.05, "greater").pvalue > 1e-3


def test_against_shuffled_positions_smooth_maps_would_look_like_grids():
    rng = np.random.default_rng(4)
    found, _ = gridness.gridness(gridness.autocorrelograms(smooth(100, 1.0).T.reshape(-1, SIDE, SIDE), ALL))
    white = rng.normal(size=(500, SIDE, SIDE))
    shuffled, _ = gridness.gridness(gridness.autocorrelograms(white, ALL))
    assert (found > np.quantile(shuffled, 0.95)).mean() > 0.2


def test_autocorrelogram_is_the_pearson_correlation_over_the_overlap():
    rng = np.random.default_rng(5)
    rate, seen = 7 + rng.normal(size=(9, 12)), rng.random((9, 12)) > 0.2
    (found,) = gridness.autocorrelograms(np.where(seen, rate, 0.0)[None], seen)
    assert found.shape == (17, 23)
    assert found[8, 11] == pytest.approx(1)
    for down, right in [(0, 3), (2, 1), (4, 5)]:
        here, there = np.s_[: 9 - down, : 12 - right], np.s_[down:, right:]
        both = seen[here] & seen[there]
        r = np.corrcoef(rate[here][both], rate[there][both])[0, 1]
        assert found[8 + down, 11 + right] == pytest.approx(r)
        assert found[8 - down, 11 - right] == pytest.approx(r)


def test_surrogates_are_as_smooth_as_their_map_and_have_no_direction():
    stripes = np.cos(np.arange(SIDE) * 2 * np.pi / 6)[None] * np.ones((SIDE, 1))
    drawn = gridness.isotropic_surrogates(stripes, ALL, 400, np.random.default_rng(6))
    mean = gridness.autocorrelograms(drawn, ALL).mean(axis=0)
    across, along = mean[SIDE - 1, SIDE : SIDE + 8], mean[SIDE : SIDE + 8, SIDE - 1]
    # 400 maps of a few independent blobs: a standard error of 0.03 or so.
    np.testing.assert_allclose(across, along, atol=0.1)
    # A wave of period 6 in random directions is Bessel's J0: below zero at half of the period.
    assert across[2] < -0.1


def test_a_field_is_counted_once_and_specks_are_left_out():
    rate = np.zeros((6, 6))
    rate[:2, :2], rate[4, 4], rate[5, 0] = 1.0, 0.9, 0.3
    seen = np.ones((6, 6), bool)
    assert maps.fields(rate, seen, 0.5, 1) == (2, 4 / 36)
    assert maps.fields(rate, seen, 0.5, 2) == (1, 4 / 36)


def test_units_below_zero_are_named_as_without_information(probes):
    values = np.hstack([bumps([[0.5, 0.5]], 0.1, probes), -np.ones((SIDE**2, 1))])
    with pytest.warns(UserWarning, match="1 units fall below zero") as told:
        found = compare.unit_tuning(at(values, probes), kind="place", draws=9, rng=0, progress=False)
    assert told[0].filename == __file__
    assert np.isnan(found["statistic"]).values.tolist() == [False, True]
    assert not found["tuned"][1]


def test_an_arena_that_cannot_tell_is_refused(probes):
    responses = at(bumps([[0.5, 0.5]], 0.1, probes), probes)
    with pytest.raises(RecordingError, match="no two samples share one of 400 bins"):
        measured(responses, kind=compare.tunings["place"](bins=SIDE))
    with pytest.raises(RecordingError, match="5 x 5 bins"):
        measured(responses, kind=compare.tunings["grid"](bins=5))
    with pytest.raises(RecordingError, match="two sides"):
        measured(responses[:SIDE], kind="place")
    with pytest.raises(UnknownNameError, match="no shuffle called 'shifts'"):
        measured(responses, kind=compare.tunings["place"](shuffle="shifts"))


def test_arenas_may_be_longer_than_wide(probes):
    half = at(grids(0.3, [0.1, 0.4], probes, rng=7), probes)
    found = measured(half[probes["y"].values < 0.75], kind="grid")
    assert found["tuned"].all()
