"""How a network got where it is: weights and activations at each step of its history."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .. import schema
from ..errors import TrainingError
from ..names import LAYER, POST, PRE, STEP, SYNAPSE
from ..provenance import label, stamp
from ._activations import activations
from ._choice import make
from .material import tasks

if TYPE_CHECKING:
    from ._network import Network
    from ._stages import Weights


def trajectory(network: Network) -> xr.Dataset:
    """Weights, and activations for the task's stimuli, at each step of a network's history.

    A synapse is one entry of a layer's weights. In a dense layer ``pre`` and ``post`` number its inputs and
    its units; in a convolution, the entries of a kernel (channel, y, x) and the feature maps. Biases are no
    synapses, nor are connections that a circuit does not have.

    Parameters
    ----------
    network
        From ``nets.train`` or ``nets.load``.

    Returns
    -------
    Dataset
        ``weights`` (step, synapse), with coords ``pre``, ``post``, ``layer`` and ``tensor`` (the name of the
        weights within the layer) of each synapse; ``activations`` (step, stimulus, unit[, time]) of the
        layers but the readout.
    """
    if not network.stages:
        raise TrainingError(f"nothing is known of how '{network.name}' was trained: it has no trajectory")
    parts = [
        _synapses(layer, name, network) for layer, names in _connections(network.params) for name in names
    ]
    weights = label(xr.concat(parts, SYNAPSE), units="1", long_name="synaptic weight")
    # Imported here because agents stand on networks.
    from .agents import environments

    acts, task = network.recipe.get("trainer") == "train_agent", network.recipe["task"]
    stimuli = make(environments, task).stimuli() if acts else make(tasks, task).stimuli()
    shown = [
        activations(replace(network, snapshots=(*network.snapshots[: at + 1],)), stimuli)
        for at in range(len(network.snapshots))
    ]
    result = xr.Dataset(
        {"weights": weights, "activations": xr.concat(shown, STEP, combine_attrs="override")},
        coords={STEP: network.history[STEP]},
    )
    result = stamp(result, "nets.trajectory", sources=[network.history, shown[0]])
    schema.check(result, "trajectory")
    return result


def _connections(params: object) -> list[tuple[str, list[str]]]:
    by_layer: dict[str, Weights] = dict(params)  # type: ignore[call-overload]
    return [
        (layer, [name for name, w in weights.items() if w.ndim > 1 and name.endswith("weight")])
        for layer, weights in by_layer.items()
    ]


def _synapses(layer: str, name: str, network: Network) -> xr.DataArray:
    """One tensor of weights at each step, as (step, synapse)."""
    values = np.stack([params[layer][name].numpy(force=True) for params in network.snapshots])
    steps, units = values.shape[:2]
    values = values.reshape(steps, units, -1)
    masks = next(stage.masks for stage in network.stages if stage.name == layer)
    there = masks[name].numpy().reshape(values.shape[1:]) if name in masks else np.ones(values.shape[1:])
    post, pre = np.nonzero(there)
    coords = {PRE: (SYNAPSE, pre), POST: (SYNAPSE, post)}
    coords |= {what: (SYNAPSE, np.full(pre.size, text)) for what, text in ((LAYER, layer), ("tensor", name))}
    return xr.DataArray(values[:, post, pre], coords, (STEP, SYNAPSE), name="weights")
