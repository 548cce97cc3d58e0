"""Labelled function and weights before and after a perturbation, as arrays, checked."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import xarray as xr

from ...errors import RecordingError, SchemaError, listing
from ...names import SESSION_INDEX, STEP, SYNAPSE, TIME, TRIAL
from ._ratio import Shift, row_space

Numbers = np.ndarray
TIMES = (SESSION_INDEX, STEP, TIME)
FEWEST = 3


class Phases(NamedTuple):
    """Which sessions are before, at once after the perturbation, and late."""

    along: str
    before: Numbers
    onset: int
    late: Numbers


def phases(function: xr.DataArray, onset: float, late: int) -> Phases:
    """The sessions of each phase, from the coord of the sessions."""
    along = [dim for dim in TIMES if dim in function.dims]
    if len(along) != 1 or set(function.dims) != {TRIAL, along[0]}:
        raise SchemaError(
            f"not valid 'function': got dims {function.dims}; it takes {TRIAL!r} and one of {listing(TIMES)}."
        )
    times = function[along[0]].values
    before, after = np.flatnonzero(times < onset), np.flatnonzero(times >= onset)
    if not len(before) or len(after) < 2 or not 1 <= late < len(after):
        raise RecordingError(
            f"{len(before)} sessions before onset {onset}, and {len(after)} from it on: it takes one before, "
            f"one at once after the perturbation, and {late} late ones."
        )
    return Phases(along[0], before, int(after[0]), after[-late:])


def changes(function: xr.DataArray, when: Phases, name: str) -> tuple[Numbers, Numbers]:
    """Function late and at once after the perturbation, less that before (trial)."""
    values = _values(function, when, name, (TRIAL, when.along))
    before = values[:, when.before].mean(axis=1)
    return values[:, when.late].mean(axis=1) - before, values[:, when.onset] - before


def shift(weights: xr.DataArray, when: Phases, noise: xr.DataArray | float, name: str) -> Shift:
    """The same of weights (trial, synapse), with what noise adds to products of them."""
    values = _values(weights, when, name, (TRIAL, when.along, SYNAPSE))
    variance = np.asarray(noise.values if isinstance(noise, xr.DataArray) else noise, dtype=float)
    if variance.shape not in ((), (values.shape[2],)) or not (variance >= 0).all():
        raise SchemaError("'noise' is a variance, 0 or more: one for all synapses, or dim 'synapse' alone.")
    variance = np.broadcast_to(variance, values.shape[2])
    before = values[:, when.before].mean(axis=1)
    return Shift(
        values[:, when.onset] - before,
        values[:, when.late].mean(axis=1) - before,
        variance * (1 + 1 / len(when.before)),
        variance * (1 / len(when.late) + 1 / len(when.before)),
        variance / len(when.before),
    )


def seen_by(constraints: xr.DataArray, weights: xr.DataArray) -> Numbers:
    """Orthonormal rows of the space that the objective sees."""
    if SYNAPSE not in constraints.dims or constraints.ndim != 2:  # noqa: PLR2004, rows of gradients
        raise SchemaError(
            f"not valid 'constraints': got dims {constraints.dims}; it takes 'synapse' and one for the rows, "
            "such as 'feature'."
        )
    rows = constraints.transpose(..., SYNAPSE).values.astype(float)
    same = SYNAPSE not in constraints.coords or SYNAPSE not in weights.coords
    if rows.shape[1] != weights.sizes[SYNAPSE] or not (
        same or np.array_equal(constraints[SYNAPSE], weights[SYNAPSE])
    ):
        raise SchemaError("'constraints' and 'weights' differ in 'synapse': give them in one order.")
    if not np.isfinite(rows).all() or not rows.any():
        raise SchemaError("'constraints' are NaN or all 0: nothing tells what the objective sees.")
    return row_space(rows)


def _values(array: xr.DataArray, when: Phases, name: str, dims: tuple[str, ...]) -> Numbers:
    if set(array.dims) != set(dims):
        raise SchemaError(f"not valid {name!r}: got dims {array.dims}; it takes {dims}.")
    values = array.transpose(*dims).values.astype(float)
    if values.shape[1] <= max(when.late):
        raise SchemaError(f"{name!r} has {values.shape[1]} sessions, 'function' more: give the same ones.")
    if not np.isfinite(values).all():
        raise SchemaError(f"{name!r} has NaN: leave out trials, or synapses, with missing entries.")
    if len(values) < FEWEST:
        raise RecordingError(f"{name!r} has {len(values)} trials; it takes {FEWEST} to make intervals.")
    return values
