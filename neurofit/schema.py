"""Check that data are what an analysis needs, and tell all that is wrong at once.

Each kind of dataset has a JSON Schema (draft 2020-12) in ``data_schemas/``. It speaks about a description
of the data (``describe``): dims with their sizes, coords, variables and attrs. What JSON Schema cannot say,
such as "unique" or "non-negative", stands in its ``x-neurofit`` block: ``neurofit.value_rules``.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xarray as xr

from .errors import SchemaError, unknown_name
from .value_rules import Data, broken_rules

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

    from jsonschema.exceptions import ValidationError

REQUIREMENTS = "requirements-"


def kinds() -> list[str]:
    """Names of the kinds of data that have a schema.

    Returns
    -------
    list of str
        What ``check`` takes as ``kind``, in alphabetical order.
    """
    return [name for name in _stored() if not name.startswith(REQUIREMENTS)]


def analyses() -> list[str]:
    """Names of the analyses that say what they need of a recording.

    Returns
    -------
    list of str
        What ``neurofit.io.check_requirements`` takes as ``analysis``, in alphabetical order.
    """
    return [name.removeprefix(REQUIREMENTS) for name in _stored() if name.startswith(REQUIREMENTS)]


def requirements(analysis: str) -> dict[str, Any]:
    """What an analysis needs of a recording, as JSON Schema of its description.

    Parameters
    ----------
    analysis
        One of ``analyses()``.

    Returns
    -------
    dict
        Each entry of ``allOf`` is one need, with a ``title`` and a ``description`` of how to meet it; needs
        of values stand in ``x-neurofit``.

    Raises
    ------
    UnknownNameError
        If there is no such analysis.
    """
    if analysis not in analyses():
        raise unknown_name("analysis with requirements", analysis, analyses())
    return _read(f"{REQUIREMENTS}{analysis}")


def version(kind: str) -> str:
    """Version of the schema of a ``kind`` of data, which such data carry as ``schema_version``.

    Parameters
    ----------
    kind
        ``"session"``, the one kind that has versions.

    Returns
    -------
    str
        It goes up when data of the earlier version would not pass.
    """
    said: str = _load(kind)["x-neurofit"]["version"]
    return said


def check(data: Data, kind: str) -> None:
    """Raise unless ``data`` are valid data of this ``kind``.

    Parameters
    ----------
    data
        DataArray, Dataset or DataTree.
    kind
        One of ``kinds()``, such as ``"responses"`` or ``"rdm"``.

    Returns
    -------
    None

    Raises
    ------
    SchemaError
        If anything is missing or has wrong values; every problem is listed.

    Examples
    --------
    >>> check(xr.DataArray([[0.5, 2.0]], dims=("stimulus", "neuroid")), "activations")
    Traceback (most recent call last):
    ...
    neurofit.errors.SchemaError: not valid 'activations': missing dim 'unit'; missing coord 'area'; \
missing coord 'stimulus_id'.
    Got dims ('stimulus', 'neuroid') and attrs [].
    Rename with data.rename(neuroid='unit'); see docs/schemas.md.
    """
    found = problems(data, kind)
    if not found:
        return
    dims = tuple(str(dim) for dim in data.dims)
    attrs = [str(name) for name in data.attrs]
    renames = _renames(data, _load(kind))
    advice = f"Rename with data.rename({renames}); see" if renames else "See"
    raise SchemaError(
        f"not valid {kind!r}: {'; '.join(found)}.\n"
        f"Got dims {dims} and attrs {attrs}.\n{advice} docs/schemas.md."
    )


def problems(data: Data, kind: str) -> list[str]:
    """All that keeps ``data`` from being of this ``kind``.

    Parameters
    ----------
    data
        DataArray, Dataset or DataTree.
    kind
        One of ``kinds()``.

    Returns
    -------
    list of str
        One phrase for each problem; empty where there is none.
    """
    from jsonschema import Draft202012Validator

    schema = _load(kind)
    errors = Draft202012Validator(schema).iter_errors(describe(data))
    shape = [phrase for error in errors for phrase in _phrases(error)]
    return list(dict.fromkeys([*sorted(shape, key=_order), *broken_rules(data, _rules(schema))]))


def describe(data: Data) -> dict[str, Any]:
    """What a schema sees of ``data``: names, sizes, dtypes and attrs, none of the values.

    Parameters
    ----------
    data
        DataArray, Dataset or DataTree.

    Returns
    -------
    dict
        ``type``, ``dims`` (name to size), ``coords`` and ``variables`` (name to ``attrs``, ``dims``
        and ``dtype``, one of ``number``, ``text``, ``flag``, ``date``), ``attrs``, and a tree's ``children``.
    """
    described: dict[str, Any] = {
        "type": type(data).__name__,
        "dims": {str(dim): size for dim, size in data.sizes.items()},
        "coords": {str(name): _describe_variable(coord) for name, coord in data.coords.items()},
        "attrs": {str(name): value for name, value in data.attrs.items()},
    }
    if isinstance(data, xr.DataArray):
        described["dtype"] = _describe_variable(data)["dtype"]
    else:
        described["variables"] = {
            str(name): _describe_variable(array) for name, array in data.data_vars.items()
        }
    if isinstance(data, xr.DataTree):
        described["children"] = {name: describe(child) for name, child in data.children.items()}
    return described


def _describe_variable(array: xr.DataArray) -> dict[str, Any]:
    return {
        "dims": [str(dim) for dim in array.dims],
        "dtype": _DTYPES.get(array.dtype.kind, "number"),
        "attrs": {str(name): value for name, value in array.attrs.items()},
    }


_SINGULAR = {
    "dims": "dim",
    "coords": "coord",
    "variables": "variable",
    "children": "group",
    "attrs": "attribute",
}
_DTYPES = {"U": "text", "O": "text", "T": "text", "b": "flag", "M": "date", "m": "date"}


def _phrases(error: ValidationError) -> Iterator[str]:
    where = [str(part) for part in error.absolute_path]
    what = _SINGULAR.get(where[-1], where[-1]) if where else "part"
    inside = f" of {'/'.join(part for part in where[:-1] if part != 'children')}" if len(where) > 1 else ""
    wanted: Any = error.validator_value
    instance: Any = error.instance
    if error.validator == "required":
        missing = [name for name in wanted if name not in instance]
        yield from (f"missing {what} {name!r}{inside}" for name in missing)
    elif error.validator == "anyOf":
        options = [option.get("required", []) for option in wanted]
        yield f"needs one of {what}s {' or '.join(repr(' + '.join(names)) for names in options)}{inside}"
    elif error.validator == "const" and len(where) == 1:
        yield f"is a {instance}, must be a {wanted}"
    elif error.validator == "const":
        group, name, aspect = where[-3:]
        yield f"{_SINGULAR[group]} {name!r} has {aspect} {instance!r}, must have {wanted!r}"
    else:
        yield f"{' '.join(where) or 'data'}: {error.message}"


def _order(phrase: str) -> int:
    return next((rank for rank, word in enumerate(_SINGULAR.values()) if f" {word} " in phrase), -1)


def _renames(data: Data, schema: dict[str, Any]) -> str:
    synonyms = schema.get("x-neurofit", {}).get("synonyms", {})
    present = set(data.dims) | set(data.coords)
    return ", ".join(
        f"{word}={name!r}"
        for name, words in synonyms.items()
        for word in words
        if word in present and name not in present
    )


def _rules(schema: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = schema.get("x-neurofit", {}).get("rules", {})
    return found


def _load(kind: str) -> dict[str, Any]:
    if kind not in kinds():
        raise unknown_name("kind of data", kind, kinds())
    return _read(kind)


def _stored() -> list[str]:
    return sorted(
        entry.name.removesuffix(".json") for entry in _folder().iterdir() if entry.name.endswith(".json")
    )


@cache
def _read(name: str) -> dict[str, Any]:
    schema: dict[str, Any] = json.loads((_folder() / f"{name}.json").read_text(encoding="utf-8"))
    return schema


@cache
def _folder() -> Traversable | Path:
    """Inside the package once installed; beside it in a checkout."""
    installed = files("neurofit") / "data_schemas"
    return installed if installed.is_dir() else Path(__file__).parent.parent / "data_schemas"
