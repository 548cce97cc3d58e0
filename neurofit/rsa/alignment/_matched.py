"""Two sets of patterns, matched by stimulus, and every pair of their entries."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from ... import prep
from ...errors import AlignmentError, RecordingError, listing
from ...names import STIMULUS, STIMULUS_ID, UNIT
from .._compare import check_shared_coords
from .._trials import by_stimulus, rows_of
from ._kernels import geometry

if TYPE_CHECKING:
    from .._trials import Codes, Numbers

FEWEST_STIMULI = 4  # The unbiased products are over four different stimuli.


class Matched(NamedTuple):
    """Patterns of two data sets, and which entries are compared with which."""

    a: list[Numbers]  # (stimulus, unit) of each entry
    b: list[Numbers]
    pairs: Codes  # (pair, 2): positions in a and b
    further: xr.DataArray  # the dims and coords of the pairs

    @property
    def stimuli(self) -> int:
        """How many stimuli there are."""
        return len(self.a[0])

    def labelled(self, values: Numbers) -> xr.DataArray:
        """One value for each pair, with the names of the entries."""
        return self.further.copy(data=np.reshape(values, self.further.shape))


def matched(a: xr.DataArray, b: xr.DataArray, *, compact: bool) -> Matched:
    """Mean patterns of the same stimuli; dims that both have go together, others all by all.

    Compact ones are turned into no more units than there are stimuli.
    """
    first, second = prep.align(_patterns(a, "the first"), _patterns(b, "the second"))
    if first.sizes[STIMULUS] < FEWEST_STIMULI:
        raise RecordingError(
            f"patterns are compared over {FEWEST_STIMULI} stimuli or more; there are "
            f"{first.sizes[STIMULUS]}: {listing(first[STIMULUS_ID].values)}."
        )
    entries = [_numbered(patterns) for patterns in (first, second)]
    shared = [dim for dim in entries[0].dims if dim in entries[1].dims]
    check_shared_coords(entries, shared=set(shared))
    try:
        of_a, of_b = xr.broadcast(*xr.align(*entries, join="exact"))
    except ValueError as error:
        raise AlignmentError(f"both have dims {shared}, but not the same entries there: {error}") from error
    of_a, of_b = (of.transpose(*shared, ...) for of in (of_a, of_b))
    numbers = [list(patterns.values.reshape(-1, *patterns.shape[-2:])) for patterns in (first, second)]
    if compact:
        numbers = [[geometry.compact(geometry.centred(entry)) for entry in of] for of in numbers]
    return Matched(numbers[0], numbers[1], np.stack([of_a.values.ravel(), of_b.values.ravel()], axis=1), of_a)


def _patterns(responses: xr.DataArray, which: str) -> xr.DataArray:
    """Mean response to each stimulus: (..., stimulus, unit)."""
    trials = by_stimulus(responses, STIMULUS_ID)
    gone = {rows_of(responses, STIMULUS_ID), UNIT}
    coords = {name: coord for name, coord in responses.coords.items() if not gone.intersection(coord.dims)}
    dims = [*(dim for dim in responses.dims if dim not in gone), STIMULUS, UNIT]
    means = xr.DataArray(trials.means, {**coords, STIMULUS_ID: (STIMULUS, trials.ids)}, dims)
    largest = np.abs(means.values).max(axis=(-2, -1))
    flat = np.ptp(means.values, axis=-2).max(axis=-1) <= 1e-12 * largest
    if flat.any():
        entries = [dict(zip(dims, at.tolist(), strict=False)) for at in np.argwhere(flat)]
        raise RecordingError(
            f"patterns of {which} data are the same for all stimuli"
            f"{f', at the positions {listing(entries, limit=10)}' if flat.ndim else ''}. "
            "Leave these entries out, or give stimuli that units tell apart."
        )
    return means


def _numbered(patterns: xr.DataArray) -> xr.DataArray:
    """Positions of the entries over the further dims."""
    first = patterns.isel({STIMULUS: 0, UNIT: 0}, drop=True)
    return first.copy(data=np.arange(first.size).reshape(first.shape)).drop_attrs()
