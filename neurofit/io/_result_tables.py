"""A result as tables that any reader of NWB understands, and back.

One table lists the variables (``<name>``: group, dims, units, where the values are), one the attributes
(``<name>_attrs``, as JSON), and one for each dim (``<name>_<dim>``) has a column for each variable that
begins with it. Columns hold arrays; those of more than four dims are flattened from the fourth on.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ..errors import SchemaError
from ._packing import MARK, unpack

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ._packing import Result
    from .session._columns import Array

    Tables = dict[str, dict[str, Array]]

ATTRS = "_attrs"
VARIABLES = ("group", "variable", "kind", "dims", "shape", "units", "long_name", "table", "column")
ATTRIBUTES = ("group", "variable", "attribute", "value")
_OF_NO_DIM = "scalars"
_MOST_DIMS = 4


def tables_of(packed: xr.DataTree, name: str) -> Tables:
    """The columns of each table that ``packed``, a result as numbers and text, makes up."""
    listed: list[list[str]] = []
    attrs: list[list[str]] = []
    tables: Tables = {}
    reserved = (name, f"{name}{ATTRS}")
    places: dict[str, tuple[str, str]] = {}
    for node in packed.subtree:
        dataset = node.to_dataset(inherit=False)
        mark = json.loads(dataset.attrs[MARK])
        attrs += [[node.path, "", key, value] for key, value in _as_json(dataset.attrs)]
        for variable, values in dataset.variables.items():
            own = mark["attrs"][variable]
            attrs += [[node.path, str(variable), key, value] for key, value in _as_json(own)]
            dim = str(values.dims[0]) if values.dims else _OF_NO_DIM
            table = allowed("_".join([name, *filter(None, node.path.split("/")), dim]))
            if places.setdefault(table, (node.path, dim)) != (node.path, dim) or table in reserved:
                raise SchemaError(f"two parts of the result would lie in the table {table!r}: rename {dim!r}")
            columns = tables.setdefault(table, {})
            column = _free(allowed(str(variable)), columns)
            columns[column] = _as_column(values, f"{variable!r}")
            kind = "coord" if variable in mark["coords"] else "data"
            sizes = [json.dumps(values.dims), json.dumps(values.shape)]
            said = [str(own.get(key, "")) for key in ("units", "long_name")]
            listed.append([node.path, str(variable), kind, *sizes, *said, table, column])
    return {name: _turned(VARIABLES, listed), f"{name}{ATTRS}": _turned(ATTRIBUTES, attrs), **tables}


def result_of(tables: Mapping[str, Any], name: str, source: str) -> Result:
    """The result that ``tables_of`` took apart."""
    attrs: dict[str, dict[str, Any]] = {}
    variables: dict[str, dict[str, Any]] = {}
    for row in _rows(tables[f"{name}{ATTRS}"]):
        own = attrs.setdefault(row["group"], {})
        if not row["variable"]:  # Those of variables stand in the mark too.
            own[row["attribute"]] = json.loads(row["value"])
    for row in _rows(tables[name]):
        values = _read(tables[row["table"]][row["column"]]).reshape(json.loads(row["shape"]))
        variables.setdefault(row["group"], {})[row["variable"]] = (json.loads(row["dims"]), values)
    groups = {group: xr.Dataset(variables.get(group, {}), attrs=own) for group, own in attrs.items()}
    return unpack(xr.DataTree.from_dict(groups), source)


def allowed(name: str) -> str:
    """``name`` without what a name in HDF5 may not have."""
    return re.sub(r"[/:\x00]", "_", name)


def _as_column(values: xr.Variable, what: str) -> Array:
    array = np.atleast_1d(values.values)
    if array.dtype.kind == "c":
        raise SchemaError(f"{what} is complex, which NWB has no place for; write its .real and .imag")
    if array.ndim > _MOST_DIMS:
        array = array.reshape(*array.shape[: _MOST_DIMS - 1], -1)
    if array.dtype.kind == "U":
        return array.astype(object if array.size else np.float64)  # No text at all has no type in HDF5.
    return array


def _free(column: str, columns: dict[str, Array]) -> str:
    from hdmf.common import DynamicTable

    while column in columns or hasattr(DynamicTable, column):
        column += "_"
    return column


def _as_json(attrs: Mapping[Any, Any]) -> Iterator[tuple[str, str]]:
    for name, value in attrs.items():
        yield str(name), json.dumps(value.item() if isinstance(value, np.generic) else value)


def _turned(columns: tuple[str, ...], rows: list[list[str]]) -> dict[str, Array]:
    return {column: np.array([row[i] for row in rows], dtype=object) for i, column in enumerate(columns)}


def _rows(table: Any) -> Iterator[dict[str, str]]:
    columns = {str(key): _read(table[key]).astype(str).tolist() for key in table if key != "id"}
    for row in zip(*columns.values(), strict=True):
        yield dict(zip(columns, row, strict=True))


def _read(column: Any) -> Array:
    is_text = getattr(column.dtype, "kind", "") == "O"
    return np.asarray(column.asstr()[()] if is_text else column[()])
