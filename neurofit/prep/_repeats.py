"""The repeats of each stimulus side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .. import provenance
from ..errors import SchemaError
from ..names import STIMULUS, STIMULUS_ID, TIME, TRIAL, WINDOW
from ._average import repeated_coords
from ._groups import groups

if TYPE_CHECKING:
    from collections.abc import Hashable


def repeats(responses: xr.DataArray, *, by: str = STIMULUS_ID) -> xr.DataArray:
    """Responses to each stimulus, one repeat beside the other.

    Parameters
    ----------
    responses
        Responses with dim ``trial``; further dims are kept.
    by
        The coord of trials that tells repeats.

    Returns
    -------
    DataArray in double precision with dims ``stimulus``, sorted by ``by``, and ``trial``, the repeats in
    their order, and the further ones. Where a stimulus has fewer repeats than another the rest is NaN. Coords
    of trials are kept where all repeats agree. Of counts in one bin the attribute ``window`` tells its
    seconds, as ``plasticity.RateRule`` takes them.

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
    >>> repeats(counts).squeeze("unit").values
    array([[ 4., nan],
           [ 1.,  2.]])
    """
    names, group = groups(responses, by)
    if not names.size:
        raise SchemaError("there are no trials to set side by side")
    ordered = responses.transpose(TRIAL, ...)
    times = np.bincount(group)
    order = np.argsort(group, kind="stable")
    place = np.arange(len(group)) - np.repeat(np.cumsum(times) - times, times)
    side_by_side = np.full((len(names), times.max(), *ordered.shape[1:]), np.nan)
    side_by_side[group[order], place] = ordered.values[order]
    dims = (STIMULUS, TRIAL, *ordered.dims[1:])
    coords = repeated_coords(ordered, group)
    made = xr.DataArray(side_by_side, coords, dims, name=responses.name, attrs=_in_one_bin(responses))
    return provenance.stamp(made, "prep.repeats", sources=[responses], by=by)


def _in_one_bin(responses: xr.DataArray) -> dict[Hashable, Any]:
    """Attributes, with the seconds of a single bin in place of where it lies."""
    width = responses.attrs.get("bin")
    if width is None or TIME in responses.dims:
        return dict(responses.attrs)
    return {**responses.attrs, WINDOW: float(width)}
