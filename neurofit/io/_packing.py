"""Results as plain numbers and text that a file keeps exactly, and back.

NetCDF and its readers interpret attributes such as ``units`` and ``scale_factor``, know neither flags nor
dates, and forget which variables are coords. So nothing is left to them: values are stored as they are, and
dtypes, coords, names and the attributes of variables stand in one attribute of each group (``MARK``).
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..errors import RecordingError, SchemaError

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping

Result = xr.DataArray | xr.Dataset | xr.DataTree

MARK = "neurofit"
FORMAT = 1

# A DataArray may share its name with a coord, or have none; inside the file it is called this, with
# underscores behind it where a coord or dim has that name too.
_ARRAY = "values"
# Written a second time where other programs look for them.
_SHOWN = ("long_name", "units")


def pack(result: Result) -> xr.DataTree:
    """``result`` as a tree of numbers and text, marked with all that it takes to undo that."""
    nodes = _nodes(result)
    found = [problem for dataset in nodes.values() for problem in _obstacles(dataset)]
    if found:
        raise SchemaError(f"this {type(result).__name__} cannot be saved: {'; '.join(found)}")
    packed = xr.DataTree.from_dict({path: _pack(dataset) for path, dataset in nodes.items()})
    mark = json.loads(packed.attrs[MARK])
    mark.update(format=FORMAT, type=type(result).__name__, name=name_of(result))
    packed.attrs[MARK] = json.dumps(mark)
    return packed


def name_of(result: Result) -> Any:
    """The name of a result; a Dataset has none, though a variable of it may be called so."""
    return None if isinstance(result, xr.Dataset) else result.name


def unpack(packed: xr.DataTree, source: str) -> Result:
    """The result that was packed."""
    mark = json.loads(packed.attrs.get(MARK, "{}"))
    if "format" not in mark:
        raise RecordingError(
            f"{source} was not saved by neurofit.io.save; neurofit.io.open_nwb opens NWB files"
        )
    if mark["format"] != FORMAT:
        raise RecordingError(
            f"{source} was saved by a later neurofit (format {mark['format']}); update neurofit"
        )
    nodes = {node.path: _unpack(node.to_dataset(inherit=False)) for node in packed.subtree}
    if mark["type"] == "DataTree":
        return xr.DataTree.from_dict(nodes, name=mark["name"])
    dataset = nodes["/"]
    return dataset if mark["type"] == "Dataset" else next(iter(dataset.values())).rename(mark["name"])


def _nodes(result: Result) -> dict[str, xr.Dataset]:
    if isinstance(result, xr.DataTree):
        return {node.path: node.to_dataset(inherit=False) for node in result.subtree}
    if isinstance(result, xr.Dataset):
        return {"/": result}
    name = _ARRAY
    while name in result.coords or name in result.dims:
        name += "_"
    return {"/": result.to_dataset(name=name)}


def _pack(dataset: xr.Dataset) -> xr.Dataset:
    mark = {
        "coords": _names(dataset.coords),
        "indexes": _names(dataset.xindexes),
        "dtypes": {str(name): _spelled(variable.dtype) for name, variable in dataset.variables.items()},
        "attrs": {str(name): _python(variable.attrs) for name, variable in dataset.variables.items()},
    }
    plain = {name: _plain(variable) for name, variable in dataset.variables.items()}
    return xr.Dataset(plain, attrs={**dataset.attrs, MARK: json.dumps(mark)})


def _plain(variable: xr.Variable) -> xr.Variable:
    if variable.dtype.kind == "T":  # NumPy casts this kind of text by way of objects only.
        variable = variable.astype(object)
    stored = {"M": np.int64, "m": np.int64, "O": np.str_}
    shown = {name: variable.attrs[name] for name in _SHOWN if name in variable.attrs}
    return xr.Variable(variable.dims, variable.data, shown).astype(
        stored.get(variable.dtype.kind, variable.dtype)
    )


def _unpack(packed: xr.Dataset) -> xr.Dataset:
    mark = json.loads(packed.attrs[MARK])
    variables = {
        name: xr.Variable(
            variable.dims, variable.data.astype(_dtype(mark["dtypes"][name])), mark["attrs"][name]
        )
        for name, variable in packed.variables.items()
    }
    coords = {name: variables.pop(name) for name in mark["coords"]}
    attrs = _python({name: value for name, value in packed.attrs.items() if name != MARK})
    dataset = xr.Dataset(variables, coords, attrs)
    return dataset.drop_indexes([name for name in dataset.xindexes if name not in mark["indexes"]])


def _names(mapping: Iterable[Hashable]) -> list[str]:
    return [str(name) for name in mapping]


def _python(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        str(name): value.item() if isinstance(value, np.generic) else value for name, value in attrs.items()
    }


def _spelled(dtype: np.dtype[Any]) -> str:
    return str(dtype) if dtype.kind == "T" else dtype.str


def _dtype(spelled: str) -> Any:
    return np.dtypes.StringDType() if spelled == "StringDType()" else np.dtype(spelled)


def _obstacles(dataset: xr.Dataset) -> Iterator[str]:
    """What NetCDF and Zarr have no place for."""
    for where, attrs in {"": dataset.attrs, **{n: v.attrs for n, v in dataset.variables.items()}}.items():
        for name, value in attrs.items():
            if isinstance(value, bool) or not isinstance(value, str | int | float | np.number):
                of = f" of {where!r}" if where else ""
                kind = type(value).__name__
                yield f"attribute {name!r}{of} is a {kind}, neither text nor a number (use JSON text)"
    for name, variable in dataset.variables.items():
        if isinstance(dataset.xindexes.get(name), xr.indexes.PandasMultiIndex):
            yield f"{name!r} is part of a MultiIndex (use reset_index)"
        elif variable.dtype.kind == "O" and not all(isinstance(value, str) for value in variable.values.flat):
            yield f"{name!r} holds Python objects"
