"""Labelled changes of weights and gradients as arrays, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...errors import RecordingError, SchemaError, listing
from ...names import LAYER, POST, PRE, SESSION_INDEX, STEP, SYNAPSE, TRIAL
from ._nulls import Wiring

if TYPE_CHECKING:
    import xarray as xr

Numbers = np.ndarray
ROWS = (TRIAL, SESSION_INDEX, STEP)
FEWEST_REPEATS = 3


class Observed(NamedTuple):
    """Changes (row, synapse), gradient (row, synapse) or (synapse), and what is known of the noise."""

    changes: Numbers
    gradient: Numbers
    again: Numbers | None
    noise: Numbers | None
    rows: str
    wiring: dict[str, Numbers]

    @property
    def repeated(self) -> bool:
        """Whether trials are repeats in one state."""
        return self.gradient.ndim == 1

    @property
    def wired(self) -> Wiring:
        """Where synapses are, for the nulls; all in one place where that is not told."""
        size = self.changes.shape[1]
        pre, post, layer = (self.wiring.get(name, np.zeros(size, int)) for name in (PRE, POST, LAYER))
        return Wiring(pre, post, layer, ordered=self.rows != TRIAL)

    def only(self, columns: Numbers) -> Observed:
        """Some of the synapses."""
        parts = (self.changes, self.gradient, self.again, self.noise)
        cut = [None if part is None else part[..., columns] for part in parts]
        wiring = {name: values[columns] for name, values in self.wiring.items()}
        return Observed(cut[0], cut[1], cut[2], cut[3], self.rows, wiring)  # type: ignore[arg-type]


def observed(
    changes: xr.DataArray,
    gradient: xr.DataArray,
    repeats: xr.DataArray | None,
    noise: xr.DataArray | float | None,
) -> Observed:
    """The arrays, with synapses that were seen too rarely left out."""
    rows = row_dim(changes, "dW")
    if repeats is not None and noise is not None:
        raise SchemaError("'repeats' and 'noise' both tell how noisy changes are: give one of them.")
    dims = (rows, SYNAPSE)
    arrays = {"gradient": gradient, "repeats": repeats, "noise": noise}
    given = {name: _fitting(name, array, changes, dims) for name, array in arrays.items()}
    values = changes.transpose(*dims).values.astype(float)
    slope = given["gradient"]
    if slope is None or not np.isfinite(slope).any() or not np.nansum(slope**2) > 0:
        raise RecordingError("the gradient is 0 or NaN everywhere: no change can follow it.")
    told = given["repeats"] is not None or given["noise"] is not None
    if slope.ndim == 1 and (rows != TRIAL or told):
        slope = np.broadcast_to(slope, values.shape)
    wiring = {name: changes[name].values for name in (PRE, POST, LAYER) if name in changes.coords}
    found = Observed(values, slope, given["repeats"], given["noise"], rows, wiring)
    return found.only(_enough(found))


def row_dim(array: xr.DataArray, name: str) -> str:
    """The dim of the rows of an array (row, synapse)."""
    rows = [dim for dim in ROWS if dim in array.dims]
    if len(rows) != 1 or set(array.dims) != {rows[0], SYNAPSE}:
        raise SchemaError(
            f"not valid {name!r}: got dims {array.dims}; it takes {SYNAPSE!r} and one of {listing(ROWS)}. "
            "Rename with .rename(old='new')."
        )
    return rows[0]


def _fitting(
    name: str, array: xr.DataArray | float | None, changes: xr.DataArray, dims: tuple[str, str]
) -> Numbers | None:
    if array is None:
        return None
    if isinstance(array, (int, float)):
        return np.full(changes.sizes[SYNAPSE], float(array))
    one = name != "repeats" and array.dims == (SYNAPSE,)
    if not one and set(array.dims) != set(dims):
        raise SchemaError(
            f"not valid {name!r}: got dims {array.dims}; it takes {dims}"
            f"{'' if name == 'repeats' else f', or {SYNAPSE!r} alone'}."
        )
    wrong = [dim for dim in array.dims if array.sizes[dim] != changes.sizes[dim]]
    wrong += [
        dim
        for dim in array.dims
        if dim not in wrong
        and dim in array.coords
        and dim in changes.coords
        and not np.array_equal(array[dim], changes[dim])
    ]
    if wrong:
        raise SchemaError(f"{name!r} and 'dW' differ in {listing(map(repr, wrong))}: give them in one order.")
    values = array.transpose(*(dim for dim in dims if dim in array.dims)).values
    return np.asarray(values, dtype=float)


def _enough(found: Observed) -> Numbers:
    """Which synapses were seen often enough."""
    seen = np.isfinite(found.changes) & np.isfinite(found.gradient)
    fewest = FEWEST_REPEATS if found.repeated else 1
    enough = seen.sum(axis=0) >= fewest
    if not enough.any():
        raise RecordingError(
            f"no synapse has {fewest} changes beside a gradient; there are {len(found.changes)} rows. "
            "Give more trials, or a gradient for each row and 'repeats' or 'noise'."
        )
    return np.flatnonzero(enough)
