"""The 24 statistics: each by hand, blind to how many units were recorded, and only of what there is."""

import warnings

import numpy as np
import pytest
import xarray as xr

from neurofit import io, nets, schema
from neurofit.errors import RecordingError, SchemaError
from neurofit.plasticity.classifier import observables


def made(*, steps=6, stimuli=7, units=(4, 3), seed=0):
    """A trajectory of two layers, ``a`` and ``b``, of random numbers."""
    rng = np.random.default_rng(seed)
    area = np.repeat(["a", "b"], units)
    post = np.concatenate([np.repeat(np.arange(n), 5) for n in units])
    return xr.Dataset(
        {
            "weights": (("step", "synapse"), rng.normal(1.0, 2.0, (steps, 5 * sum(units)))),
            "activations": (("step", "stimulus", "unit"), rng.normal(0.5, 1.0, (steps, stimuli, sum(units)))),
        },
        {
            "step": np.arange(steps),
            "area": ("unit", area),
            "layer": ("synapse", np.repeat(area, 5)),
            "post": ("synapse", post),
            "pre": ("synapse", np.tile(np.arange(5), sum(units))),
        },
    )


def feature(found, layer, statistic, point=0):
    return found[(found.layer == layer).values, :][
        :, ((found.statistic == statistic) & (found.point == point)).values
    ].item()


def test_there_are_24_statistics_of_three_kinds():
    found = observables(made(), points=2)
    kinds = found.kind.values[found.point.values == 0]
    assert [int((kinds == kind).sum()) for kind in ("weights", "activations", "changes")] == [13, 8, 3]
    assert found.shape == (2, 48)
    assert len(set(found.statistic.values)) == 24


def test_statistics_are_what_their_names_say():
    trajectory = made()
    found = observables(trajectory, points=5)
    w = trajectory.weights.values[3, 20:]
    before, now = (trajectory.activations.values[at][:, 4:] for at in (2, 3))
    by_hand = {
        "weights_raw_mean": w.mean(),
        "weights_abs_median": np.median(abs(w)),
        "weights_sq_third_quartile": np.quantile(w**2, 0.75),
        "weights_raw_variance": w.var(),
        "weights_raw_norm": np.mean([np.linalg.norm(row) / np.sqrt(5) for row in w.reshape(3, 5)]),
        "activations_raw_median": np.mean([np.median(row) for row in now]),
        "activations_abs_norm": np.mean([np.linalg.norm(row) / np.sqrt(3) for row in now]),
        "changes_raw_mean": (now - before).mean(),
        "changes_abs_mean": abs(now - before).mean(),
        "changes_sq_mean": ((now - before) ** 2).mean(),
    }
    told = {name: feature(found, "b", name, point=2) for name in by_hand}
    assert told == pytest.approx(by_hand)


def test_layers_that_are_copied_say_the_same():
    """Twice the units, each a copy: norms that grow with their number would tell a rule by its size."""
    trajectory = made()
    weights, activations = trajectory.weights, trajectory.activations
    again = weights.assign_coords(post=weights.post + 100)
    copied = xr.merge([xr.concat([weights, again], "synapse"), xr.concat([activations] * 2, "unit")])
    once, twice = (observables(one, points=3) for one in (trajectory, copied))
    # Quartiles of a few numbers are interpolated, and copies lie closer together.
    smooth = ~once.statistic.str.contains("quartile").values
    np.testing.assert_allclose(twice[:, smooth], once[:, smooth])


def test_a_layer_that_learns_nothing_has_no_changes():
    trajectory = made().isel(step=[2] * 6).assign_coords(step=np.arange(6))
    found = observables(trajectory, points=3)
    assert not found[:, (found.kind == "changes").values].any()


def test_windows_are_stretches_of_the_same_trajectory():
    trajectory = made(steps=9)
    whole = observables(trajectory, points=4, windows=2)
    halves = [observables(trajectory.isel(step=part), points=4) for part in (slice(0, 5), slice(4, 9))]
    for window, half in enumerate(halves):
        np.testing.assert_array_equal(whole[(whole.window == window).values], half)


@pytest.mark.parametrize(("left_out", "count"), [("weights", 11), ("activations", 13)])
def test_what_was_not_recorded_is_left_out_and_told(left_out, count):
    trajectory = made().drop_vars(left_out)
    with pytest.warns(UserWarning, match=f"no {left_out}: {24 - count} of the 24 statistics"):
        found = observables(trajectory, points=3)
    assert found.sizes["feature"] == 3 * count
    whole = observables(made(), points=3)
    np.testing.assert_array_equal(found, whole[:, np.isin(whole.statistic, found.statistic)])


def test_a_network_is_taken_as_it_comes():
    network = nets.train("digits", steps=20, rng=0, progress=False)
    found = observables(network.trajectory, points=4, labels={"rule": "backprop", "group": "net 0"})
    assert found.layer.values.tolist() == ["hidden1", "hidden2"]
    assert found.depth.values.tolist() == [0.0, 1.0]
    assert found.rule.values.tolist() == ["backprop"] * 2
    schema.check(found, "results")


def test_activity_in_time_is_averaged():
    trajectory = made()
    in_time = trajectory.assign(activations=trajectory.activations.expand_dims(time=3) * 1.0)
    np.testing.assert_allclose(observables(in_time, points=3), observables(trajectory, points=3))


def test_observables_survive_saving(tmp_path):
    found = observables(made(), points=2, labels={"rule": "oja"})
    assert io.load(io.save(found, tmp_path / "found.nc")).identical(found)


def test_inputs_are_not_changed():
    trajectory = made()
    before = trajectory.copy(deep=True)
    observables(trajectory, points=2)
    assert trajectory.identical(before)


def test_what_cannot_be_read_is_told():
    trajectory = made()
    with pytest.raises(SchemaError, match="neither weights nor activations"):
        observables(trajectory.drop_vars(["weights", "activations"]))
    with pytest.raises(SchemaError, match=r"activations are not finite.*session_index='step'"):
        observables(trajectory.where(trajectory.step != 2), points=2)
    with pytest.raises(SchemaError, match="weights lack coords post"):
        observables(trajectory.drop_vars("post"), points=2)
    with pytest.raises(RecordingError, match="6 steps are too few for 2 windows with 3 points each"):
        observables(trajectory, points=3, windows=2)
    with pytest.raises(SchemaError, match=r"no layer of the weights \(x\) is an area"):
        observables(trajectory.assign_coords(layer=("synapse", ["x"] * 35)), points=2)
    with warnings.catch_warnings(), pytest.raises(ValueError, match="points and windows"):
        observables(trajectory, points=0)
