"""What the units of a network's first layer weigh: their weights, as images."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import xarray as xr

from ..errors import TrainingError
from ..names import AREA, UNIT, UNIT_ID
from ..provenance import label, stamp

if TYPE_CHECKING:
    from ._network import Network


def filters(network: Network) -> xr.DataArray:
    """Weights of each unit of the first layer, in the shape of what it looks at.

    Parameters
    ----------
    network
        From ``nets.train``, ``nets.untrained`` or ``nets.load``, whose first layer weighs its inputs.

    Returns
    -------
    DataArray with dim ``unit`` and the dims of an input, such as ``channel``, ``y``, ``x``, row 0 the top,
    with coords ``unit_id`` and ``area`` (the layer). In a convolution a unit is a feature map, and its filter
    a kernel.

    Raises
    ------
    TrainingError
        If the first layer does not weigh its inputs themselves, as one that expands them first.

    Examples
    --------
    >>> from neurofit import nets
    >>> network = nets.train("digits", steps=0, rng=0, progress=False)
    >>> dict(filters(network).sizes)
    {'unit': 64, 'channel': 1, 'y': 8, 'x': 8}
    """
    layer = network.layers[0]
    weight = network.params[layer].get("weight")
    dims = (UNIT, *network.dims)
    if weight is not None and weight.ndim == 2 and weight.shape[1] == prod(network.input_shape):
        weight = weight.reshape(-1, *network.input_shape)
    if weight is None or weight.ndim != len(dims):
        raise TrainingError(
            f"layer {layer!r} of '{network.name}' has no weights in the shape of its inputs, "
            f"{network.input_shape} {network.dims}; its weights are in network.params[{layer!r}]"
        )
    result = xr.DataArray(
        weight.numpy(force=True),
        {UNIT_ID: (UNIT, [f"{layer}/{index:04d}" for index in range(len(weight))])},
        dims,
        name="filters",
        attrs={"model": network.name},
    ).assign_coords({AREA: (UNIT, [layer] * len(weight))})
    return stamp(
        label(result, units="1", long_name="synaptic weight"), "nets.filters", sources=[network.history]
    )
