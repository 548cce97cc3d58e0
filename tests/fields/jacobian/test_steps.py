"""Weights over sessions: noise in them, long intervals, hidden state, missing sessions."""

import numpy as np
import pytest

from neurofit.errors import RecordingError, SchemaError
from neurofit.fields import WeightField, closed_field, walked
from neurofit.fields.jacobian import logarithm


def spinning(*, interval, sessions, noise=0.0, decay=0.05, rng=0):
    """A rotation at unit angular speed, kept going by noise, with measurement noise in sd of the weights."""
    field = closed_field("potential_and_rotation", synapses=2, decay=decay, rotation=1.0)
    made = walked(field, sessions=sessions, interval=interval, noise=np.sqrt(2 * decay), rng=rng)
    return made.weights + noise * float(made.weights.std()) * np.random.default_rng(1).normal(
        size=made.weights.shape
    )


def decomposed(weights, interval, **options):
    times = interval * np.arange(weights.sizes["session_index"])
    return WeightField.from_trajectory(weights, times, **options).decompose(rng=0)


def test_noise_in_weights_makes_a_rotation_look_like_a_gradient_without_an_instrument():
    weights = spinning(interval=0.05, sessions=6000, noise=0.3)
    naive = decomposed(weights, 0.05, instrument="none")
    assert naive.gradient_share > 0.6
    assert not naive.identified
    assert "hidden state, or noise is in the weights" in naive.reason.item()
    lagged = decomposed(weights, 0.05)
    assert lagged.gradient_share < 0.05
    assert lagged.verdict == "not"


def test_a_second_measurement_is_an_instrument_too():
    clean = spinning(interval=0.05, sessions=4000)
    rng = np.random.default_rng(3)
    first, second = (clean + 0.3 * float(clean.std()) * rng.normal(size=clean.shape) for _ in range(2))
    assert decomposed(first, 0.05, instrument=second).gradient_share < 0.05


def test_long_intervals_need_the_logarithm():
    """One step of a rotation by 1 rad less the identity has a symmetric share of (1 - cos 1) / 2 = .23."""
    weights = spinning(interval=1.0, sessions=3000, decay=0.001)
    short = decomposed(weights, 1.0, rate="difference").gradient_share
    assert short == pytest.approx((1 - np.cos(1)) / 2, abs=0.01)
    assert decomposed(weights, 1.0).gradient_share < 0.01


def test_the_logarithm_is_the_inverse_of_the_exponential():
    from scipy.linalg import expm

    jacobian = np.random.default_rng(0).normal(size=(4, 4))
    np.testing.assert_allclose(logarithm(expm(jacobian / 3)), jacobian / 3, atol=1e-10)


def test_weights_that_turn_by_nearly_half_a_turn_between_sessions_may_turn_faster():
    found = decomposed(spinning(interval=2.8, sessions=800, decay=0.01), 2.8)
    assert found.verdict == "not identifiable"
    assert "faster turns would look the same" in found.reason.item()


def test_a_step_that_changes_sides_has_no_logarithm():
    rng = np.random.default_rng(0)
    w = [rng.normal(size=2)]
    for _ in range(300):
        w.append(w[-1] * [-0.8, 0.7] + rng.normal(size=2))
    found = decomposed(labelled(np.array(w)), 1.0)
    assert "change sides" in found.reason.item()


def test_momentum_is_a_hidden_state_and_not_a_field():
    rng = np.random.default_rng(0)
    w, step = [np.ones(2)], np.zeros(2)
    for _ in range(600):
        step = 0.9 * step - 0.05 * w[-1] + 0.2 * rng.normal(size=2)
        w.append(w[-1] + step)
    found = decomposed(labelled(np.array(w)), 1.0)
    assert found.p_memory < 0.01
    assert not found.identified
    assert "hidden state" in found.reason.item()


def test_white_measurement_noise_is_not_taken_for_a_hidden_state():
    field = closed_field("linear", synapses=3, gradient_share=0.8, rng=1)
    p = []
    for seed in range(40):
        made = walked(field, sessions=300, interval=0.3, noise=0.5, measurement_noise=0.1, rng=seed)
        p.append(decomposed(made.weights, 0.3).p_memory.item())
    assert np.mean(np.array(p) < 0.05) < 0.2


def test_missing_weights_and_sessions_leave_the_answer_where_it_is():
    field = closed_field("linear", synapses=3, gradient_share=0.7, rng=0)
    made = walked(field, sessions=1500, interval=0.2, noise=0.5, missing=0.1, rng=1)
    found = decomposed(made.weights, 0.2)
    assert found.gradient_share_interval[0] < 0.7 < found.gradient_share_interval[1]
    kept = np.random.default_rng(2).random(1500) > 0.1
    gaps = WeightField.from_trajectory(made.weights[kept], made.times[kept]).decompose(rng=0)
    assert gaps.gradient_share == pytest.approx(found.gradient_share.item(), abs=0.15)


def test_dates_are_days_and_sessions_have_to_be_in_order():
    weights = spinning(interval=0.5, sessions=200)
    dates = np.datetime64("2026-01-01") + np.arange(200).astype("timedelta64[D]")
    by_date = WeightField.from_trajectory(weights, dates).decompose(rng=0)
    assert by_date.divergence == pytest.approx(decomposed(weights, 1.0).divergence.item())
    with pytest.raises(SchemaError, match="times have to increase"):
        WeightField.from_trajectory(weights, dates[::-1])


def test_labels_of_sessions_are_times_too():
    weights = spinning(interval=0.5, sessions=200).assign_coords(session_index=np.arange(200))
    with pytest.raises(SchemaError, match="times have to increase"):
        WeightField.from_trajectory(weights[::-1])
    dates = np.datetime64("2026-01-01") + np.arange(200).astype("timedelta64[D]")
    dated = weights.assign_coords(session_index=dates).isel(session_index=np.r_[0:100, 105:200])
    assert WeightField.from_trajectory(dated).data.sizes["session_index"] == 200


def test_intervals_that_change_late_are_seen():
    times = np.concatenate([np.arange(100.0), 99 + 1.5 * np.arange(1, 101)])
    with pytest.raises(RecordingError, match="not equal"):
        WeightField.from_trajectory(spinning(interval=0.5, sessions=200), times)


def test_short_trajectories_are_refused_for_their_own_mean_looks_like_a_pull():
    """Of a rotation with a share of .31, 20 sessions of 100 trajectories give .22 +- .05 (Nickell 1981)."""
    field = closed_field("potential_and_rotation", synapses=2, decay=0.67, rotation=1.0)
    made = walked(field, sessions=20, interval=0.5, noise=1.2, trajectories=100, rng=0)
    found = WeightField.from_trajectory(made.weights, made.times).decompose(rng=0)
    assert found.gradient_share_interval[1] < 0.31
    assert not found.identified
    assert "their own mean looks like what pulls them" in found.reason.item()


def test_the_fixed_point_of_a_relaxing_path_is_where_it_goes():
    """From 3 down to 1, without noise: the mean is on the way, and the fixed point is 1."""
    times = 0.5 * np.arange(60)
    path = np.stack([1 + 2 * np.exp(-times), 1 + 2 * np.exp(-0.3 * times)], axis=1)
    found = decomposed(labelled(path), 0.5, instrument="none")
    np.testing.assert_allclose(found.fixed_point + path[:-1].mean(0), 1.0, atol=0.02)


def test_synapses_of_very_different_size_are_as_strong():
    field = closed_field("linear", synapses=3, gradient_share=0.7, rng=0)
    made = walked(field, sessions=800, interval=0.3, noise=0.5, rng=1)
    sizes = np.array([1e-9, 1.0, 1e3])
    assert "say too little" not in decomposed(made.weights * sizes, 0.3).reason.item()


def test_infinite_weights_are_told():
    weights = spinning(interval=0.5, sessions=100).copy()
    weights[3, 0] = np.inf
    with pytest.raises(RecordingError, match="infinite"):
        decomposed(weights, 0.5)


def test_unequal_intervals_are_refused_by_the_logarithm_and_taken_by_differences():
    weights = spinning(interval=0.1, sessions=400, decay=0.5)
    times = np.cumsum(np.random.default_rng(0).uniform(0.05, 0.15, 400))
    with pytest.raises(RecordingError, match="intervals between sessions are not equal"):
        WeightField.from_trajectory(weights, times)
    assert WeightField.from_trajectory(weights, times, rate="difference").decompose(rng=0).rows == 398


def test_too_few_days_are_not_identifiable_and_the_number_is_told():
    found = decomposed(spinning(interval=0.5, sessions=12), 0.5)
    assert found.verdict == "not identifiable"
    assert "needs at least 20" in found.reason.item()
    assert np.isnan(found.gradient_share)


def test_weights_that_forget_themselves_between_sessions_are_not_identifiable():
    noise = np.random.default_rng(0).normal(size=(200, 3))
    assert "say too little of themselves" in decomposed(labelled(noise), 1.0).reason.item()


def test_a_synapse_that_vanishes_leaves_too_few_steps_for_its_pairs():
    weights = spinning(interval=0.5, sessions=200).copy()
    weights[15:, 1] = np.nan
    found = decomposed(weights, 0.5)
    assert not found.identified
    assert "seen are too few" in found.reason.item()


@pytest.mark.parametrize("rule", ["eligibility", "sliding threshold"])
def test_other_hidden_states_are_found_too(rule):
    rng = np.random.default_rng(1)
    w, hidden = [np.ones(2)], np.zeros(2)
    for _ in range(1500):
        now = w[-1]
        # A trace of earlier drive, or a threshold that follows the weights slowly.
        if rule == "eligibility":
            hidden = 0.9 * hidden + 0.1 * (-now + rng.normal(size=2))
            change = 0.3 * hidden
        else:
            hidden = 0.85 * hidden + 0.15 * now
            change = 0.05 * now - 0.2 * hidden
        w.append(now + change + 0.05 * rng.normal(size=2))
    assert decomposed(labelled(np.array(w)), 1.0).p_memory < 0.01


@pytest.mark.parametrize("wrong", [{"instrument": "lag9"}, {"rate": "slope"}])
def test_wrong_options_are_told(wrong):
    with pytest.raises(SchemaError):
        decomposed(spinning(interval=0.5, sessions=40), 0.5, **wrong)


def labelled(values):
    import xarray as xr

    return xr.DataArray(values, dims=("session_index", "synapse"))
