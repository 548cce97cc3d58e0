"""What is to be counted, and counting it a few units at a time, from memory or from a file."""

from __future__ import annotations

import warnings
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, replace
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from ..errors import RecordingError, listing
from ._kernels import count_spikes, observed_means

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future
    from contextlib import AbstractContextManager

    from ..io.nwb._flat import StoredTimes
    from ._groups import Array
    from ._masks import Observed

Read = TypeVar("Read")

MOST_SPIKES = 2**20  # in memory at once: 8 MiB
MOST_CELLS = 2**23
AHEAD = 3  # blocks, each in a thread of its own
MOST_RATE = 25_000  # spikes a second: no neuron comes near


@dataclass(frozen=True, eq=False)
class Counting:
    """Spikes of units around ``onset`` (trial), in bins between ``bounds`` (edge), both in seconds.

    ``spikes`` are the times of all units, one unit after the other, or where these are stored. ``masks`` are
    None where all bins were observed.
    """

    spikes: Array | StoredTimes
    row_size: Array
    onset: Array
    bounds: Array
    masks: Observed | None

    @property
    def shape(self) -> tuple[int, int, int]:
        """Number of trials, units and bins."""
        return len(self.onset), len(self.row_size), len(self.bounds) - 1

    @property
    def dtype(self) -> np.dtype[Any]:
        """A type that holds the counts of any neuron, chosen before its spikes are read."""
        width = float(np.diff(self.bounds).max(initial=0))
        most = min(int(self.row_size.max(initial=0)), ceil(MOST_RATE * width))
        return self.masked_dtype(np.dtype(np.min_scalar_type(most)))

    def masked_dtype(self, dtype: np.dtype[Any]) -> np.dtype[Any]:
        """A type for counts of ``dtype`` and, where bins are masked, NaN."""
        return dtype if self.masks is None else np.promote_types(dtype, np.float32)

    def part(self, trials: Array, bins: slice) -> Counting:
        """The same for some of the trials, and bins that follow one another."""
        return replace(self, onset=self.onset[trials], bounds=self.bounds[bins.start : bins.stop + 1])

    def counts(self, units: Array, dtype: np.dtype[Any]) -> Array:
        """Counts (unit, trial, bin) of ``units``; of a larger type than ``dtype`` where they need one."""
        trials, _, bins = self.shape
        counts = np.zeros((len(units), trials, bins), dtype)

        def each(times: Array, row_size: Array, block: slice) -> Array:
            return self._each(times, row_size, units[block], counts[block])

        for block, found in self._blocks(units, each):
            counts = counts.astype(np.promote_types(counts.dtype, found.dtype), copy=False)
            if not np.may_share_memory(counts, found):
                counts[block] = found
        return counts

    def means(self, units: Array, group: Array, groups: int) -> Array:
        """Mean (group, unit, bin) over those trials of each group in which the bin was observed."""
        size = np.bincount(group, minlength=groups)[:, np.newaxis]
        means = np.empty((groups, len(units), len(self.bounds) - 1))

        def mean(times: Array, row_size: Array, block: slice) -> Array:
            if self.masks is None:
                return self._counted(times, row_size, group, groups) / size
            each = self._each(times, row_size, units[block]).swapaxes(0, 1)
            return observed_means(each, group, groups).swapaxes(0, 1)

        for block, found in self._blocks(units, mean):
            means[:, block] = found.swapaxes(0, 1)
        return means

    def _counted(
        self, times: Array, row_size: Array, row: Array, rows: int, zeros: Array | None = None
    ) -> Array:
        return count_spikes(times, row_size, self.onset, self.bounds, row, rows, zeros)

    def _each(self, times: Array, row_size: Array, units: Array, zeros: Array | None = None) -> Array:
        """Counts (unit, trial, bin), in ``zeros`` if these can hold them; NaN where not observed."""
        trials = len(self.onset)
        zeros = zeros if self.masks is None else None
        counts = self._counted(times, row_size, np.arange(trials), trials, zeros)
        if self.masks is None:
            return counts
        masked = counts.astype(self.masked_dtype(counts.dtype))
        for own, unit in zip(masked, units, strict=True):
            own[self.masks.hidden(unit, self.onset, self.bounds)] = np.nan
        return masked

    def _blocks(
        self, units: Array, function: Callable[[Array, Array, slice], Array]
    ) -> Iterator[tuple[slice, Array]]:
        """What ``function`` makes of a few units at a time: of their spike times, how many, and which."""
        stops = np.cumsum(self.row_size)
        issues: dict[str, list[int]] = {}
        with self._opened() as spikes:

            def work(block: slice) -> tuple[slice, Array, dict[str, list[int]]]:
                own, row_size = units[block], self.row_size[units[block]]
                times = spikes[stops[own[0]] - row_size[0] : stops[own[-1]]]
                times, found = _in_order(np.asarray(times, dtype=np.float64), row_size, own)
                return block, function(times, row_size, block), found

            for block, made, found in _ahead(
                work, _runs(units, self.row_size, self.onset.size * self.bounds.size)
            ):
                for issue, where in found.items():
                    issues.setdefault(issue, []).extend(where)
                yield block, made
        if not isinstance(self.spikes, np.ndarray) and issues:
            _tell(issues, self.spikes)

    def _opened(self) -> AbstractContextManager[Any]:
        return nullcontext(self.spikes) if isinstance(self.spikes, np.ndarray) else self.spikes.opened()


def _ahead(function: Callable[[slice], Read], items: Iterable[slice]) -> Iterator[Read]:
    """``function`` of each of ``items`` in order, by a few threads that are a few items ahead."""
    waiting: deque[Future[Read]] = deque()
    with ThreadPoolExecutor(AHEAD) as pool:
        for item in items:
            waiting.append(pool.submit(function, item))
            if len(waiting) > AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def _runs(units: Array, row_size: Array, cells: int) -> Iterator[slice]:
    """Slices of ``units`` that follow one another in the file and fit into memory together."""
    each = max(1, MOST_CELLS // max(cells, 1))
    spikes = np.cumsum(row_size[units]) // MOST_SPIKES
    apart = (np.diff(units) != 1) | (np.diff(spikes) > 0)
    ends = [*(np.flatnonzero(apart) + 1).tolist(), len(units)]
    start = 0
    for end in ends:
        for begin in range(start, end, each):
            yield slice(begin, min(begin + each, end))
        start = end


def _in_order(times: Array, row_size: Array, units: Array) -> tuple[Array, dict[str, list[int]]]:
    """Times sorted within each unit, and what was wrong with those of which units."""
    stops, issues = np.cumsum(row_size), dict[str, list[int]]()
    ordered = times
    for unit, start, stop in zip(units.tolist(), stops - row_size, stops, strict=True):
        train = times[start:stop]
        finite = np.isfinite(train[[0, -1]]).all() if train.size else True
        if finite and np.all(train[1:] >= train[:-1]):
            continue
        known = train[np.isfinite(train)]
        if known.size < train.size:
            issues.setdefault("NaN or infinite spike times", []).append(unit)
        if np.any(known[1:] < known[:-1]):
            issues.setdefault("unsorted spike times", []).append(unit)
        ordered = times.copy() if ordered is times else ordered
        # NaN sort to the end, and so fall into no trial.
        ordered[start:stop] = np.sort(train)
    return ordered, issues


def _tell(issues: dict[str, list[int]], spikes: StoredTimes) -> None:
    found = "; ".join(f"{issue} in units {listing(units, limit=10)}" for issue, units in issues.items())
    if spikes.on_issue == "raise":
        raise RecordingError(f"{spikes.path}: {found}. on_issue='flag' counts them and warns.")
    warnings.warn(f"{spikes.path}: {found}; counted as if sorted, NaN in no trial.", stacklevel=4)
