"""Any torch module as a network: its layers by name, and what they do with stimuli."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from math import nan
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr
from torch.func import functional_call

from ..errors import TrainingError, listing, unknown_name
from ..names import STEP
from ..provenance import label, stamp
from ._network import Network
from .circuits._build import READOUT
from .material import IMAGE_DIMS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._stages import Params

MODULE = "module"  # all weights and buffers of a module count as those of one layer


@dataclass(frozen=True, repr=False)
class TorchNetwork(Network):
    """A network whose layers are those of a torch module, in any arrangement.

    Parameters
    ----------
    stages
        None.
    snapshots
        Weights and buffers of the module, by name.
    recipe
        As ``nets.from_torch`` was told.
    history
        What is not known of its training.
    module
        A copy, in evaluation mode.
    paths
        For each layer, the name of the part of the module whose output it is.
    in_time
        Names of the layers that give (batch, time, ...).
    """

    module: torch.nn.Module
    paths: Mapping[str, str]
    in_time: frozenset[str]

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the layers that were asked for."""
        return tuple(self.paths)

    @property
    def inner(self) -> tuple[str, ...]:
        """All of them but one called ``readout``."""
        return tuple(layer for layer in self.layers if layer != READOUT)

    @property
    def timed(self) -> frozenset[str]:
        """Names of the layers with an output for each moment: (batch, time, ...)."""
        return self.in_time

    @property
    def initial(self) -> Params:
        """Weights as the module's own layers draw them: not those that its training started from."""
        return {MODULE: _state(_reset(self.module, self.recipe["seed"]))}

    @property
    def name(self) -> str:
        """What it is called, and whether it is the untrained control."""
        architecture, steps = self.recipe["architecture"], self.recipe.get("steps")
        return f"{architecture}, untrained, seed {self.recipe['seed']}" if steps == 0 else architecture

    def __call__(self, images: torch.Tensor) -> dict[str, torch.Tensor]:
        """Output of every layer for a batch of images, by name."""
        given: dict[str, list[Any]] = {layer: [] for layer in self.paths}
        hooks = [
            self.module.get_submodule(path).register_forward_hook(partial(_keep, given[layer]))
            for layer, path in self.paths.items()
        ]
        try:
            functional_call(self.module, dict(self.params[MODULE]), (images,))
        finally:
            for hook in hooks:
                hook.remove()
        return {layer: _only(layer, outputs) for layer, outputs in given.items()}


def from_torch(
    module: torch.nn.Module,
    layers: Sequence[str] | Mapping[str, str],
    *,
    input_shape: Sequence[int] | None = None,
    dims: Sequence[str] = IMAGE_DIMS[1:],
    timed: Sequence[str] = (),
    name: str | None = None,
    task: str = "unknown",
    references: Sequence[str] = (),
    rng: int | np.random.Generator | None = 0,
) -> Network:
    """Any torch module as a network, for ``nets.activations`` and all comparisons with recordings.

    The module is copied: later training does not change the network, nor does the network the module. It
    runs in evaluation mode. ``nets.untrained`` draws its weights afresh, as its own layers do at the start.

    Parameters
    ----------
    module
        Takes a batch of inputs.
    layers
        Which outputs to look at, in order: names as ``module.named_modules()`` gives them, or a mapping from
        names of your own to those. Of several outputs, as of ``torch.nn.LSTM``, the first one counts. One
        called ``readout`` is not among those that ``nets.activations`` shows unless asked for.
    input_shape
        Of an input, such as (3, 224, 224); without it, stimuli of any size are let through.
    dims
        Of an input.
    timed
        Which layers, by the names given here, have an output for each moment: (batch, time, ...).
    name
        What to call it; by default, the name of its class.
    task
        What it was trained on.
    references
        Where it comes from: author, year, journal, DOI.
    rng
        Seed of the untrained control.

    Returns
    -------
    Network
        Without a history, and not to be written with ``nets.save``: nothing of its code would be in the
        file.

    Raises
    ------
    UnknownNameError
        If a layer does not exist; the nearest one is named.
    TrainingError
        If there are no layers, or no weights; when it is run, if a layer runs never or more than once, or
        gives no tensor; in ``nets.untrained``, if parts of it cannot draw their weights afresh.

    Examples
    --------
    >>> module = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(64, 5), torch.nn.ReLU())
    >>> network = from_torch(module, {"hidden": "2"}, input_shape=(1, 8, 8))
    >>> network.layers, network.name
    (('hidden',), 'Sequential')
    >>> from neurofit import nets
    >>> nets.activations(network, nets.tasks["digits"]().stimuli()).sizes["unit"]
    5
    """
    paths = dict(layers) if isinstance(layers, Mapping) else {layer: layer for layer in layers}
    known = [path for path, _ in module.named_modules() if path]
    for path in paths.values():
        if path not in known:
            raise unknown_name("layer", path, known)
    for layer in timed:
        if layer not in paths:
            raise unknown_name("layer", layer, paths)
    if not paths or not list(module.parameters()):
        raise TrainingError("from_torch needs a module that has weights, and the name of at least one layer")
    copy = deepcopy(module).eval()
    recipe: dict[str, Any] = {
        "task": task,
        "architecture": name or type(module).__name__,
        "input_shape": list(input_shape or ()),
        "dims": list(dims),
        "seed": rng if isinstance(rng, int) else int(np.random.default_rng(rng).integers(2**32)),
    }
    unknown = {
        what: label(xr.DataArray([nan], dims=STEP), units="1", long_name=f"{what}, not known")
        for what in ("loss", "accuracy")
    }
    step = label(xr.DataArray([0], dims=STEP), units="1", long_name="number of updates")
    history = stamp(
        xr.Dataset(unknown, {STEP: step}), "nets.from_torch", references=references, layers=paths, **recipe
    )
    return TorchNetwork((), ({MODULE: _state(copy)},), recipe, history, copy, paths, frozenset(timed))


def _state(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Weights, then buffers such as running means, out of reach of gradients."""
    return {name: tensor.detach() for name, tensor in [*module.named_parameters(), *module.named_buffers()]}


def _keep(given: list[Any], part: torch.nn.Module, inputs: Any, output: Any) -> None:
    given.append(output[0] if isinstance(output, tuple) and output else output)


def _only(layer: str, outputs: list[Any]) -> torch.Tensor:
    """The one tensor that a layer gave."""
    if len(outputs) != 1:
        raise TrainingError(
            f"layer {layer!r} runs {len(outputs)} times for a batch, not once: name a part of the module "
            "that runs once, such as the one that contains it or comes after it"
        )
    if not isinstance(outputs[0], torch.Tensor):
        raise TrainingError(f"layer {layer!r} gives a {type(outputs[0]).__name__}, not a tensor")
    return outputs[0]


def _reset(module: torch.nn.Module, seed: int) -> torch.nn.Module:
    """A copy with fresh weights, drawn by its layers; the global generator is left as it was."""
    fresh = deepcopy(module)
    device = next(fresh.parameters()).device
    draws = {
        name: getattr(part, "reset_parameters", getattr(part, "_reset_parameters", None))
        for name, part in fresh.named_modules()
        if [*part.parameters(recurse=False)]
    }
    stuck = [name or type(module).__name__ for name, draw in draws.items() if draw is None]
    if stuck:
        raise TrainingError(
            f"parts of the module cannot draw their weights afresh, as they have no reset_parameters: "
            f"{listing(stuck, limit=5)}. Make the module again without training it, and give it to from_torch"
        )
    fresh.to("cpu")
    with torch.random.fork_rng(devices=[]):
        torch.set_rng_state(torch.Generator().manual_seed(seed).get_state())
        for draw in draws.values():
            draw()  # type: ignore[misc]
    return fresh.to(device)
