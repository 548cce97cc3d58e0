"""What JSON Schema cannot say about values, such as "unique" or "as many as there are spikes"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import xarray as xr

from .errors import listing
from .registry import Registry

Data = xr.DataArray | xr.Dataset | xr.DataTree
Rule = Callable[[np.ndarray[Any, Any]], "str | None"]
# What holds between an array, its surroundings, and a limit or the name of another part.
Relation = Callable[[xr.DataArray, Data, Any], "str | None"]

rules: Registry[Rule] = Registry("value rule")
relations: Registry[Relation] = Registry("rule with an option")


def broken_rules(data: Data, wanted: Mapping[str, list[str | dict[str, Any]]]) -> Iterator[str]:
    """A phrase for each rule that the values of ``data`` break.

    ``wanted`` has, for the name of a coord or variable (``spikes/row_size`` inside a tree, ``values`` for a
    DataArray itself), the names of rules, or of relations with their option: ``{"range": [0, 1]}``. What is
    absent, or not in memory, is passed over.
    """
    for name, required in wanted.items():
        array, around = _find(data, name)
        # Values that are not in memory are checked where they are read.
        if array is None or not array.ndim or hasattr(array.data, "dask"):
            continue
        for rule in required:
            if isinstance(rule, str):
                broken = [rules[rule](array.values)]
            else:
                broken = [relations[kind](array, around, option) for kind, option in rule.items()]
            yield from (f"{name!r} {phrase}" for phrase in broken if phrase)


def _find(data: Data, name: str) -> tuple[xr.DataArray | None, Data]:
    *groups, last = name.split("/")
    for group in groups:
        if not isinstance(data, xr.DataTree) or group not in data.children:
            return None, data
        data = data.children[group]
    if isinstance(data, xr.DataArray):
        return (data if last == "values" else data.coords.get(last)), data
    part = data.to_dataset() if isinstance(data, xr.DataTree) else data
    return (part[last] if last in part.variables else None), data


@rules.register("finite")
def _finite(values: np.ndarray[Any, Any]) -> str | None:
    """No NaN and no infinity."""
    bad = int(np.count_nonzero(~np.isfinite(values)))
    return f"has {bad} NaN or infinite values" if bad else None


@rules.register("non_negative")
def _non_negative(values: np.ndarray[Any, Any]) -> str | None:
    """Nothing below zero; NaN passes."""
    bad = int(np.count_nonzero(values < 0))
    return f"has {bad} negative values" if bad else None


@rules.register("unique")
def _unique(values: np.ndarray[Any, Any]) -> str | None:
    """No value twice."""
    distinct, counts = np.unique(values.astype(str), return_counts=True)
    repeated = distinct[counts > 1]
    return f"holds some values more than once: {listing(repeated, limit=5)}" if repeated.size else None


@rules.register("increasing")
def _increasing(values: np.ndarray[Any, Any]) -> str | None:
    """Each value above the one before."""
    bad = int(np.count_nonzero(~(np.diff(values) > 0)))
    return f"does not increase at {bad} places" if bad else None


@relations.register("range")
def _range(array: xr.DataArray, _: Data, limits: list[float]) -> str | None:
    """Nothing outside these limits; NaN passes."""
    low, high = limits
    bad = int(np.count_nonzero((array.values < low) | (array.values > high)))
    return f"has {bad} values outside {low} to {high}" if bad else None


@relations.register("monotone")
def _monotone(array: xr.DataArray, _: Data, dim: str) -> str | None:
    """No value below the one before along this dim; NaN passes."""
    bad = int(np.count_nonzero(np.diff(array.values, axis=array.get_axis_num(dim)) < 0))
    return f"decreases along {dim!r} at {bad} places" if bad else None


@relations.register("sums_to")
def _sums_to(array: xr.DataArray, around: Data, dim: str) -> str | None:
    """Lengths that together are the size of this dim."""
    total, size = int(array.sum()), around.sizes.get(dim, 0)
    return f"sums to {total}, but there are {size} along {dim!r}" if total != size else None


@relations.register("differs_from")
def _differs_from(array: xr.DataArray, around: Data, other: str) -> str | None:
    """Nowhere the same as this coord."""
    if other not in around.coords:
        return None
    same = array.values.astype(str) == around.coords[other].values.astype(str)
    return f"is the same as {other!r} in {np.count_nonzero(same)} places" if same.any() else None
