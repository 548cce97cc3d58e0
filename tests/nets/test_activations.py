import numpy as np
import pytest
import torch

from neurofit import nets, schema
from neurofit.errors import SchemaError, UnknownNameError
from neurofit.provenance import cite


@pytest.fixture(scope="module")
def stimuli():
    return nets.tasks["digits"]().stimuli()


def test_are_valid_and_say_which_network_and_layer(digits_net, stimuli):
    result = nets.activations(digits_net, stimuli)
    schema.check(result, "activations")
    assert list(dict.fromkeys(result.area.values)) == ["hidden1", "hidden2"]
    assert len(set(result.unit_id.values)) == result.sizes["unit"] == 128
    assert result.attrs["model"] == "mlp, cross_entropy, backprop, seed 0"
    assert result.attrs["units"] == "a.u."
    assert "Rumelhart" in cite(result)
    np.testing.assert_array_equal(result.label, stimuli.label)


def test_are_the_outputs_of_the_layers(digits_net, stimuli):
    result = nets.activations(digits_net, stimuli, layers=["readout", "hidden1"])
    outputs = digits_net(torch.from_numpy(stimuli.to_numpy()))
    for layer in ("readout", "hidden1"):
        np.testing.assert_array_equal(result.values[:, result.area == layer], outputs[layer])
    assert (result[:, :10].argmax("unit") == stimuli.label).mean() > 0.9


def test_do_not_depend_on_the_order_of_dims_or_the_batch(digits_net, stimuli):
    whole = nets.activations(digits_net, stimuli)
    np.testing.assert_array_equal(whole, nets.activations(digits_net, stimuli.transpose("x", "y", ...)))
    np.testing.assert_allclose(whole, nets.activations(digits_net, stimuli, batch_size=7), atol=1e-6)


def test_bad_stimuli_are_told_all_at_once(digits_net, stimuli):
    bad = stimuli.isel(x=slice(6)).copy()
    bad[3, 0, 2, 2] = np.nan
    ids = bad.stimulus_id.values.copy()
    ids[1] = ids[0]
    with pytest.raises(SchemaError) as caught:
        nets.activations(digits_net, bad.assign_coords(stimulus_id=("stimulus", ids)))
    told = str(caught.value)
    assert "(1, 8, 6) ('channel', 'y', 'x') and the network takes (1, 8, 8)" in told
    assert f"NaN or infinite pixels in {ids[3]}" in told
    assert f"more than once: {ids[0]}" in told


def test_stimuli_need_names_and_a_channel(digits_net, stimuli):
    with pytest.raises(SchemaError, match="missing coord 'stimulus_id'"):
        nets.activations(digits_net, stimuli.drop_vars("stimulus_id"))
    with pytest.raises(SchemaError, match="expand_dims"):
        nets.activations(digits_net, stimuli.isel(channel=0))


def test_unknown_layer_names_the_nearest(digits_net, stimuli):
    with pytest.raises(UnknownNameError, match="no layer called 'hiden2'. Did you mean 'hidden2'"):
        nets.activations(digits_net, stimuli, layers=["hiden2"])
