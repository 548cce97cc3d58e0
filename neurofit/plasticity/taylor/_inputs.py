"""Labelled trajectories as the arrays that the fit works on, each checked."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ...errors import RecordingError, SchemaError, listing
from ...names import POST, PRE, STEP, SYNAPSE, TRAJECTORY
from ._terms import activations
from ._unroll import Observed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from ._terms import Numbers

DIMS = {
    "pre": (TRAJECTORY, STEP, PRE),
    "activity": (TRAJECTORY, STEP, POST),
    "choices": (TRAJECTORY, STEP, POST),
    "weights": (TRAJECTORY, STEP, POST, PRE),
    "reward": (TRAJECTORY, STEP),
    "initial_weights": (TRAJECTORY, POST, PRE),
    "recorded": (POST,),
}
LEFT_OUT = {TRAJECTORY: True, POST: True}  # dims that are of size one where an array lacks them


def observed(
    arrays: Mapping[str, xr.DataArray | None], *, activation: str, learning_rate: float
) -> tuple[Observed, Numbers | None]:
    """What was seen, and the first weights where they are given."""
    given = {name: _shaped(name, array) for name, array in arrays.items() if array is not None}
    sizes = _sizes(given)
    full = {name: _values(name, given[name], sizes) if name in given else None for name in DIMS}
    pre, recorded, weights = full["pre"], full["recorded"], full["weights"]
    if pre is None or np.isnan(pre).any():
        raise SchemaError(
            "not valid 'pre': it has NaN. The rule needs every input of every step; drop those steps."
        )
    seen = np.ones(sizes[POST], dtype=bool) if recorded is None else recorded.astype(bool)
    choices, activity = full["choices"], full["activity"]
    if choices is not None and (activity is not None or not np.isin(choices, (0, 1)).all()):
        raise SchemaError(
            "not valid 'choices': they are 0 and 1 (no and yes), and come instead of 'activity'."
        )
    if weights is not None:
        _tell_missing(np.any(np.isnan(weights[:, :, seen]), axis=(0, 2, 3)), given["weights"])
    activity = activity if choices is None else choices
    nothing = np.full([sizes[dim] for dim in DIMS["weights"]], np.nan)
    activity = nothing[..., 0] if activity is None else np.where(seen, activity, np.nan)
    weights = nothing if weights is None else np.where(seen[:, None], weights, np.nan)
    if np.isnan(activity).all() and np.isnan(weights).all():
        raise RecordingError(
            "nothing to fit a rule to: there is no activity, no choice and no weight of any recorded unit. "
            "Give activity=, choices= or weights=, and see that recorded= holds for one unit at least."
        )
    reward = np.ones(pre.shape[:2]) if full["reward"] is None else full["reward"]
    if np.isnan(reward).any():
        raise SchemaError("not valid 'reward': it has NaN. Give 0 where there was none.")
    seen_all = Observed(
        pre, reward, activity, weights, activations[activation], learning_rate, binary=choices is not None
    )
    return seen_all, full["initial_weights"]


def of_recorded(seen: Observed, first: Numbers | None) -> tuple[Observed, Numbers | None]:
    """Without units of which nothing was recorded."""
    there = (~np.isnan(seen.activity)).any((0, 1)) | (~np.isnan(seen.weights)).any((0, 1, 3))
    kept = seen._replace(activity=seen.activity[:, :, there], weights=seen.weights[:, :, there])
    return kept, None if first is None else complete(first[:, there], of="a guess of first weights")


def complete(first: Numbers | None, *, of: str, otherwise: str = "") -> Numbers:
    """First weights, where none is missing."""
    if first is None or np.isnan(first).any():
        raise SchemaError(f"{of} needs initial_weights= without NaN.{otherwise}")
    return first


def _shaped(name: str, array: xr.DataArray) -> xr.DataArray:
    """``array`` with all of its dims, in order."""
    if name == "weights" and SYNAPSE in array.dims:
        array = _matrices(array)
    needed = DIMS[name]
    missing = [dim for dim in needed if dim not in array.dims and dim not in LEFT_OUT]
    extra = [str(dim) for dim in array.dims if dim not in needed]
    if missing or extra:
        what = [f"missing dim {dim!r}" for dim in missing] + [f"dim {dim!r} is not known" for dim in extra]
        raise SchemaError(
            f"not valid {name!r}: {'; '.join(what)}. Got dims {array.dims}; it takes {needed}. "
            "Rename with .rename(old='new')."
        )
    return array.expand_dims([dim for dim in needed if dim not in array.dims]).transpose(*needed)


def _matrices(weights: xr.DataArray) -> xr.DataArray:
    """Weights (..., synapse) as (..., post, pre): every unit must have a synapse from every input."""
    if not {PRE, POST} <= set(weights.coords):
        raise SchemaError("not valid 'weights': coords 'pre' and 'post' of each synapse are missing.")
    (post, row), (pre, column) = (np.unique(weights[name], return_inverse=True) for name in (POST, PRE))
    rest = weights.transpose(..., SYNAPSE)
    if np.unique(row * len(pre) + column).size != len(post) * len(pre) or row.size != len(post) * len(pre):
        raise SchemaError(
            f"not valid 'weights': {row.size} synapses between {len(pre)} inputs and {len(post)} units. "
            "There has to be one for each pair: take one layer, and units that share all inputs."
        )
    values = np.empty((*rest.shape[:-1], len(post), len(pre)))
    values[..., row, column] = rest.values
    kept = {name: rest[name] for name in (TRAJECTORY, STEP) if name in rest.coords}
    return xr.DataArray(values, kept, (*rest.dims[:-1], POST, PRE))


def _sizes(given: Mapping[str, xr.DataArray]) -> dict[str, int]:
    """Size of every dim; a missing trajectory or unit of one array stands for all of another's."""
    sizes: dict[str, int] = {STEP: 1, PRE: 1, TRAJECTORY: 1, POST: 1}
    for array in given.values():
        sizes |= {str(dim): max(size, sizes[str(dim)]) for dim, size in array.sizes.items()}
    wrong = [
        f"{name!r} has {size} along {dim!r} where others have {sizes[str(dim)]}"
        for name, array in given.items()
        for dim, size in array.sizes.items()
        if size != sizes[str(dim)] and not (name == "initial_weights" and dim == TRAJECTORY and size == 1)
    ]
    if wrong:
        raise SchemaError(
            f"shapes do not fit: {listing(wrong)}. Give all of them for the same steps and units."
        )
    return sizes


def _values(name: str, array: xr.DataArray, sizes: Mapping[str, int]) -> Numbers:
    shape = [sizes[dim] for dim in DIMS[name]]
    return np.array(np.broadcast_to(array.values.astype(float), shape))


def _tell_missing(missing: NDArray[np.bool_], weights: xr.DataArray) -> None:
    if missing.any():
        steps = weights[STEP].values if STEP in weights.coords else np.arange(missing.size)
        warnings.warn(
            f"weights are missing at {missing.sum()} of {missing.size} steps: "
            f"{listing(steps[missing], limit=10)}. "
            "The trajectory is carried through them by the rule and the inputs of those steps.",
            stacklevel=4,
        )
