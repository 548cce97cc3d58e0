"""The mean response to each stimulus."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .. import provenance
from ..errors import SchemaError
from ..names import REPEATS, STIMULUS, STIMULUS_ID, TRIAL, UNIT
from ._groups import groups
from ._kernels import observed_means
from ._lazy import lazy_means

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ._groups import Array


def average(responses: xr.DataArray, *, by: str = STIMULUS_ID) -> xr.DataArray:
    """Mean over the repeats of each stimulus.

    What is NaN was not observed: the mean is that of the other repeats. Of lazy counts the trials are never
    held one by one; of chunked ones, never more than a chunk of units.

    Parameters
    ----------
    responses
        Responses with dim ``trial``; further dims are kept.
    by
        The coord of trials that tells repeats.

    Returns
    -------
    DataArray in double precision with dim ``stimulus`` in place of ``trial``, sorted by ``by``. Its coord
    ``repeats`` counts the trials of each, observed or not; where none was, the mean is NaN. Coords of trials
    are kept where all repeats agree.

    Raises
    ------
    SchemaError
        If there is no dim ``trial``, or no trial, or a trial without a stimulus.
    UnknownNameError
        If ``by`` is no coord of trials.

    Examples
    --------
    >>> counts = xr.DataArray(
    ...     [[1], [4], [2]], dims=("trial", "unit"), coords={"stimulus_id": ("trial", ["b", "a", "b"])}
    ... )
    >>> average(counts).squeeze("unit").values
    array([4. , 1.5])
    """
    names, group = groups(responses, by)
    if not names.size:
        raise SchemaError("there are no trials to average")
    ordered = responses.transpose(TRIAL, ...)
    means = lazy_means(ordered, group, len(names))
    if means is None:
        means = _means(ordered, group, len(names))
    coords = {**repeated_coords(ordered, group), REPEATS: xr.Variable(STIMULUS, np.bincount(group))}
    dims = (STIMULUS, *ordered.dims[1:])
    averaged = xr.DataArray(means, coords, dims, name=responses.name, attrs=responses.attrs)
    what = responses.attrs.get("long_name", "response")
    labelled = provenance.label(
        averaged, units=responses.attrs.get("units", "1"), long_name=f"mean {what} over repeats"
    )
    return provenance.stamp(labelled, "prep.average", sources=[responses], by=by)


def _means(responses: xr.DataArray, group: Array, groups: int) -> Array:
    """A few units at a time, so that what is not in memory never is as a whole."""
    if UNIT not in responses.dims or responses._in_memory:
        return observed_means(responses.values, group, groups)
    ends = np.cumsum(responses.chunksizes.get(UNIT) or np.ones(responses.sizes[UNIT], dtype=np.int64))
    blocks = [responses.isel({UNIT: slice(start, end)}) for start, end in pairwise([0, *ends.tolist()])]
    means = [observed_means(block.values, group, groups) for block in blocks]
    return np.concatenate(means, axis=responses.get_axis_num(UNIT))


def repeated_coords(responses: xr.DataArray, group: Array) -> dict[Hashable, xr.Variable]:
    """Coords of the averages: those that trials have nothing to do with, or that all repeats agree on."""
    first = np.unique(group, return_index=True)[1]
    coords = {name: coord.variable for name, coord in responses.coords.items() if TRIAL not in coord.dims}
    for name, coord in responses.coords.items():
        each = coord.variable[first] if coord.dims == (TRIAL,) else None
        if each is not None and each[group].equals(coord.variable):
            coords[name] = xr.Variable(STIMULUS, each.values, coord.attrs)
    return coords
