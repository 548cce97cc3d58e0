"""What a network's layers do with stimuli, in the shape that a recording has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import xarray as xr

from .. import schema
from ..errors import SchemaError, listing, unknown_name
from ..names import AREA, STIMULUS, STIMULUS_ID, TIME, UNIT, UNIT_ID
from ..provenance import label, stamp
from ._threads import one_thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ._network import Network


def activations(
    network: Network, stimuli: xr.DataArray, *, layers: Sequence[str] | None = None, batch_size: int = 256
) -> xr.DataArray:
    """Output of every unit of a network to every stimulus, like a brain's responses.

    A unit is one entry of a layer's output after nonlinearity and pooling: in a convolution, one feature
    map at one place.

    Parameters
    ----------
    network
        From ``nets.train``, ``nets.untrained``, ``nets.load``, ``nets.from_torch`` or ``nets.pretrained``.
    stimuli
        Images with dims ``stimulus``, ``channel``, ``y``, ``x`` (a recurrent network may take ``stimulus``,
        ``time``, ``feature``) in any order and coord ``stimulus_id``, in the units of the network's task:
        such as ``nets.tasks["digits"]().stimuli()``.
    layers
        Names among ``network.layers``; by default all but the readout.
    batch_size
        Number of images that are computed at once.

    Returns
    -------
    DataArray with dims ``stimulus`` and ``unit``, and ``time`` where the layers give one output for each
    moment, float32, with coords ``unit_id`` and ``area`` (the layer)
    of each unit, and all coords of the stimuli. Its attr ``model`` names the network.

    Raises
    ------
    SchemaError
        If the images have other dims or another shape than the network takes, hold NaN, or have missing or
        duplicate ids; every problem is listed.
    UnknownNameError
        If a layer does not exist; the nearest one is named.

    Examples
    --------
    >>> from neurofit import nets
    >>> network = nets.train("digits", steps=10, rng=0, progress=False)
    >>> result = activations(network, nets.tasks["digits"]().stimuli())
    >>> dict(result.sizes), str(result.unit_id[64].item()), result.attrs["model"]
    ({'stimulus': 60, 'unit': 128}, 'hidden2/0000', 'mlp, cross_entropy, backprop, seed 0')
    """
    chosen = network.inner if layers is None else tuple(dict.fromkeys(layers))
    for layer in chosen:
        if layer not in network.layers:
            raise unknown_name("layer", layer, network.layers)
    _check(stimuli, network)
    images = stimuli.transpose(STIMULUS, *network.dims)
    values = np.ascontiguousarray(images.to_numpy(), dtype=np.float32)
    outputs = _run(network, chosen, values, batch_size)
    timed = _timed(outputs)
    units = [(f"{layer}/{index:04d}", layer) for layer in chosen for index in range(outputs[layer].shape[1])]
    unit_id, area = zip(*units, strict=True)
    kept = {(), (STIMULUS,), (TIME,)} if timed else {(), (STIMULUS,)}
    result = xr.DataArray(
        np.concatenate([outputs[layer] for layer in chosen], axis=1),
        dims=(STIMULUS, UNIT, TIME) if timed else (STIMULUS, UNIT),
        coords={
            **{name: coord for name, coord in images.coords.items() if coord.dims in kept},
            UNIT_ID: (UNIT, list(unit_id)),
            AREA: (UNIT, list(area)),
        },
        name="activations",
        attrs={"model": network.name},
    )
    result = stamp(
        label(result, units="a.u.", long_name="activation"),
        "nets.activations",
        sources=[network.history, stimuli],
        layers=chosen,
    )
    schema.check(result, "activations")
    return result


@torch.no_grad()
def _run(
    network: Network, layers: Sequence[str], images: np.ndarray, batch_size: int
) -> dict[str, np.ndarray]:
    """Output of each layer as (stimulus, unit) or, where it is timed, (stimulus, unit, time)."""
    with one_thread():
        parts = [
            network(part.to(network.device, network.dtype))
            for part in torch.split(torch.from_numpy(images), batch_size)
        ]
    return {
        layer: torch.cat(
            [
                part[layer].flatten(2).transpose(1, 2) if layer in network.timed else part[layer].flatten(1)
                for part in parts
            ]
        )
        .float()
        .cpu()
        .numpy()
        for layer in layers
    }


def _timed(outputs: dict[str, np.ndarray]) -> bool:
    """Whether layers have a time course; raise where some have and some do not."""
    with_time = [layer for layer, output in outputs.items() if output.ndim > 2]
    without = [layer for layer in outputs if layer not in with_time]
    if with_time and without:
        raise SchemaError(
            f"layers {listing(with_time)} give an output for each moment, {listing(without)} one for all: "
            "ask for them apart with layers="
        )
    return bool(with_time)


def _check(stimuli: xr.DataArray, network: Network) -> None:
    """Raise unless ``stimuli`` are images that ``network`` takes; every problem is listed."""
    dims = (STIMULUS, *network.dims)
    if set(stimuli.dims) != set(dims):
        raise SchemaError(
            f"stimuli need dims {dims}, got {stimuli.dims}. Rename with stimuli.rename(...); "
            "grey images get their channel with stimuli.expand_dims('channel')"
        )
    problems = []
    shape = tuple(stimuli.sizes[dim] for dim in network.dims)
    if network.input_shape and shape != network.input_shape:
        problems.append(f"images are {shape} {network.dims} and the network takes {network.input_shape}")
    if not stimuli.sizes[STIMULUS]:
        problems.append("there is no stimulus")
    finite = np.isfinite(stimuli.transpose(*dims).to_numpy())
    broken = ~finite.reshape(len(finite), -1).all(axis=1)
    ids = stimuli.coords.get(STIMULUS_ID, stimuli[STIMULUS]).to_numpy().astype(str)
    if broken.any():
        problems.append(f"NaN or infinite pixels in {listing(ids[broken], limit=5)}")
    if STIMULUS_ID not in stimuli.coords:
        problems.append(f"missing coord {STIMULUS_ID!r}; name the images with stimuli.assign_coords")
    names, counts = np.unique(ids, return_counts=True)
    if (counts > 1).any():
        problems.append(f"{STIMULUS_ID!r} holds more than once: {listing(names[counts > 1], limit=5)}")
    if problems:
        raise SchemaError(f"cannot show these stimuli to '{network.name}': {'; '.join(problems)}")
