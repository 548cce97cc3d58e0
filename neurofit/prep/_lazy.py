"""Counts that are made where they are asked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from xarray.backends import BackendArray
from xarray.core import indexing

from ..errors import RecordingError
from ..io.nwb._flat import behind

if TYPE_CHECKING:
    import xarray as xr

    from ._counting import Counting
    from ._groups import Array


class LazyCounts(BackendArray):
    """Counts (trial, unit, time) of spikes that lie in a file."""

    def __init__(self, counting: Counting) -> None:
        self.counting = counting
        self.shape = counting.shape
        self.dtype = counting.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(key, self.shape, indexing.IndexingSupport.OUTER, self._read)

    def _read(self, key: tuple[Any, ...]) -> Array:
        asked = Asked.of(key, self.shape)
        counts = asked.part(self.counting).counts(asked.units, self.dtype)
        if counts.dtype != self.dtype:
            raise RecordingError(
                f"a bin has {np.nanmax(counts):.0f} spikes, more than {self.dtype}, which lazy counts have, "
                "can hold: no neuron fires so fast. io.open_nwb and prep.responses count any number."
            )
        return counts.transpose(1, 0, 2)[:, :, asked.bins][asked.squeezed]


@dataclass(frozen=True, eq=False)
class Asked:
    """Which trials, units and bins of lazy counts are asked for, and which dims that leaves."""

    trials: Array
    units: Array
    run: slice
    bins: Array | slice
    squeezed: tuple[Any, ...]

    @classmethod
    def of(cls, key: tuple[Any, ...], shape: tuple[int, ...]) -> Asked:
        """What the index ``key``, of numbers, slices and lists, asks of counts of this ``shape``."""
        trials, units, bins = (
            np.atleast_1d(np.arange(size)[one]) for one, size in zip(key, shape, strict=True)
        )
        # Those between the first and the last, of which some may be passed over.
        run = slice(int(bins.min(initial=shape[2])), int(bins.max(initial=-1)) + 1)
        run = run if bins.size else slice(0, 1)
        whole = np.array_equal(bins, np.arange(run.start, run.stop))
        squeezed = tuple(0 if isinstance(one, int | np.integer) else slice(None) for one in key)
        return cls(trials, units, run, slice(None) if whole else bins - run.start, squeezed)

    def part(self, counting: Counting) -> Counting:
        """``counting`` of no other trials and bins."""
        return counting.part(self.trials, self.run)


def lazy_counts(counting: Counting) -> Any:
    """Counts (trial, unit, time), each made when it is asked for."""
    return indexing.LazilyIndexedArray(LazyCounts(counting))


def kept_once_read(responses: xr.DataArray) -> xr.DataArray:
    """Lazy counts that stay in memory once they were asked for; others as they came."""
    if behind(responses.variable, LazyCounts) is None:
        return responses
    kept = indexing.MemoryCachedArray(  # type: ignore[no-untyped-call]
        indexing.CopyOnWriteArray(responses.variable._data)
    )
    return responses.copy(data=kept)


def lazy_means(responses: xr.DataArray, group: Array, groups: int) -> Array | None:
    """Means of groups of trials of lazy counts, which are never held trial by trial; None of others."""
    found = behind(responses.variable, LazyCounts)
    if found is None:
        return None
    counts, key = found
    asked = Asked.of(key, counts.shape)
    means = asked.part(counts.counting).means(asked.units, group, groups)
    return means[:, :, asked.bins][(slice(None), *asked.squeezed[1:])]
