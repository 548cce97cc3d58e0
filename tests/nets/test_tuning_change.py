from dataclasses import replace

import numpy as np
import pytest

from neurofit import nets, schema
from neurofit.errors import SchemaError, TrainingError

LINEAR = {"name": "mlp", "hidden": [20, 20], "nonlinearity": "identity"}


@pytest.fixture(scope="module")
def net():
    return nets.train("orientation", architecture=LINEAR, steps=3, rng=0, progress=False)


@pytest.fixture(scope="module")
def shown():
    """Gratings every 3 degrees, of one phase, so that linear units are tuned."""
    angles = np.arange(0, 180, 3.0)
    images = nets.gratings(angles, 0.0, 1.0, size=16, cycles=2.0)[:, None].astype(np.float32)
    coords = {"stimulus_id": [f"{angle:05.1f}" for angle in angles], "orientation": angles}
    stimuli = nets.tasks["orientation"]().stimuli().isel(stimulus=slice(0, 1))
    return (
        stimuli.isel(stimulus=np.zeros(len(angles), int))
        .copy(data=images)
        .assign_coords({name: ("stimulus", values) for name, values in coords.items()})
    )


def stretched(net, layer, factor):
    weights = {name: factor * w for name, w in net.params[layer].items()}
    return replace(net, snapshots=(net.params, {**net.params, layer: weights}))


def test_a_layer_that_responds_half_as_much_again_is_half_as_steep_again(net, shown):
    found = nets.tuning_change(net, stretched(net, "hidden2", 1.5), shown, at=45.0)
    np.testing.assert_allclose(found.change.sel(layer="hidden1"), 0, atol=1e-6)
    np.testing.assert_allclose(found.change.sel(layer="hidden2"), 0.5, rtol=1e-5)
    np.testing.assert_allclose(found.weight_change, [0, 0.5], atol=1e-6)
    assert found.orientation.values.tolist() == [45, 135]
    schema.check(found, "results")


def test_equal_growth_of_all_layers_adds_up_over_them_and_its_local_part_does_not(net, shown):
    grown = stretched(stretched(net, "hidden1", 1.1), "hidden2", 1.1)
    found = nets.tuning_change(net, grown, shown, at=45.0)
    np.testing.assert_allclose(found.change, [[0.1, 0.21]] * 2, rtol=1e-4)
    np.testing.assert_allclose(found.local_change, [[0.1, 0.1]] * 2, rtol=1e-4)


def test_slope_is_that_of_the_tuning_curve(net, shown):
    found = nets.tuning_change(net, net, shown, at=177.0, window=4.0)
    responses = nets.activations(net, shown).values
    by_hand = (responses[0] - responses[-2]) / 6  # at 0 degrees, which is 180, and at 174
    np.testing.assert_allclose(found.slope_before.sel(orientation=177.0), by_hand, rtol=1e-4, atol=1e-7)


def test_units_without_tuning_do_not_count(net, shown):
    weight = net.params["hidden2"]["weight"].clone()
    weight[:15] *= 1e-6
    mostly_silent = replace(
        net, snapshots=({**net.params, "hidden2": {**net.params["hidden2"], "weight": weight}},)
    )
    found = nets.tuning_change(mostly_silent, mostly_silent, shown, at=45.0)
    assert not found.responsive.values[:, 20:35].any()
    assert found.responsive.values[:, 35:].any()


def test_units_that_are_silent_at_an_orientation_do_not_count_there(shown):
    net = nets.train("orientation", architecture="conv", steps=0, rng=0, progress=False)
    found = nets.tuning_change(net, net, shown, at=45.0)
    responses = nets.activations(net, shown)
    silent = (
        (responses == 0).isel(stimulus=np.abs(shown.orientation.values - 45) <= 10).all("stimulus").values
    )
    at_45 = found.responsive.sel(orientation=45.0).values
    assert (silent & found.responsive.sel(orientation=135.0).values).any()
    assert not (silent & at_45).any()
    assert (np.abs(found.slope_before.sel(orientation=45.0).values)[at_45] > 0).mean() > 0.99


def test_the_control_moves_as_far_in_other_directions(net):
    one, other = (nets.random_change(net, rng=seed) for seed in (0, 1))
    for layer, weights in net.params.items():
        for name in weights:
            start = net.initial[layer][name]
            moved = [n.params[layer][name] - start for n in (net, one, other)]
            lengths = [float(change.norm()) for change in moved]
            np.testing.assert_allclose(lengths, lengths[0], rtol=1e-4)
    assert (one.params["hidden1"]["weight"] != other.params["hidden1"]["weight"]).all()
    assert one.name.endswith("random change as large as by backprop, seed 0")
    assert np.isnan(one.history.loss[-1])


def test_what_is_missing_is_told(net, shown):
    with pytest.raises(SchemaError, match="2 orientations lie within 2.0 degrees of 46.0"):
        nets.tuning_change(net, net, shown, at=46.0, window=2.0)
    with pytest.raises(SchemaError, match="need a coord 'orientation'"):
        nets.tuning_change(net, net, shown.drop_vars("orientation"), at=45.0)
    with pytest.raises(TrainingError, match="different layers"):
        nets.tuning_change(
            net, nets.train("orientation", steps=0, architecture="conv", rng=0), shown, at=45.0
        )
