import numpy as np
import pytest
import torch
import xarray as xr

from neurofit import compare, nets, rsa, schema
from neurofit.errors import TrainingError, UnknownNameError
from neurofit.provenance import cite


class Branched(torch.nn.Module):
    """Two ways that meet, with dropout, running means, and one part that is used twice."""

    def __init__(self):
        super().__init__()
        self.first = torch.nn.Conv2d(1, 4, 3)
        self.norm = torch.nn.BatchNorm2d(4)
        self.ways = torch.nn.ModuleList([torch.nn.Linear(144, 6), torch.nn.Linear(144, 6)])
        self.relu = torch.nn.ReLU()
        self.drop = torch.nn.Dropout()
        self.unused = torch.nn.Linear(2, 2)

    def forward(self, images):
        inner = self.relu(self.norm(self.first(images))).flatten(1)
        return self.relu(self.drop(self.ways[0](inner) * self.ways[1](inner)))


@pytest.fixture
def module():
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(torch.Generator().manual_seed(7).get_state())
        module = Branched()
        module(torch.randn(20, 1, 8, 8))  # running means move
    return module


@pytest.fixture
def network(module):
    return nets.from_torch(
        module, ["first", "ways.1", "drop"], input_shape=(1, 8, 8), references=["Euclid, Elements"]
    )


@pytest.fixture(scope="module")
def stimuli():
    return nets.tasks["digits"]().stimuli()


def test_layers_give_what_the_module_computes(module, network, stimuli):
    shown = nets.activations(network, stimuli)
    schema.check(shown, "activations")
    assert list(dict.fromkeys(shown.area.values)) == ["first", "ways.1", "drop"]
    module.eval()
    with torch.no_grad():
        images = torch.from_numpy(stimuli.to_numpy())
        first = module.first(images)
        inner = module.norm(first).relu().flatten(1)
        ways = [way(inner) for way in module.ways]
    for layer, output in {"first": first, "ways.1": ways[1], "drop": ways[0] * ways[1]}.items():
        found = shown.values[:, shown.area == layer]
        np.testing.assert_allclose(found, output.flatten(1), rtol=1e-4, atol=1e-5)
    assert shown.attrs["model"] == "Branched"
    assert "Euclid" in cite(shown)


def test_the_module_and_the_global_generator_are_as_before(module, stimuli):
    before = {name: tensor.clone() for name, tensor in module.state_dict().items()}
    generator = torch.get_rng_state()
    network = nets.from_torch(module, ["first"], input_shape=(1, 8, 8))
    nets.activations(network, stimuli)
    nets.activations(nets.untrained(network), stimuli)
    assert module.training
    assert all(p.requires_grad and p.grad is None for p in module.parameters())
    assert not any(part._forward_hooks for part in [*module.modules(), *network.module.modules()])
    assert all(torch.equal(tensor, before[name]) for name, tensor in module.state_dict().items())
    assert torch.equal(torch.get_rng_state(), generator)


def test_later_training_of_the_module_does_not_change_the_network(module, network, stimuli):
    before = nets.activations(network, stimuli)
    with torch.no_grad():
        for weight in module.parameters():
            weight.add_(1)
    assert before.identical(nets.activations(network, stimuli))


def test_untrained_has_weights_as_its_layers_draw_them(module, network, stimuli):
    control = nets.untrained(network)
    assert control.name == "Branched, untrained, seed 0"
    again = nets.untrained(network)
    other = nets.untrained(nets.from_torch(module, ["first"], input_shape=(1, 8, 8), rng=1))
    weight, same, another = (net.params["module"]["first.weight"] for net in (control, again, other))
    assert torch.equal(weight, same)
    assert not torch.equal(weight, another)
    assert not torch.equal(weight, network.params["module"]["first.weight"])
    assert weight.abs().max() <= 1 / 3, "uniform up to 1 / sqrt(inputs)"
    assert torch.equal(control.params["module"]["norm.running_mean"], torch.zeros(4))
    assert not nets.activations(control, stimuli).identical(nets.activations(network, stimuli))


def test_goes_through_the_comparisons_like_any_network(network, stimuli):
    own = nets.activations(network, stimuli)
    twin = own.isel(unit=(own.area == "ways.1").values)
    rdm = rsa.rdm(twin)
    distances = {layer: rsa.rdm(own.isel(unit=(own.area == layer).values)) for layer in ("first", "ways.1")}
    found = [float(rsa.compare(rdm, other)) for other in distances.values()]
    assert found[1] == pytest.approx(1)
    assert found[0] < 0.99
    both = nets.record(network, stimuli)
    assert isinstance(both, xr.Dataset)
    assert both.activations.shape == both.untrained.shape


def test_a_unit_of_it_has_an_optimal_stimulus(network, stimuli):
    """That of a linear filter, at given norm, is the filter: first/0000 sees the upper left 3 x 3 pixels."""
    found = compare.optimal_stimulus(network, "first/0000", stimuli, steps=30, rng=0, progress=False)
    image = found.stimuli if "stimuli" in found else next(iter(found.data_vars.values()))
    best = image.values.reshape(-1, 8, 8)[0, :3, :3].ravel()
    kernel = network.params["module"]["first.weight"][0].flatten().numpy()
    assert np.corrcoef(best, kernel)[0, 1] > 0.8


def test_own_names_and_a_readout_that_waits_to_be_asked_for(module, stimuli):
    network = nets.from_torch(module, {"V1": "first", "readout": "drop"}, input_shape=(1, 8, 8))
    assert network.layers == ("V1", "readout")
    assert set(nets.activations(network, stimuli).area.values) == {"V1"}
    assert set(nets.activations(network, stimuli, layers=["readout"]).area.values) == {"readout"}


def test_recurrent_layers_give_a_time_course():
    layer = torch.nn.LSTM(4, 3, batch_first=True)
    module = torch.nn.Sequential(layer)
    network = nets.from_torch(module, ["0"], input_shape=(5, 4), dims=("time", "feature"), timed=["0"])
    sequences = np.random.default_rng(0).normal(size=(6, 5, 4)).astype(np.float32)
    stimuli = xr.DataArray(
        sequences, dims=("stimulus", "time", "feature"), coords={"stimulus_id": ("stimulus", list("abcdef"))}
    )
    shown = nets.activations(network, stimuli)
    assert dict(shown.sizes) == {"stimulus": 6, "unit": 3, "time": 5}
    with torch.no_grad():
        expected = layer(torch.from_numpy(sequences))[0].transpose(1, 2)
    np.testing.assert_allclose(shown, expected, rtol=1e-4, atol=1e-6)


def test_double_precision_is_kept(module, stimuli):
    network = nets.from_torch(module.double(), ["first"], input_shape=(1, 8, 8))
    assert network.dtype == torch.float64
    assert nets.activations(network, stimuli).dtype == np.float32


@pytest.mark.parametrize(
    ("layers", "options", "error", "told"),
    [
        (["fisrt"], {}, UnknownNameError, "no layer called 'fisrt'. Did you mean 'first'"),
        (["first"], {"timed": ["frist"]}, UnknownNameError, "Did you mean 'first'"),
        ([], {}, TrainingError, "name of at least one layer"),
    ],
)
def test_layers_that_do_not_exist_are_refused(module, layers, options, error, told):
    with pytest.raises(error, match=told):
        nets.from_torch(module, layers, **options)


@pytest.mark.parametrize(("layer", "times"), [("relu", 2), ("unused", 0)])
def test_layers_that_do_not_run_once_are_refused(module, layer, times, stimuli):
    network = nets.from_torch(module, [layer])
    with pytest.raises(TrainingError, match=f"'{layer}' runs {times} times"):
        nets.activations(network, stimuli)


def test_weights_that_nobody_can_draw_afresh_are_named():
    class Token(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.token = torch.nn.Parameter(torch.ones(3))

    network = nets.from_torch(torch.nn.Sequential(Token(), torch.nn.Linear(3, 3)), ["1"])
    with pytest.raises(TrainingError, match="no reset_parameters: 0. Make the module again"):
        nets.untrained(network)


def test_cannot_be_saved_or_asked_how_it_was_trained(network, tmp_path):
    with pytest.raises(TrainingError, match=r"nets.record\(network, stimuli\)"):
        nets.save(network, tmp_path / "net.nc")
    with pytest.raises(TrainingError, match="has no trajectory"):
        network.trajectory  # noqa: B018
