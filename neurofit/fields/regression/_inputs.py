"""Labelled samples of weights and of their changes as arrays, checked and matched by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...errors import AlignmentError, RecordingError, SchemaError, listing
from ...names import SYNAPSE

if TYPE_CHECKING:
    import xarray as xr

Numbers = np.ndarray


class Samples(NamedTuple):
    """Weights and their changes (sample, synapse), and the ids of the synapses."""

    w: Numbers
    dw: Numbers
    ids: Numbers


def samples(W: xr.DataArray, dW: xr.DataArray) -> Samples:
    """Both arrays, with samples and synapses in the order of ``W``, in units of their own."""
    dim = _sample_dim(W, dW)
    for on in (SYNAPSE, dim):
        dW = _matched(W, dW, on)
    w, dw = (array.transpose(dim, SYNAPSE).values.astype(float) for array in (W, dW))
    _check_values(w, dw, dim)
    ids = W[SYNAPSE].values if SYNAPSE in W.coords else np.arange(w.shape[1])
    _check_changes(w, ids)
    if not dw.any():
        raise RecordingError("dW is 0 everywhere: nothing changes, so there is no field to find.")
    least = 2 * (w.shape[1] + 1)
    if len(w) < least:
        raise RecordingError(
            f"{len(w)} samples of {w.shape[1]} synapses are too few: a constant and a matrix have "
            f"{w.shape[1] + 1} numbers for each synapse, and what is left says how smooth the field is. "
            f"At least {least} are needed."
        )
    return Samples(w, dw, ids)


def _sample_dim(W: xr.DataArray, dW: xr.DataArray) -> str:
    for name, array in (("W", W), ("dW", dW)):
        if array.ndim != 2 or SYNAPSE not in array.dims:
            raise SchemaError(
                f"not valid {name!r}: got dims {array.dims}; it takes two, one of samples (such as 'trial' "
                "or 'session_index') and 'synapse'. Rename with .rename(old='new')."
            )
    if set(W.dims) != set(dW.dims):
        raise SchemaError(f"W has dims {W.dims} and dW {dW.dims}: they have to be the same samples.")
    return next(str(dim) for dim in W.dims if dim != SYNAPSE)


def _matched(W: xr.DataArray, dW: xr.DataArray, on: str) -> xr.DataArray:
    """``dW`` with the ids along ``on`` in the order of ``W``."""
    if on in W.coords and on in dW.coords:
        ours, theirs = (array[on].values for array in (W, dW))
        twice = len(set(ours.tolist())) < len(ours) or len(set(theirs.tolist())) < len(theirs)
        alone = sorted(set(ours.tolist()) ^ set(theirs.tolist()), key=str)
        if twice or alone:
            what = f"only in one of them: {listing(alone, limit=5)}" if alone else "some ids are there twice"
            raise AlignmentError(f"{on!r} of W and dW do not match one to one; {what}.")
        return dW.sel({on: ours})
    if W.sizes[on] != dW.sizes[on]:
        raise SchemaError(
            f"W has {W.sizes[on]} along {on!r} and dW {dW.sizes[on]}: they have to be the same."
        )
    return dW


def _check_values(w: Numbers, dw: Numbers, dim: str) -> None:
    if w.shape[1] < 2:
        raise RecordingError("a field over one synapse has no curl: at least 2 synapses are needed.")
    holes = [
        f"{bad} in {name!r}"
        for name, values in (("W", w), ("dW", dw))
        if (bad := int((~np.isfinite(values)).any(axis=1).sum()))
    ]
    if holes:
        raise SchemaError(
            f"samples that are not finite: {', '.join(holes)}. Leave them out of both with "
            f".isel({dim}=...), or synapses that are often missing."
        )


def _check_changes(w: Numbers, ids: Numbers) -> None:
    spread = np.ptp(w, axis=0)
    still = spread <= 1e-12 * np.abs(w).max(axis=0)
    if still.any():
        raise RecordingError(
            f"the weight is the same in all samples for synapse {listing(ids[still], limit=5)}: how dw "
            "depends on it cannot be told. Leave out such synapses."
        )
    centred = (w - w.mean(axis=0)) / spread
    rank = int(np.linalg.matrix_rank(centred))
    if rank < w.shape[1] <= len(w) - 1:
        raise RecordingError(
            f"weights of {w.shape[1]} synapses vary in {rank} dimensions only: some are sums of others, and "
            "the field across them cannot be told. Leave out synapses until all vary on their own."
        )
