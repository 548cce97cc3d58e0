"""Responses under the names that BrainIO and Brain-Score use, and back; plain xarray on both sides."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .. import provenance, schema
from ..errors import SchemaError, listing
from ..names import AREA, SESSION_ID, STIMULUS, STIMULUS_ID, SUBJECT, TIME, TRIAL, UNIT, UNIT_ID

if TYPE_CHECKING:
    from .session._columns import Array

PRESENTATION, NEUROID, TIME_BIN = "presentation", "neuroid", "time_bin"
STARTS, ENDS, REPETITION = "time_bin_start", "time_bin_end", "repetition"
THEIR_NAMES = {UNIT_ID: "neuroid_id", AREA: "region", SUBJECT: "animal", SESSION_ID: "session"}
OUR_NAMES = {theirs: ours for ours, theirs in THEIR_NAMES.items()} | {"image_id": STIMULUS_ID}

# What ``from_brainio`` needs to undo ``to_brainio``, as JSON in this attribute.
_MARK = "neurofit_names"


def to_brainio(responses: xr.DataArray, *, index: bool = False) -> xr.DataArray:
    """Responses (presentation, neuroid[, time_bin]), named as BrainIO does.

    ``unit_id`` becomes ``neuroid_id``, ``area`` ``region``, ``subject`` ``animal`` and ``session_id``
    ``session``; ``time_bin_start`` and ``time_bin_end`` are milliseconds, and ``repetition`` counts the
    trials of each stimulus from 0. All other coords stay, as does ``time`` in seconds.

    Parameters
    ----------
    responses
        Responses with dims ``unit`` and ``trial`` or ``stimulus``, and perhaps ``time``.
    index
        Whether the coords of each dim form a MultiIndex, as they do in BrainIO's own classes, to which what
        comes back can then be given. neurofit's functions want them flat.

    Returns
    -------
    DataArray, which ``from_brainio`` turns back into ``responses``.

    Raises
    ------
    SchemaError
        If ``responses`` are none, have further dims, or time bins of unknown width.

    References
    ----------
    Schrimpf et al. 2020, Neuron 108:413, doi:10.1016/j.neuron.2020.07.040

    Examples
    --------
    >>> counts = xr.DataArray(
    ...     [[1, 4]],
    ...     {"stimulus_id": ("trial", ["cat"]), "area": ("unit", ["V1", "IT"])},
    ...     ("trial", "unit"),
    ... )
    >>> to_brainio(counts).sel(neuroid=to_brainio(counts).region == "IT").values
    array([[4]])
    """
    schema.check(responses, "responses")
    rows = TRIAL if TRIAL in responses.dims else STIMULUS
    dims: dict[Any, str] = {rows: PRESENTATION, UNIT: NEUROID, TIME: TIME_BIN}
    further = [dim for dim in responses.dims if dim not in dims]
    if further:
        raise SchemaError(f"BrainIO knows no dim {listing(further)}; choose one entry of each first")
    array = responses.transpose(rows, UNIT, ...)
    names = _free({str(name): THEIR_NAMES.get(str(name), str(name)) for name in array.coords})
    coords: dict[str, Any] = {
        names[str(name)]: ([dims[dim] for dim in coord.dims], coord.values, coord.attrs)
        for name, coord in array.coords.items()
    }
    added = _repetitions(array) if rows == TRIAL else {}
    added |= _bins(array) if TIME in array.dims else {}
    added = {name: coord for name, coord in added.items() if name not in coords}
    mark = {
        "dims": [str(dim) for dim in responses.dims],
        "names": {theirs: ours for ours, theirs in names.items()},
        "added": list(added),
    }
    renamed = xr.DataArray(
        array.data, coords | added, [dims[dim] for dim in array.dims], responses.name, responses.attrs
    ).assign_attrs({_MARK: json.dumps(mark)})
    if not index:
        return renamed
    levels: dict[Any, Any] = {
        dim: [name for name, coord in renamed.coords.items() if coord.dims == (dim,)] for dim in renamed.dims
    }
    return renamed.set_index({dim: own for dim, own in levels.items() if len(own) > 1})


def from_brainio(assembly: xr.DataArray) -> xr.DataArray:
    """Responses from an assembly of BrainIO; its MultiIndexes become plain coords.

    Parameters
    ----------
    assembly
        A NeuroidAssembly, or any DataArray with dims ``presentation``, ``neuroid`` and perhaps ``time_bin``.

    Returns
    -------
    DataArray (trial, unit[, time]), or (stimulus, unit[, time]) where no stimulus comes twice and nothing
    tells repetitions; in any case what was given to ``to_brainio``. ``time`` is the left edge of each bin in
    seconds. Attributes that are neither text nor numbers, such as a StimulusSet, are left out with a warning.

    Raises
    ------
    SchemaError
        If dims or ``stimulus_id`` are missing.

    Examples
    --------
    >>> assembly = xr.DataArray(
    ...     [[1.0], [2.0]],
    ...     {"stimulus_id": ("presentation", ["cat", "dog"]), "neuroid_id": ("neuroid", ["IT-7"])},
    ...     ("presentation", "neuroid"),
    ... )
    >>> from_brainio(assembly).dims
    ('stimulus', 'unit')
    """
    flat = _flat(assembly)
    missing = [f"dim {dim!r}" for dim in (PRESENTATION, NEUROID) if dim not in flat.dims]
    if STIMULUS_ID not in flat.coords and "image_id" not in flat.coords:
        missing.append(f"coord {STIMULUS_ID!r}")
    if missing:
        raise SchemaError(f"no assembly of BrainIO: missing {listing(missing)}. Got dims {flat.dims}.")
    if _MARK in flat.attrs:
        return _restored(flat, json.loads(flat.attrs[_MARK]))
    return _translated(flat)


def _flat(assembly: xr.DataArray) -> xr.DataArray:
    several = [dim for dim in assembly.dims if isinstance(assembly.indexes.get(dim), _multi_index())]
    flat = assembly.reset_index(several) if several else assembly
    coords = {name: coord.variable for name, coord in flat.coords.items()}
    return xr.DataArray(flat.variable, coords, name=flat.name)


def _multi_index() -> type:
    import pandas as pd

    return pd.MultiIndex


def _restored(flat: xr.DataArray, mark: dict[str, Any]) -> xr.DataArray:
    """What ``to_brainio`` was given."""
    ours = {PRESENTATION: TRIAL if TRIAL in mark["dims"] else STIMULUS, NEUROID: UNIT, TIME_BIN: TIME}
    coords = {
        mark["names"].get(name, name): ([ours[str(dim)] for dim in coord.dims], coord.values, coord.attrs)
        for name, coord in flat.coords.items()
        if name not in mark["added"]
    }
    attrs = {name: value for name, value in flat.attrs.items() if name != _MARK}
    array = xr.DataArray(flat.data, coords, [ours[str(dim)] for dim in flat.dims], flat.name, attrs)
    return array.transpose(*mark["dims"])


def _translated(flat: xr.DataArray) -> xr.DataArray:
    """An assembly that others made."""
    names = {str(name): OUR_NAMES.get(str(name), str(name)) for name in flat.coords}
    stimuli = flat.coords[STIMULUS_ID if STIMULUS_ID in names else "image_id"].values
    repeated = REPETITION in names or np.unique(stimuli.astype(str)).size < stimuli.size
    ours = {PRESENTATION: TRIAL if repeated else STIMULUS, NEUROID: UNIT, TIME_BIN: TIME}
    coords: dict[str, Any] = {}
    for name, coord in flat.coords.items():
        values = coord.values.astype(str) if coord.dtype == object else coord.values
        free = names[str(name)]
        while free in coords or free in ours.values():
            free += "_"
        coords[free] = ([ours.get(str(dim), dim) for dim in coord.dims], values, coord.attrs)
    kept = {key: value for key, value in flat.attrs.items() if isinstance(value, str | int | float)}
    lost = sorted(map(str, flat.attrs.keys() - kept.keys()))
    if lost:
        warnings.warn(f"attributes that no file can hold are left out: {listing(lost)}.", stacklevel=3)
    if STARTS in coords and TIME_BIN in flat.dims:
        start = coords[STARTS][1].astype(np.float64) / 1000
        coords[TIME] = (TIME, start, {"units": "s", "long_name": "left edge of the bin"})
        width = np.unique(np.round(coords[ENDS][1] / 1000 - start, 9)) if ENDS in coords else np.empty(0)
        kept |= {"bin": float(width[0])} if width.size == 1 else {}
    dims = [ours.get(str(dim), dim) for dim in flat.dims]
    array = xr.DataArray(flat.data, coords, dims, flat.name, kept)
    said = {"units": str(kept.get("units", "unknown")), "long_name": str(kept.get("long_name", "response"))}
    return provenance.stamp(provenance.label(array, **said), "io.from_brainio", sources=[array])


def _free(names: dict[str, str]) -> dict[str, str]:
    """``names`` of which no two are the same: one that was there gives way to one that is translated."""
    translated = {theirs for ours, theirs in names.items() if ours != theirs}
    free: dict[str, str] = {}
    for ours, theirs in names.items():
        name = theirs
        while (ours == theirs and name in translated) or name in free.values():
            name += "_"
        free[ours] = name
    return free


def _repetitions(responses: xr.DataArray) -> dict[str, Any]:
    seen: dict[str, int] = {}
    counted = []
    for name in responses[STIMULUS_ID].values.astype(str).tolist():
        counted.append(seen.get(name, 0))
        seen[name] = counted[-1] + 1
    return {REPETITION: ([PRESENTATION], counted)}


def _bins(responses: xr.DataArray) -> dict[str, Any]:
    if TIME not in responses.coords:
        raise SchemaError("dim 'time' has no coord; add one with assign_coords(time=...), in seconds")
    start = responses[TIME].values.astype(np.float64)
    width = responses.attrs.get("bin")
    if width is None and start.size < 2:
        raise SchemaError("the width of the time bin is not known; set responses.attrs['bin'], in seconds")
    end = start + width if width is not None else np.append(start[1:], 2 * start[-1] - start[-2])
    return {STARTS: ([TIME_BIN], _milliseconds(start)), ENDS: ([TIME_BIN], _milliseconds(end))}


def _milliseconds(seconds: Array) -> Array:
    """To the nanosecond, and as whole numbers where they are."""
    exact = np.round(seconds * 1000, 6)
    return exact.astype(np.int64) if np.all(exact == np.floor(exact)) else exact
