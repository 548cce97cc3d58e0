"""Shared fixtures. Kernels run under shape checks: a wrong array shape is an error in any test."""

from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from jaxtyping import install_import_hook

KERNELS = [
    "neurofit.rsa._kernels",
    "neurofit.rsa.inference._kernels",
    "neurofit.rsa.inference._fit",
    "neurofit.rsa.encoding._kernels",
    "neurofit.rsa.alignment._kernels",
    "neurofit.prep._kernels",
    "neurofit.prep._interpolate",
    "neurofit.simulate._population",
    "neurofit.compare.emergent._kernels",
    "neurofit.worlds._kernels",
    "neurofit.fields.jacobian._pairs",
    "neurofit.plasticity.rates._kernels",
    "neurofit.plasticity.policy._banded",
    "neurofit.plasticity.policy._posterior",
]
_hook = install_import_hook(KERNELS, "beartype.beartype")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real recordings that some checkouts have beside them."""
    folder = Path(__file__).parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(f"no real recordings at {folder}")
    return folder


def activations(seed=0, *, stimuli=30, units=20, layers=("first", "second", "third")):
    """Unrelated layers: each has its own geometry."""
    values = np.random.default_rng(seed).normal(size=(stimuli, units * len(layers)))
    coords = {
        "stimulus_id": ("stimulus", [f"s{i:02d}" for i in range(stimuli)]),
        "area": ("unit", np.repeat(layers, units)),
        "unit_id": ("unit", np.arange(units * len(layers))),
    }
    return xr.DataArray(values, coords, ("stimulus", "unit"), attrs={"units": "a.u.", "model": f"net {seed}"})


def recording(model, drives, *, units=25, repeats=4, noise=1.0, seed=1):
    """Areas that are noisy random views of the layers that drive them; dims trial, unit."""
    rng = np.random.default_rng(seed)
    parts = []
    for layer in drives.values():
        pattern = model.values[:, model.area.values == layer]
        signal = pattern @ rng.normal(size=(pattern.shape[1], units)) / np.sqrt(pattern.shape[1])
        parts.append(np.tile(signal, (repeats, 1)) + noise * rng.normal(size=(repeats * len(signal), units)))
    coords = {
        "stimulus_id": ("trial", np.tile(model.stimulus_id.values, repeats)),
        "area": ("unit", np.repeat(list(drives), units)),
        "unit_id": ("unit", np.arange(units * len(drives))),
    }
    return xr.DataArray(np.concatenate(parts, axis=1), coords, ("trial", "unit"), attrs={"units": "spikes"})


@pytest.fixture(scope="session")
def make_activations():
    return activations


@pytest.fixture(scope="session")
def make_recording():
    return recording


@pytest.fixture(scope="session")
def layer_map():
    """A comparison whose answer is known: two models, one of them right, one area of noise."""
    from neurofit import compare

    model = activations()
    responses = recording(model, {"V1": "first", "LM": "second", "AL": "third"})
    noise = responses.area.values == "LM"
    responses[:, noise] = np.random.default_rng(5).normal(size=(responses.sizes["trial"], noise.sum()))
    return compare.areas_to_layers(
        responses,
        {"right": model, "wrong": activations(9)},
        control={"right": activations(8), "wrong": activations(7)},
        order=["V1", "LM", "AL"],
        draws=200,
        permutations=20,
        rng=0,
        progress=False,
    )
