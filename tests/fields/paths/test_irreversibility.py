import numpy as np
import pytest
import xarray as xr
from scipy.linalg import expm, solve_continuous_lyapunov

from neurofit import io, schema
from neurofit.errors import RecordingError, SchemaError
from neurofit.fields.paths import irreversibility

SYMMETRIC = np.array([[-0.3, 0.1, 0.0], [0.1, -0.4, 0.05], [0.0, 0.05, -0.2]])
TURN = np.array([[0.0, 0.25, 0.0], [-0.25, 0.0, 0.1], [0.0, -0.1, 0.0]])


def fluctuating(jacobian, rng, *, sessions=400, trajectories=1, covariance=None, start=None):
    """Exact samples of dw = J w dt + noise, one apart, and E[dw w'] of them."""
    size = len(jacobian)
    covariance = np.eye(size) if covariance is None else covariance
    step = expm(jacobian)
    still = solve_continuous_lyapunov(jacobian, -covariance)
    roots = [np.linalg.cholesky(part) for part in (still, still - step @ still @ step.T)]
    w = np.empty((trajectories, sessions, size))
    w[:, 0] = rng.normal(size=(trajectories, size)) @ roots[0].T if start is None else start
    for t in range(1, sessions):
        w[:, t] = w[:, t - 1] @ step.T + rng.normal(size=(trajectories, size)) @ roots[1].T
    return labelled(w), (step - np.eye(size)) @ still


def labelled(w):
    array = xr.DataArray(w, dims=("trajectory", "session_index", "synapse"))
    return array if len(w) > 1 else array[0]


def test_momentum_is_the_antisymmetric_part_of_jacobian_times_covariance():
    covariance = np.diag([1.0, 2.0, 0.5])
    w, product = fluctuating(
        SYMMETRIC + TURN, np.random.default_rng(0), sessions=60_000, covariance=covariance
    )
    found = irreversibility(w, draws=99, rng=0)
    turning = (product - product.T) / 2
    assert found.angular_momentum.values == pytest.approx(turning, abs=0.03)
    assert found.angular_momentum.values == pytest.approx(-found.angular_momentum.values.T)
    assert float(found.squared_momentum) == pytest.approx((turning**2).sum(), rel=0.1)
    assert float(found.irreversibility) == pytest.approx((turning**2).sum() / (product**2).sum(), abs=0.03)
    low, high = found.irreversibility_interval.values
    assert low < float(found.irreversibility) < high


def test_short_steps_give_the_closed_form_of_linear_dynamics():
    # E[dw w'] / dt -> J C, with J C + C J' + D = 0.
    jacobian = SYMMETRIC + TURN
    still = solve_continuous_lyapunov(jacobian, -np.eye(3))
    _, product = fluctuating(jacobian / 50, np.random.default_rng(1), covariance=np.eye(3) / 50, sessions=2)
    assert product * 50 == pytest.approx(jacobian @ still, rel=0.02, abs=0.02)
    # A rotation w that relaxes at rate k: J C is -1/2 + w / 2k times a quarter turn.
    quarter = np.array([[0.0, -1.0], [1.0, 0.0]])
    w, _ = fluctuating(
        0.01 * (3 * quarter - np.eye(2)),
        np.random.default_rng(1),
        covariance=0.01 * np.eye(2),
        sessions=200_000,
    )
    found = irreversibility(w, draws=9, rng=0)
    assert float(found.irreversibility) == pytest.approx(0.9, abs=0.02)
    assert found.angular_momentum.values / 0.01 == pytest.approx(1.5 * quarter, abs=0.2)


def test_gradient_dynamics_pass_at_the_rate_of_the_test():
    found = [
        float(irreversibility(fluctuating(SYMMETRIC, np.random.default_rng(seed))[0], draws=199, rng=seed).p)
        for seed in range(200)
    ]
    assert 0.02 <= np.mean(np.array(found) <= 0.05) <= 0.09


def test_naive_square_is_above_zero_in_detailed_balance_and_the_unbiased_one_is_not():
    # The trap: |L|^2 of a finite path is never 0.
    naive, debiased, size = [], [], []
    for seed in range(60):
        w, product = fluctuating(SYMMETRIC, np.random.default_rng(seed), sessions=150)
        found = irreversibility(w, draws=9, rng=0)
        naive.append((found.angular_momentum.values**2).sum())
        debiased.append(float(found.squared_momentum))
        size.append((product**2).sum())
    error = np.std(debiased) / np.sqrt(60)
    assert np.mean(naive) > 8 * error
    assert abs(np.mean(debiased)) < 3 * error


def test_measurement_noise_leaves_momentum_alone_and_lowers_the_index():
    rng = np.random.default_rng(2)
    w, product = fluctuating(SYMMETRIC + TURN, rng, sessions=60_000)
    clean = irreversibility(w, draws=9, rng=0)
    noisy = irreversibility(w + rng.normal(size=w.shape), draws=9, rng=0)
    assert noisy.angular_momentum.values == pytest.approx((product - product.T) / 2, abs=0.05)
    assert float(noisy.squared_momentum) == pytest.approx(float(clean.squared_momentum), rel=0.15)
    assert float(noisy.irreversibility) < 0.7 * float(clean.irreversibility)


def test_a_path_played_backwards_turns_the_other_way():
    w, _ = fluctuating(SYMMETRIC + TURN, np.random.default_rng(3))
    forth, back = (irreversibility(one, draws=99, rng=0) for one in (w, w[::-1]))
    assert back.angular_momentum.values == pytest.approx(-forth.angular_momentum.values)
    assert float(forth.p) < 0.05


def test_momentum_is_per_time_and_the_index_has_no_units():
    w, _ = fluctuating(SYMMETRIC + TURN, np.random.default_rng(3))
    slow = w.assign_coords(session_index=5.0 * np.arange(w.sizes["session_index"]))
    one, other = (irreversibility(part, draws=9, rng=0) for part in (w, slow))
    assert other.angular_momentum.values == pytest.approx(one.angular_momentum.values / 5)
    assert float(other.irreversibility) == float(one.irreversibility)
    scaled = irreversibility(3 * w + 7, draws=9, rng=0)
    assert float(scaled.irreversibility) == pytest.approx(float(one.irreversibility))


def test_missing_entries_are_left_out_by_pairs():
    rng = np.random.default_rng(4)
    w, product = fluctuating(SYMMETRIC + TURN, rng, sessions=40_000)
    holes = w.where(rng.random(w.shape) > 0.2)
    found = irreversibility(holes, draws=9, rng=0)
    assert found.angular_momentum.values == pytest.approx((product - product.T) / 2, abs=0.05)
    never = w.copy()
    never[::2, 0] = np.nan  # never seen before and after one step
    assert np.isnan(irreversibility(never, draws=9, rng=0).angular_momentum[0, 1])


def test_trajectories_are_blocks():
    w, product = fluctuating(SYMMETRIC + TURN, np.random.default_rng(5), sessions=20, trajectories=200)
    found = irreversibility(w, draws=199, rng=0)
    share = ((product - product.T) ** 2).sum() / 4 / (product**2).sum()
    assert float(found.p) == pytest.approx(1 / 200)
    assert float(found.irreversibility) == pytest.approx(share, abs=0.06)
    assert bool(found.identified)


@pytest.mark.parametrize("trajectories", [1, 20])
def test_a_path_on_its_way_to_a_minimum_is_not_called_irreversible(trajectories):
    # The trap: under a gradient with unequal rates the way down is bent, and sweeps area.
    slow = np.diag([-0.004, -0.02, -0.1])
    w, _ = fluctuating(
        slow, np.random.default_rng(6), sessions=120, trajectories=trajectories, start=np.full(3, 60.0)
    )
    found = irreversibility(w, draws=299, rng=0)
    assert abs(found.angular_momentum).max() > 1
    assert not found.identified
    assert "drift" in found.reason


def test_many_synapses_are_worked_through_in_chunks(monkeypatch):
    w, _ = fluctuating(SYMMETRIC + TURN, np.random.default_rng(7))
    whole = irreversibility(w, draws=99, rng=0)
    monkeypatch.setattr("neurofit.fields.paths._area.CHUNK", 1)
    xr.testing.assert_allclose(irreversibility(w, draws=99, rng=0), whole)


def test_result_survives_saving(tmp_path):
    w, _ = fluctuating(SYMMETRIC, np.random.default_rng(8), sessions=60)
    w = w.assign_coords(synapse=["a", "b", "c"])
    found = irreversibility(w, draws=20, rng=1)
    assert io.load(io.save(found, tmp_path / "found.nc")).identical(found)
    assert found.identical(irreversibility(w, draws=20, rng=1))
    assert found.synapse_b.values.tolist() == ["a", "b", "c"]
    schema.check(found, "results")
    assert all(array.attrs["units"] and array.attrs["long_name"] for array in found.data_vars.values())
    assert "angular_momentum" not in irreversibility(w, matrix=False, draws=20, rng=1)


def test_wrong_input_is_told():
    w, _ = fluctuating(SYMMETRIC, np.random.default_rng(9), sessions=60)
    with pytest.raises(SchemaError, match="got dims"):
        irreversibility(w.rename(session_index="day"))
    with pytest.raises(SchemaError, match="does not increase"):
        irreversibility(w.assign_coords(session_index=np.zeros(60)))
    with pytest.raises(RecordingError, match="12 blocks of 9 transitions"):
        irreversibility(w[:10])
    with pytest.raises(RecordingError, match="6 blocks at least"):
        irreversibility(w, blocks=3)
    with pytest.raises(RecordingError, match="nothing turns"):
        irreversibility(w[:, :1])
    with pytest.raises(RecordingError, match="nothing turns"):
        irreversibility(0 * w)
