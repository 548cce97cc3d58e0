"""The mean response to each stimulus."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .. import provenance
from ..errors import SchemaError
from ..names import REPEATS, STIMULUS, STIMULUS_ID, TRIAL
from ._groups import groups
from ._kernels import group_means

if TYPE_CHECKING:
    from collections.abc import Hashable

    from ._groups import Array


def average(responses: xr.DataArray, *, by: str = STIMULUS_ID) -> xr.DataArray:
    """Mean over the repeats of each stimulus.

    Parameters
    ----------
    responses
        Responses with dim ``trial``; further dims are kept.
    by
        The coord of trials that tells repeats.

    Returns
    -------
    DataArray in double precision with dim ``stimulus`` in place of ``trial``, sorted by ``by``. Its coord
    ``repeats`` counts the trials of each; coords of trials are kept where all repeats agree.

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
    means = group_means(ordered.values, group, len(names))
    coords = {**_coords(ordered, group), REPEATS: xr.Variable(STIMULUS, np.bincount(group))}
    dims = (STIMULUS, *ordered.dims[1:])
    averaged = xr.DataArray(means, coords, dims, name=responses.name, attrs=responses.attrs)
    what = responses.attrs.get("long_name", "response")
    labelled = provenance.label(
        averaged, units=responses.attrs.get("units", "1"), long_name=f"mean {what} over repeats"
    )
    return provenance.stamp(labelled, "prep.average", sources=[responses], by=by)


def _coords(responses: xr.DataArray, group: Array) -> dict[Hashable, xr.Variable]:
    """Coords of the averages: those that trials have nothing to do with, or that all repeats agree on."""
    first = np.unique(group, return_index=True)[1]
    coords = {name: coord.variable for name, coord in responses.coords.items() if TRIAL not in coord.dims}
    for name, coord in responses.coords.items():
        each = coord.variable[first] if coord.dims == (TRIAL,) else None
        if each is not None and each[group].equals(coord.variable):
            coords[name] = xr.Variable(STIMULUS, each.values, coord.attrs)
    return coords
