"""Kinds of tuning by name: each tells what is measured of a unit, and what it would be without tuning."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple

import numpy as np
import xarray as xr

from ...errors import SchemaError, listing, unknown_name
from ...names import UNIT
from ...parallel import bar
from ...provenance import label
from ...registry import Registry
from ._kernels.shuffles import null_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Array = np.ndarray[Any, Any]
Column = tuple[Array, str, str]


class Null(NamedTuple):
    """How the distribution without tuning is drawn."""

    draws: int
    rng: np.random.Generator
    progress: bool


@dataclass(frozen=True)
class Tuning(ABC):
    """One kind of tuning. Its fields are its options, such as which coords hold the stimulus parameters."""

    references: ClassVar[tuple[str, ...]]

    @abstractmethod
    def measure(self, responses: xr.DataArray, null: Null) -> xr.Dataset:
        """``statistic``, ``null`` (its mean without tuning), ``p`` and whatever else (unit); see ``found``.

        ``responses`` have dims (row, unit) in this order, the row being ``trial`` or ``stimulus``, in double
        precision and without NaN.
        """

    def tuned(self, measured: xr.Dataset, alpha: float) -> xr.DataArray:
        """Which units count as tuned."""
        return measured["p"] < alpha


tunings: Registry[type[Tuning]] = Registry("kind of tuning")


def found(responses: xr.DataArray, **columns: Column) -> xr.Dataset:
    """Columns (values, units, long_name) as a Dataset with the coords of the units."""
    coords = {name: coord for name, coord in responses.coords.items() if coord.dims in ((), (UNIT,))}
    return xr.Dataset(
        {
            name: label(xr.DataArray(values, dims=UNIT), units=units, long_name=long_name)
            for name, (values, units, long_name) in columns.items()
        },
        coords,
    )


def tested(
    statistic: Callable[[Array], Array],
    values: Array,
    orders: Iterable[Array],
    null: Null,
    said: tuple[str, str],
) -> dict[str, Column]:
    """Columns ``statistic``, ``null``, ``p``, from shuffling the rows; ``said`` are units and long_name."""
    shown = bar(orders, total=null.draws, progress=null.progress, description="shuffling")
    mean, p = null_of(statistic, values, shown)
    units, long_name = said
    return {
        "statistic": (statistic(values), units, long_name),
        "null": (mean, units, f"{long_name}, mean of the shuffles"),
        "p": (p, "1", f"p of the {long_name} (shuffles)"),
    }


def parameter(responses: xr.DataArray, name: str) -> Array:
    """The coord ``name`` of the rows, as numbers."""
    rows = responses.dims[0]
    known = [str(key) for key, coord in responses.coords.items() if coord.dims == (rows,)]
    if name not in known:
        raise unknown_name(f"coord of dim {str(rows)!r}", name, known)
    values = responses[name].values
    try:
        numbers = values.astype(np.float64)
    except (TypeError, ValueError):
        raise SchemaError(f"coord {name!r} needs numbers; it holds {listing(values, limit=5)}") from None
    if not np.isfinite(numbers).all():
        raise SchemaError(f"coord {name!r} is not finite in {(~np.isfinite(numbers)).sum()} rows: drop them")
    return numbers


def strata(responses: xr.DataArray, names: Iterable[str]) -> Array:
    """A number for each row, the same for rows that agree in all coords ``names``."""
    number = np.zeros(responses.shape[0], np.int64)
    for name in names:
        _, code = np.unique(parameter(responses, name), return_inverse=True)
        _, number = np.unique(number * (code.max() + 1) + code, return_inverse=True)
    return number
