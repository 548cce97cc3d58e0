"""A preference turns with its labels; flat curves have no selectivity and single responses all of it."""

import numpy as np
import pytest
import scipy.special
import scipy.stats
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import neurofit as nf
from neurofit.errors import RecordingError, SchemaError, UnknownNameError

PERIODS = {"orientation": 180.0, "direction": 360.0}


def shown(curves, angles, repeats=1):
    """Trials without noise of units with these curves (value, unit)."""
    values = np.tile(np.asarray(curves, dtype=float), (repeats, 1))
    coords = {"angle": ("trial", np.tile(angles, repeats)), "unit_id": ("unit", np.arange(values.shape[1]))}
    attrs = {"units": "Hz", "long_name": "firing rate"}
    return xr.DataArray(values, coords, ("trial", "unit"), attrs=attrs)


def von_mises(angles, preferred, period, sharpness=2.0):
    phase = 2 * np.pi * (np.asarray(angles)[:, np.newaxis] - preferred) / period
    return 20 * np.exp(sharpness * (np.cos(phase) - 1))


def tuned(responses, **options):
    return nf.prep.tuning(responses, by="angle", **{"permutations": 1, "rng": 0, **options})


def distance(a, b, period):
    return np.abs((a - b + period / 2) % period - period / 2)


@pytest.mark.parametrize(("kind", "period"), PERIODS.items())
def test_recovers_the_preference_of_a_von_mises_curve(kind, period):
    angles = np.arange(16) * period / 16
    preferred = np.random.default_rng(0).uniform(0, period, 50)
    found = tuned(shown(von_mises(angles, preferred, period), angles), kind=kind)
    # 16 samples of so smooth a curve have aliases of 1e-8 of the mean.
    assert distance(found["preference"].values, preferred, period).max() < 1e-4
    # |R| / sum is the ratio of Bessel functions I1 / I0 of the sharpness.
    ratio = scipy.special.i1(2.0) / scipy.special.i0(2.0)
    np.testing.assert_allclose(found["selectivity"], ratio, rtol=1e-6)


@pytest.mark.parametrize(("kind", "period"), PERIODS.items())
def test_agrees_with_scipy_on_circular_mean_and_variance(kind, period):
    angles = np.arange(8) * period / 8
    curve = np.random.default_rng(1).integers(1, 9, 8)
    as_sample = np.deg2rad(np.repeat(angles, curve))
    high = np.deg2rad(period)
    found = tuned(shown(curve[:, np.newaxis], angles), kind=kind)
    mean = np.rad2deg(scipy.stats.circmean(as_sample, high=high))
    np.testing.assert_allclose(found["preference"], mean)
    np.testing.assert_allclose(1 - found["selectivity"], scipy.stats.circvar(as_sample, high=high))


def test_a_flat_curve_has_selectivity_0_and_no_preference():
    with pytest.warns(UserWarning, match="no direction, in 1 units: 0") as told:
        found = tuned(shown(np.full((8, 1), 0.1), np.arange(8) * 22.5, 3), permutations=99)
    assert told[0].filename == __file__
    np.testing.assert_allclose(found["selectivity"], 0, atol=1e-12)
    assert np.isnan(found["preference"]).all()
    assert found["p"].item() == 1


@given(st.integers(3, 24), st.data())
def test_a_response_to_one_value_alone_has_selectivity_1(count, data):
    at = data.draw(st.integers(0, count - 1))
    angles = np.arange(count) * 180 / count
    found = tuned(shown(5.0 * (np.arange(count) == at)[:, np.newaxis], angles))
    np.testing.assert_allclose(found["selectivity"], 1)
    assert distance(found["preference"].item(), angles[at], 180) < 1e-6


@given(st.integers(-20, 20), st.sampled_from(["orientation", "direction"]))
def test_the_preference_turns_with_the_labels(steps, kind):
    period = PERIODS[kind]
    angles = np.arange(8) * period / 8
    curves = np.random.default_rng(2).uniform(1, 9, (8, 4))
    by = steps * period / 8
    before, after = tuned(shown(curves, angles), kind=kind), tuned(shown(curves, angles + by), kind=kind)
    assert distance(after["preference"], before["preference"] + by, period).max() < 1e-6
    np.testing.assert_allclose(after["selectivity"], before["selectivity"])


def test_selectivity_ignores_gain_and_falls_with_an_offset():
    angles = np.arange(8) * 22.5
    curves = von_mises(angles, np.array([30.0]), 180.0)
    plain, louder, raised = (tuned(shown(each, angles)) for each in (curves, 7 * curves, curves + 10))
    np.testing.assert_allclose(louder["selectivity"], plain["selectivity"])
    assert raised["selectivity"] < plain["selectivity"]
    np.testing.assert_allclose(raised["preference"], plain["preference"])


def test_opposite_directions_are_one_orientation():
    angles = np.arange(8) * 45.0
    curve = 1.0 * np.isin(angles, [90.0, 270.0])[:, np.newaxis]
    given_responses = shown(curve, angles)
    orientation = tuned(given_responses)
    assert orientation["value"].values.tolist() == [0, 45, 90, 135]
    assert orientation["repeats"].values.tolist() == [2, 2, 2, 2]
    assert (orientation["preference"].item(), orientation["selectivity"].item()) == pytest.approx((90, 1))
    with pytest.warns(UserWarning, match="no direction"):
        direction = tuned(given_responses, kind="direction")
    np.testing.assert_allclose(direction["selectivity"], 0, atol=1e-12)


def test_curve_and_sem_agree_with_scipy():
    rng = np.random.default_rng(3)
    angles = np.arange(6) * 30.0
    noisy = shown(np.zeros((6, 2)), angles, 5)
    noisy.values[:] = rng.poisson(9, noisy.shape)
    found = tuned(noisy)
    each = noisy.values.reshape(5, 6, 2)
    np.testing.assert_allclose(found["curve"], each.mean(axis=0).T)
    np.testing.assert_allclose(found["sem"], scipy.stats.sem(each, axis=0).T)
    assert found["curve"].dims == ("unit", "value")


def test_one_trial_has_no_standard_error():
    assert np.isnan(tuned(shown(np.eye(4)[:, :1] + 1, np.arange(4) * 45.0))["sem"]).all()


def test_p_is_uniform_without_tuning_and_small_with_it():
    rng = np.random.default_rng(4)
    angles = np.arange(8) * 22.5
    untuned = shown(np.zeros((8, 300)), angles, 5)
    untuned.values[:] = rng.poisson(3, untuned.shape)
    p = tuned(untuned, permutations=199)["p"].values
    assert scipy.stats.kstest(p, "uniform").pvalue > 0.001
    strong = shown(von_mises(angles, np.full(5, 30.0), 180.0), angles, 5)
    strong.values[:] = rng.poisson(strong.values)
    np.testing.assert_allclose(tuned(strong, permutations=199)["p"], 1 / 200)


def test_the_same_seed_gives_the_same_p():
    responses = shown(np.random.default_rng(5).uniform(1, 9, (8, 4)), np.arange(8) * 22.5)
    one, again, other = (tuned(responses, permutations=50, rng=seed) for seed in (1, 1, 2))
    assert one.identical(again)
    assert not one["p"].equals(other["p"])


def test_small_integers_do_not_wrap_around_and_time_is_averaged():
    rng = np.random.default_rng(6)
    values = rng.integers(0, 256, (24, 3, 5)).astype(np.uint8)
    coords = {"angle": ("trial", list(map(str, [0, 45, 90, 135])) * 6), "area": ("unit", ["V1", "LM", "V1"])}
    small = xr.DataArray(values, coords, ("trial", "unit", "time"))
    before = small.copy(deep=True)
    exact = tuned(small.astype(float).mean("time"))
    assert tuned(small.transpose("time", "unit", "trial")).drop_attrs().equals(exact.drop_attrs())
    assert exact["area"].dims == ("unit",)
    assert small.identical(before)


def test_selectivity_of_a_curve_below_zero_is_nan_and_named():
    angles = np.arange(8) * 22.5
    curves = np.hstack([von_mises(angles, np.array([40.0, 40.0]), 180.0), np.zeros((8, 1))])
    curves[:, 1] -= 5
    with pytest.warns(UserWarning, match="NaN where the curve") as told:
        found = tuned(shown(curves, angles))
    messages = [str(warning.message) for warning in told]
    assert any("below zero" in each and each.endswith("in 2 units: 1, 2.") for each in messages)
    assert all(warning.filename == __file__ for warning in told)
    assert np.isnan(found["selectivity"].values).tolist() == [False, True, True]
    np.testing.assert_allclose(found["preference"][:2], found["preference"][0])


def test_a_missing_response_leaves_that_unit_alone_undefined():
    responses = shown(np.random.default_rng(7).uniform(1, 9, (8, 3)), np.arange(8) * 22.5)
    whole = tuned(responses)
    responses[2, 1] = np.nan
    with pytest.warns(UserWarning, match="NaN where responses are, in 1 units: 1"):
        found = tuned(responses)
    for name in ("preference", "selectivity", "p"):
        assert np.isnan(found[name][1])
        np.testing.assert_array_equal(found[name][[0, 2]], whole[name][[0, 2]])


@pytest.mark.parametrize("angles", [[0, 45, 90], [0, 90], [0, 60, 120, 130], [0, 180, 360]])
def test_angles_that_would_make_a_flat_curve_look_tuned_are_refused(angles):
    with pytest.raises(RecordingError, match="evenly spaced over 180 degrees"):
        tuned(shown(np.ones((len(angles), 1)), angles))


def test_what_tuning_cannot_do_is_told():
    responses = shown(np.ones((4, 1)), np.arange(4) * 45.0)
    with pytest.raises(UnknownNameError, match="no kind of tuning called 'orientations'. Did you mean"):
        tuned(responses, kind="orientations")
    with pytest.raises(SchemaError, match="holds cat, dog"):
        tuned(responses.assign_coords(angle=("trial", ["cat", "dog"] * 2)))
    with pytest.raises(SchemaError, match="choose one entry of depth"):
        tuned(responses.expand_dims(depth=2))
    with pytest.raises(SchemaError, match="permutations=0"):
        tuned(responses, permutations=0)


@pytest.mark.parametrize("ending", [".nc", ".zarr"])
def test_results_say_what_they_are_and_survive_saving(ending, tmp_path):
    responses = shown(np.random.default_rng(8).uniform(1, 9, (8, 2)), np.arange(8) * 22.5, 2)
    found = tuned(responses)
    for array in found.data_vars.values():
        assert array.attrs["units"]
        assert array.attrs["long_name"]
    assert "Ringach" in nf.cite(found)
    assert nf.io.load(nf.io.save(found, tmp_path / f"found{ending}")).identical(found)


def sides(a, b, dtype=float):
    coords = {"side": ("trial", ["left"] * len(a) + ["right"] * len(b))}
    return xr.DataArray(np.concatenate([a, b]).astype(dtype), coords, ("trial", "unit"))


def left_against_right(responses):
    return nf.prep.dprime(responses, by="side", a="left", b="right")


def test_dprime_of_gaussians_is_the_closed_form():
    rng = np.random.default_rng(9)
    a, b = rng.normal(5, 1, (20_000, 1)), rng.normal(2, 2, (20_000, 1))
    # (5 - 2) / sqrt((1 + 4) / 2), with a standard error of 0.014 or so.
    assert left_against_right(sides(a, b)).item() == pytest.approx(3 / np.sqrt(2.5), abs=0.06)


def test_dprime_agrees_with_the_t_of_scipy():
    rng = np.random.default_rng(10)
    a, b = rng.normal(1, 1, (9, 6)), rng.normal(0, 2, (9, 6))
    # With n trials of each condition, t = d' sqrt(n / 2).
    t = scipy.stats.ttest_ind(a, b, axis=0).statistic
    np.testing.assert_allclose(left_against_right(sides(a, b)), t / np.sqrt(4.5))


def test_dprime_ignores_gain_and_offset_and_turns_with_its_sign():
    rng = np.random.default_rng(11)
    responses = sides(rng.normal(1, 1, (9, 4)), rng.normal(0, 1, (12, 4)))
    found = left_against_right(responses)
    np.testing.assert_allclose(left_against_right(3 * responses + 7), found)
    np.testing.assert_allclose(left_against_right(-responses), -found)
    np.testing.assert_allclose(nf.prep.dprime(responses, by="side", a="right", b="left"), -found)


def test_dprime_does_not_wrap_small_integers_around():
    values = np.random.default_rng(12).integers(0, 256, (2, 30, 4))
    small = left_against_right(sides(*values, dtype=np.uint8))
    xr.testing.assert_equal(small, left_against_right(sides(*values)))


def test_dprime_without_noise_is_nan_and_named():
    a = np.array([[0.1, 1], [0.1, 2], [0.1, 3]])
    with pytest.warns(
        UserWarning, match="neither condition varies or a response is NaN, in 1 units: 0"
    ) as told:
        found = left_against_right(sides(a, 2 * a))
    assert told[0].filename == __file__
    assert np.isnan(found.values).tolist() == [True, False]


def test_dprime_needs_two_trials_of_each_and_values_that_exist():
    responses = sides(np.ones((2, 1)), np.ones((1, 1)))
    with pytest.raises(RecordingError, match="side 'right' has 1"):
        left_against_right(responses)
    with pytest.raises(UnknownNameError, match="no side called 'lefty'. Did you mean 'left'"):
        nf.prep.dprime(responses, by="side", a="lefty", b="right")


def test_dprime_finds_numbers_by_value_and_says_what_it_is(tmp_path):
    responses = shown(np.random.default_rng(13).uniform(1, 9, (8, 2)), np.arange(8) * 22.5, 3)
    responses = responses + xr.DataArray(np.random.default_rng(14).normal(size=24), dims="trial")
    found = nf.prep.dprime(responses, by="angle", a=0, b=90)
    assert found.attrs["units"] == "1"
    assert "Green" in nf.cite(found)
    assert nf.io.load(nf.io.save(found, tmp_path / "found.nc")).identical(found)
