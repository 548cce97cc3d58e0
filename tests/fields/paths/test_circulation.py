import numpy as np
import pytest
import xarray as xr

from neurofit import io, schema
from neurofit.errors import RecordingError, SchemaError
from neurofit.fields.paths import circulation

DIMS = ("step", "synapse")


def path_of(points, dims=DIMS):
    return xr.DataArray(np.asarray(points), dims=dims)


def loop(points=40, radius=1.0, synapses=3, seed=0):
    """A closed, uneven curve in several synapses."""
    rng = np.random.default_rng(seed)
    angle = np.linspace(0, 2 * np.pi, points)
    waves = np.stack([np.cos(angle), np.sin(angle), np.cos(2 * angle), np.sin(3 * angle)], axis=1)
    return path_of(radius * waves @ rng.normal(size=(4, synapses)))


@pytest.fixture
def quadratic():
    half = np.random.default_rng(1).normal(size=(3, 3))
    return half + half.T


def test_a_gradient_gives_zero_round_a_loop_by_midpoints_and_not_by_left_ends(quadratic):
    round_ = loop(points=12)
    steps = np.diff(round_.values, axis=0)
    left = (round_.values[:-1] @ quadratic * steps).sum()  # the trap
    assert abs(left) > 0.1
    assert left == pytest.approx(-0.5 * np.trace(quadratic @ steps.T @ steps))
    found = circulation(round_, lambda w: quadratic @ w)
    assert float(found.circulation) == pytest.approx(0.0, abs=1e-12)
    sampled = circulation(round_, path_of(round_.values @ quadratic))
    assert float(sampled.circulation) == pytest.approx(0.0, abs=1e-12)


def test_error_of_a_gradient_that_is_not_linear_falls_with_the_square_of_the_step():
    errors = [abs(float(circulation(loop(points), np.sinh).circulation)) for points in (51, 101, 201)]
    assert errors[0] > 1e-6
    assert np.array(errors[:-1]) / errors[1:] == pytest.approx(4.0, rel=0.4)


def test_rotation_gives_twice_the_area():
    angle = np.linspace(0, 2 * np.pi, 400)
    circle = path_of(np.stack([3 * np.cos(angle), 2 * np.sin(angle)], axis=1))
    found = circulation(circle, lambda w: np.array([-w[1], w[0]]))
    assert float(found.circulation) == pytest.approx(2 * np.pi * 6, rel=1e-3)
    assert bool(found.closed)
    backwards = circulation(circle[::-1], lambda w: np.array([-w[1], w[0]]))
    assert float(backwards.circulation) == pytest.approx(-float(found.circulation))


def test_an_open_path_gives_the_difference_of_the_potential(quadratic):
    walk = path_of(np.random.default_rng(2).normal(size=(30, 3)).cumsum(axis=0))
    found = circulation(walk, lambda w: quadratic @ w)
    start, end = walk.values[[0, -1]]
    assert float(found.circulation) == pytest.approx(
        0.5 * (end @ quadratic @ end - start @ quadratic @ start)
    )
    assert not found.closed
    closed = circulation(walk, lambda w: quadratic @ w, close=True)
    assert float(closed.circulation) == pytest.approx(0.0, abs=1e-9)
    assert bool(closed.closed)
    samples = circulation(walk, path_of(walk.values @ quadratic), close=True)
    assert float(samples.circulation) == pytest.approx(0.0, abs=1e-9)


def between(seed):
    rng = np.random.default_rng(seed)
    walks = rng.normal(size=(3, 20, 3)).cumsum(axis=1)
    walks[:, 0], walks[:, -1] = 0.0, 1.0
    return path_of(walks, ("trajectory", *DIMS))


def test_paths_between_the_same_points_agree_for_a_gradient_only(quadratic):
    turn = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.0], [0.0, 0.0, 0.0]])
    paths = between(0)
    assert float(circulation(paths, lambda w: quadratic @ w).path_dependence) == pytest.approx(0.0, abs=1e-9)
    assert float(circulation(paths, lambda w: (quadratic + turn) @ w).path_dependence) > 0.02
    apart = circulation(paths + path_of([0.0, 1.0, 2.0], "trajectory"), lambda w: quadratic @ w)
    assert np.isnan(apart.path_dependence)
    assert "ends" in apart.reason


@pytest.mark.parametrize("scale", [1.0, -3.0])
def test_steps_of_the_path_are_refused_as_its_field(scale):
    # The trap: noise alone gives the squared length of its own steps.
    noise = np.random.default_rng(3).normal(size=(20, 4)).cumsum(axis=0)
    path, steps = path_of(noise), np.diff(noise, axis=0)
    by_row = scale * np.linspace(1, 2, 19)[:, None] * steps
    around = np.concatenate([steps[:1], (steps[1:] + steps[:-1]) / 2, steps[-1:]])
    for own in (by_row, np.vstack([by_row, steps[:1]]), np.vstack([steps[:1], by_row]), scale * around):
        with pytest.raises(SchemaError, match="independent measurements"):
            circulation(path, path_of(own))
    other = np.random.default_rng(4).normal(size=(19, 4))
    assert abs(float(circulation(path, path_of(other)).relative)) < 0.6


def test_repeats_of_a_measured_field_give_an_interval():
    round_ = loop()
    turn = np.array([[0.0, 1.0, 0.0], [-1.0, 0.0, 0.5], [0.0, -0.5, 0.0]])
    rng = np.random.default_rng(5)
    false, covered = [], []
    for _ in range(200):
        noise = rng.normal(size=(8, *round_.shape))
        still = circulation(round_, path_of(noise, ("trial", *DIMS)))
        false.append(float(still.p) <= 0.05)
        turning = circulation(round_, path_of(round_.values @ turn.T + noise, ("trial", *DIMS)))
        low, high = turning.circulation_interval.values
        covered.append(low <= float(circulation(round_, path_of(round_.values @ turn.T)).circulation) <= high)
    assert 0.02 <= np.mean(false) <= 0.09
    assert 0.91 <= np.mean(covered) <= 0.98


def test_change_with_fewer_points_tells_the_error():
    found = circulation(loop(101), np.sinh)
    error = abs(float(found.circulation))
    assert error < abs(float(found.coarse_change)) < 6 * error


def test_result_survives_saving(tmp_path):
    paths = between(1).assign_coords(trajectory=["a", "b", "c"])
    fields = xr.concat([paths**2, paths + 1], "trial")
    found = circulation(paths, fields)
    assert io.load(io.save(found, tmp_path / "found.nc")).identical(found)
    schema.check(found, "results")
    assert found.trajectory.values.tolist() == ["a", "b", "c"]
    assert all(array.attrs["units"] and array.attrs["long_name"] for array in found.data_vars.values())


def test_wrong_input_is_told():
    round_ = loop()
    with pytest.raises(SchemaError, match="got dims"):
        circulation(round_.rename(step="moment"), round_)
    with pytest.raises(SchemaError, match="those of 'path'"):
        circulation(round_, round_[0])
    with pytest.raises(SchemaError, match="at every midpoint"):
        circulation(round_, round_[2:])
    with pytest.raises(SchemaError, match="one change for each weight"):
        circulation(round_, lambda w: w[:2])
    with pytest.raises(SchemaError, match="'path' has NaN"):
        circulation(round_.where(round_ > 0), round_)
    with pytest.raises(RecordingError, match="does not move"):
        circulation(0 * round_, round_)
    still = circulation(round_, 0 * round_)
    assert float(still.relative) == 0.0
    assert "field is 0" in still.reason
