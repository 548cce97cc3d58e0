"""Networks on disk: NetCDF with the recipe as JSON text, never a pickle."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import torch
import xarray as xr

from .. import io
from ..errors import SchemaError
from ._architectures import architectures
from ._network import Network

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ._stages import Params, Stage

RECIPE = "recipe"


def save(network: Network, path: str | Path, *, force: bool = False) -> Path:
    """Write a network: recipe, weights, initial weights and history, in one file.

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
    """
    weights = _pack("trained", network.params) | _pack("initial", network.initial)
    file = network.history.assign(weights).assign_attrs({RECIPE: json.dumps(dict(network.recipe))})
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
    stages = architectures[recipe["architecture"]](tuple(recipe["input_shape"]), recipe["outputs"])
    trained, initial = (_unpack(file, group, stages) for group in ("trained", "initial"))
    return Network(stages, trained, initial, recipe, file[["loss", "accuracy"]])


def _pack(group: str, params: Params) -> dict[str, Any]:
    """Each tensor as a variable such as ``trained.conv1.weight``, with dims of its own."""
    arrays = {
        f"{group}.{layer}.{name}": tensor.numpy(force=True)
        for layer, weights in params.items()
        for name, tensor in weights.items()
    }
    return {
        name: ([f"{name}.{axis}" for axis in range(array.ndim)], array, {"units": "1", "long_name": name})
        for name, array in arrays.items()
    }


def _unpack(file: xr.Dataset, group: str, stages: tuple[Stage, ...]) -> Mapping[str, dict[str, torch.Tensor]]:
    """The variables of ``group`` as tensors, in the shapes that ``stages`` want."""
    wanted = {
        stage.name: {name: tensor.shape for name, tensor in stage.init(torch.Generator()).items()}
        for stage in stages
    }
    problems = [
        f"{group}.{layer}.{name} must have shape {tuple(shape)}"
        for layer, shapes in wanted.items()
        for name, shape in shapes.items()
        if file.get(f"{group}.{layer}.{name}", xr.DataArray()).shape != shape
    ]
    if problems:
        raise SchemaError(f"the weights do not fit the recipe: {'; '.join(problems)}")
    return {
        layer: {name: torch.from_numpy(file[f"{group}.{layer}.{name}"].to_numpy().copy()) for name in shapes}
        for layer, shapes in wanted.items()
    }
