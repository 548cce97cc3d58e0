"""What weights and their changes have to be before anything is computed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..errors import AlignmentError, RecordingError, SchemaError, listing
from ..names import SYNAPSE, TRIAL

if TYPE_CHECKING:
    from collections.abc import Mapping

Numbers = np.ndarray


def table(arrays: Mapping[str, Any], dims: tuple[str, ...]) -> xr.Dataset:
    """``arrays`` as one Dataset of float64 with ``dims`` last, after all problems were told together."""
    problems = []
    for name, array in arrays.items():
        if not isinstance(array, xr.DataArray):
            problems.append(f"{name} is a {type(array).__name__}, not a DataArray with dims {dims}")
        elif missing := [dim for dim in dims if dim not in array.dims]:
            problems.append(f"{name} lacks dim {listing(missing)}; it has {array.dims}")
        elif array.dtype.kind not in "fiu":
            problems.append(f"{name} is of type {array.dtype}, not numbers")
    if problems:
        raise SchemaError("not a field of weight changes: " + "; ".join(problems))
    infinite = [name for name, array in arrays.items() if np.isinf(array.astype(float)).any()]
    if infinite:
        raise RecordingError(f"values of {listing(infinite)} are infinite: mark what is missing as NaN")
    if SYNAPSE in dims:
        _several(next(iter(arrays.values())))
    first, *rest = arrays.values()
    for name, other in zip(list(arrays)[1:], rest, strict=True):
        for dim in dims:
            _same(first, other, dim, name)
    further = {dim: array.sizes[dim] for array in arrays.values() for dim in array.dims if dim not in dims}
    return xr.Dataset(
        {
            name: array.astype(float)
            .expand_dims({dim: size for dim, size in further.items() if dim not in array.dims})
            .transpose(*further, *dims)
            for name, array in arrays.items()
        }
    )


def _several(array: xr.DataArray) -> None:
    """Raise where there is one synapse, or two of one name."""
    if array.sizes[SYNAPSE] < 2:
        raise RecordingError(
            "there is one synapse, and any field in one dimension is a gradient: take two or more"
        )
    if SYNAPSE in array.coords:
        names, counts = np.unique(array[SYNAPSE], return_counts=True)
        if (counts > 1).any():
            raise AlignmentError(
                f"labels along {SYNAPSE!r} stand there twice: {listing(names[counts > 1], limit=5)}"
            )


def _same(a: xr.DataArray, b: xr.DataArray, dim: str, name: str) -> None:
    if a.sizes[dim] != b.sizes[dim]:
        raise AlignmentError(f"{name} has {b.sizes[dim]} entries along {dim!r}, and not {a.sizes[dim]}")
    if dim in a.coords and dim in b.coords and not np.array_equal(a[dim], b[dim]):
        wrong = a[dim].values[a[dim].values != b[dim].values]
        raise AlignmentError(
            f"{name} has other labels along {dim!r} than the first array, at {listing(wrong, limit=5)}"
        )


def finite(data: xr.Dataset, names: tuple[str, ...], dim: str) -> None:
    """Raise where there are missing values, which trials must not have."""
    bad = {name: int((~np.isfinite(data[name])).sum()) for name in names}
    told = [f"{count} of {name}" for name, count in bad.items() if count]
    if told:
        raise RecordingError(f"values are missing: {', '.join(told)}. Leave these out, with .dropna({dim!r})")


def changing(weights: xr.DataArray, what: str) -> None:
    """Raise where a synapse is always the same, or is never seen."""
    others = [str(dim) for dim in weights.dims if dim != SYNAPSE]
    seen = weights.count(others)
    spread = weights.max(others) - weights.min(others)
    never = weights[SYNAPSE].values[(seen < 2).values]
    same = weights[SYNAPSE].values[((spread == 0) & (seen >= 2)).values]
    problems = [
        f"{what} of synapses {listing(which, limit=10)} {why}"
        for which, why in ((never, "is there fewer than twice"), (same, "is always the same"))
        if len(which)
    ]
    if problems:
        raise RecordingError(
            "; ".join(problems)
            + ". A direction in which nothing moves tells nothing of the field: leave them out"
        )


def responding(dw: xr.DataArray) -> None:
    """Raise where no change differs from trial to trial: there is nothing but drift."""
    if not (dw.max(TRIAL) > dw.min(TRIAL)).any():
        raise RecordingError(
            "weights change by the same amount in all trials (dw is constant): nothing responds"
        )
