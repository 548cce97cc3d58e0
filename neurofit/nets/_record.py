"""What a network's units do before and after training, with its learning curve: one file's worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import xarray as xr

from ..provenance import stamp
from ._activations import activations
from ._network import untrained

if TYPE_CHECKING:
    from ._network import Network


def record(network: Network, stimuli: xr.DataArray) -> xr.Dataset:
    """Activations of a network and of its untrained control, with the history of its training.

    Parameters
    ----------
    network
        From ``nets.train`` or ``nets.load``.
    stimuli
        Images, as for ``nets.activations``.

    Returns
    -------
    Dataset
        ``activations`` and ``untrained`` (stimulus, unit), ``loss`` and ``accuracy`` (step): what
        ``neurofit compare --model`` takes once ``neurofit.io.save`` has written it.
    """
    after, before = activations(network, stimuli), activations(untrained(network), stimuli)
    both = xr.Dataset({"activations": after, "untrained": before, **network.history.data_vars})
    return stamp(both, "nets.record", sources=[network.history, after, before])
