"""One measure for all pairs of entries of two data sets."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from ... import provenance
from ...errors import RecordingError, listing
from ._matched import matched

if TYPE_CHECKING:
    import xarray as xr

    from ._matched import Matched
    from ._measures import Alignment


def scored(measure: Alignment, a: xr.DataArray, b: xr.DataArray, *, step: str, what: str) -> xr.DataArray:
    """The measure for each pair, labelled."""
    data = matched(a, b, compact=measure.rotation_free)
    prepared = [[measure.prepare(entry) for entry in entries] for entries in (data.a, data.b)]
    values = np.array([measure.score(prepared[0][i], prepared[1][j]) for i, j in data.pairs])
    tell_undefined(data, values, what, stacklevel=4)
    result = provenance.label(data.labelled(values), units=units_of(measure, a, b), long_name=what)
    return provenance.stamp(result, step, sources=[a, b], references=measure.references, **vars(measure))


def units_of(measure: Alignment, a: xr.DataArray, b: xr.DataArray) -> str:
    """``"1"``, or the units of the responses where the measure has theirs."""
    metric = getattr(measure, "metric", None)
    if metric == "angular":
        return "radian"
    given = {array.attrs.get("units", "1") for array in (a, b)}
    return str(given.pop()) if metric == "euclidean" and len(given) == 1 else "1"


def tell_undefined(data: Matched, values: np.ndarray, what: str, *, stacklevel: int) -> None:
    """Name the pairs whose value is NaN; raise if there is no other."""
    missing = np.isnan(values)
    reason = (
        f"the patterns of one data set differ over its {data.stimuli} stimuli by no more than by chance: the "
        "unbiased product with themselves is not positive"
    )
    if missing.all():
        raise RecordingError(f"{what} is not defined: {reason}. Give more stimuli or repeats.")
    if missing.any():
        at = np.argwhere(missing.reshape(data.further.shape))
        entries = (dict(zip(data.further.dims, index.tolist(), strict=True)) for index in at)
        warnings.warn(
            f"{what} is NaN at these positions, where {reason}: {listing(entries, limit=10)}.",
            stacklevel=stacklevel,
        )
