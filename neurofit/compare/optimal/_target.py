"""What is to be driven: one unit of a network, or a linear readout of many."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...errors import SchemaError, UnknownNameError, listing, unknown_name
from ...names import UNIT, UNIT_ID

if TYPE_CHECKING:
    import xarray as xr

    from ...nets import Network

Array = np.ndarray[Any, Any]


class Readout(NamedTuple):
    """Weights of each layer's units, and what is added to their sum."""

    weights: dict[str, Array]
    intercept: float
    name: str
    units: str


def parsed(readout: str | xr.Dataset, network: Network) -> Readout:
    """The readout that was asked for; raise unless the network has its units."""
    if isinstance(readout, str):
        return Readout(_by_layer([readout], np.ones(1), network), 0.0, readout, "a.u.")
    missing = {"weights", "intercept"} - set(readout.data_vars)
    if (
        missing
        or readout["weights"].dims != (UNIT,)
        or readout["intercept"].ndim
        or UNIT_ID not in readout.coords
    ):
        raise SchemaError(
            "a readout has 'weights' (unit) with coord 'unit_id' and a single 'intercept'; got "
            f"{listing(f'{name} {array.dims}' for name, array in readout.data_vars.items())}. Choose a "
            "neuron with readout.isel(unit_b=0), or take an area's mean with readout.mean('unit_b')"
        )
    weights = readout["weights"].values.astype(np.float64)
    if not np.isfinite(weights).all() or not weights.any():
        raise SchemaError("the readout's weights are all zero or not finite: nothing drives it")
    layers = _by_layer(readout[UNIT_ID].values.astype(str).tolist(), weights, network)
    units = str(readout["intercept"].attrs.get("units", "1"))
    return Readout(layers, float(readout["intercept"]), f"readout of {listing(layers)}", units)


def _by_layer(ids: list[str], weights: Array, network: Network) -> dict[str, Array]:
    """Weights of all units of each layer that is read, zero for those that are not."""
    sizes = _sizes(network)
    found: dict[str, Array] = {}
    for name, weight in zip(ids, weights, strict=True):
        layer, _, index = name.rpartition("/")
        if layer not in sizes:
            raise unknown_name("layer", layer or name, sizes)
        if not index.isdecimal() or int(index) >= sizes[layer]:
            raise UnknownNameError(
                f"no unit {name!r}: {layer!r} has {layer}/0000 to {layer}/{sizes[layer] - 1:04d}"
            )
        found.setdefault(layer, np.zeros(sizes[layer]))[int(index)] += weight
    return found


def _sizes(network: Network) -> dict[str, int]:
    import torch

    blank = torch.zeros((1, *network.input_shape), dtype=network.dtype, device=network.device)
    return {layer: output[0].numel() for layer, output in network(blank).items()}
