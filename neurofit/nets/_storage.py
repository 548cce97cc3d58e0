"""Networks on disk: NetCDF with the recipe as JSON text, never a pickle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr

from .. import io
from ..errors import SchemaError, TrainingError
from ..names import STEP
from ._choice import make
from ._network import Network
from ._stages import shapes
from .circuits import architectures

if TYPE_CHECKING:
    from pathlib import Path

    from ._stages import Params, Stage

RECIPE = "recipe"


def save(network: Network, path: str | Path, *, force: bool = False) -> Path:
    """Write a network: recipe, history and the weights at each step of it, in one file.

    Parameters
    ----------
    network
        From ``nets.train``.
    path
        Ends in ``.nc``, or in ``.zarr`` where that extra is installed.
    force
        Whether to replace a file that exists.

    Returns
    -------
    Path
        Where it was written.

    Raises
    ------
    ResultsExistError
        If there is something at ``path`` and ``force`` is not given.
    TrainingError
        If the network was made of a torch module.
    """
    if not network.stages:
        raise TrainingError(
            f"'{network.name}' was made of a torch module, of whose code nothing would be in the file. Keep "
            "what it does: io.save(nets.record(network, stimuli), path)"
        )
    file = network.history.assign(_pack(network.snapshots)).assign_attrs(
        {RECIPE: json.dumps(dict(network.recipe))}
    )
    return io.save(file, path, force=force)


def load(path: str | Path) -> Network:
    """Read a network that ``save`` wrote.

    Its architecture must be in ``nets.architectures``; nothing that the file holds is executed.

    Parameters
    ----------
    path
        Of the file.

    Returns
    -------
    Network
        On the CPU, with the same numbers as the one saved.

    Raises
    ------
    SchemaError
        If the file is no network, or its weights do not fit its recipe.
    UnknownNameError
        If its architecture is not registered here.
    """
    file = io.load(path)
    if not isinstance(file, xr.Dataset) or RECIPE not in file.attrs:
        raise SchemaError(f"{path} is no network: it has no attribute {RECIPE!r}. Write one with nets.save")
    recipe = json.loads(file.attrs.pop(RECIPE))
    stages = make(architectures, recipe["architecture"], tuple(recipe["input_shape"]), recipe["outputs"])
    history = file[[name for name in file.data_vars if file[name].dims == (STEP,)]]
    return Network(stages, _unpack(file, stages), recipe, history)


def _pack(snapshots: tuple[Params, ...]) -> dict[str, Any]:
    """Each tensor as a variable such as ``conv1.weight``: dim ``step``, then dims of its own."""
    arrays = {
        f"{layer}.{name}": np.stack([params[layer][name].numpy(force=True) for params in snapshots])
        for layer, weights in snapshots[0].items()
        for name in weights
    }
    return {
        name: (
            [STEP, *(f"{name}.{axis}" for axis in range(array.ndim - 1))],
            array,
            {"units": "1", "long_name": name},
        )
        for name, array in arrays.items()
    }


def _unpack(file: xr.Dataset, stages: tuple[Stage, ...]) -> tuple[Params, ...]:
    """The weights at each step as tensors, in the shapes that ``stages`` want."""
    wanted = {stage.name: shapes(stage) for stage in stages}
    problems = [
        f"{layer}.{name} must have shape {tuple(shape)} at each step"
        for layer, by_name in wanted.items()
        for name, shape in by_name.items()
        if file.get(f"{layer}.{name}", xr.DataArray()).shape != (file.sizes.get(STEP), *shape)
    ]
    if problems:
        raise SchemaError(f"the weights do not fit the recipe: {'; '.join(problems)}")
    return tuple(
        {
            layer: {
                name: torch.from_numpy(file[f"{layer}.{name}"].to_numpy()[step].copy()) for name in by_name
            }
            for layer, by_name in wanted.items()
        }
        for step in range(file.sizes[STEP])
    )
