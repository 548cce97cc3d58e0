"""Labelled activity, errors and decoders as arrays, checked and matched by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from ...errors import RecordingError, SchemaError
from ...names import COMPONENT, STIMULUS, STIMULUS_ID, TIME, UNIT, UNIT_ID
from ...prep import align

if TYPE_CHECKING:
    from collections.abc import Mapping

    import xarray as xr

Numbers = np.ndarray
DIMS = {
    "before": (STIMULUS, TIME, UNIT),
    "after": (STIMULUS, TIME, UNIT),
    "errors": (STIMULUS, TIME, COMPONENT),
    "decoder": (COMPONENT, UNIT),
    "internal": (COMPONENT, UNIT),
}
LEAST = {STIMULUS: 3, TIME: 3, UNIT: 2}
WHY = "Means over targets are taken off, intervals resample targets, and bins are set against those before."


class Learned(NamedTuple):
    """Activity (target, time, unit), errors (target, time, component), decoders (component, unit)."""

    before: Numbers
    after: Numbers
    errors: Numbers
    decoder: Numbers
    internal: Numbers


def learned(arrays: Mapping[str, xr.DataArray]) -> Learned:
    """The five arrays, with targets and units in the order of ``before``."""
    given = {name: _shaped(name, array) for name, array in arrays.items()}
    unnamed = [
        name for name, array in given.items() if STIMULUS in array.dims and STIMULUS_ID not in array.coords
    ]
    if unnamed:
        raise SchemaError(
            f"targets of {', '.join(map(repr, unnamed))} have no coord 'stimulus_id' to match them by. "
            "Add it with .assign_coords(stimulus_id=('stimulus', [...]))."
        )
    first = given["before"]
    for name, array in given.items():
        for dim, on in ((STIMULUS, STIMULUS_ID), (UNIT, UNIT_ID)):
            if dim in array.dims and on in first.coords and on in array.coords:
                given[name] = align(first, given[name], on=on)[1]
    _check_sizes(given)
    values = Learned(*(given[name].values.astype(float) for name in DIMS))
    holes = [name for name, array in values._asdict().items() if not np.isfinite(array).all()]
    if holes:
        raise SchemaError(
            f"not finite: {', '.join(map(repr, holes))}. Leave out units and targets with NaN in all arrays."
        )
    flat = [name for name in ("errors", "decoder", "internal") if not getattr(values, name).any()]
    if flat or not np.ptp(values.before, axis=0).any():
        raise RecordingError(
            "nothing to predict a change from: "
            f"{', '.join([*(f'{name!r} is all 0' for name in flat), *_untuned(values.before)])}."
        )
    return values


def _untuned(before: Numbers) -> list[str]:
    return [] if np.ptp(before, axis=0).any() else ["'before' is the same for all targets"]


def _shaped(name: str, array: xr.DataArray) -> xr.DataArray:
    needed = DIMS[name]
    if set(array.dims) != set(needed):
        raise SchemaError(
            f"not valid {name!r}: got dims {array.dims}; it takes {needed}. "
            "Average over trials, and rename with .rename(old='new')."
        )
    return array.transpose(*needed)


def _check_sizes(given: Mapping[str, xr.DataArray]) -> None:
    """That all arrays have the same sizes, bins and components, and enough of them."""
    wrong = []
    for dim in (STIMULUS, TIME, UNIT, COMPONENT):
        having = {name: array for name, array in given.items() if dim in array.dims}
        sizes = {name: array.sizes[dim] for name, array in having.items()}
        if len(set(sizes.values())) > 1:
            told = ", ".join(f"{size} in {name!r}" for name, size in sizes.items())
            wrong.append(f"{dim!r} has {told}: all have to have the same")
        elif min(sizes.values()) < LEAST.get(dim, 1):
            wrong.append(f"{dim!r} has {min(sizes.values())}, at least {LEAST[dim]} are needed")
        elif dim in (TIME, COMPONENT):
            marks = [array[dim].values for array in having.values() if dim in array.coords]
            if any(not np.array_equal(marks[0], other) for other in marks[1:]):
                wrong.append(f"coords {dim!r} of {', '.join(map(repr, having))} differ")
    if wrong:
        raise SchemaError(f"arrays do not fit: {'; '.join(wrong)}. {WHY}")
