"""When each unit was observed: what was not is masked, not zero."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..names import OBSERVATIONS, OBSERVED_START, OBSERVED_STOP
from ._kernels import hidden

if TYPE_CHECKING:
    import xarray as xr

    from ._groups import Array

NANOSECOND = 1e-9


@dataclass(frozen=True, eq=False)
class Observed:
    """The intervals in which units were observed: ``of_unit`` tells which of ``spans`` is that of each."""

    spans: tuple[tuple[Array, Array], ...]
    of_unit: Array

    def hidden(self, unit: int, onset: Array, bounds: Array) -> Array:
        """Bins (trial, bin) of one unit that were not wholly observed."""
        return hidden(onset, bounds, *self.spans[self.of_unit[unit]])

    def unobserved(self, onset: Array, bounds: Array) -> Array:
        """Number of such bins, of all units."""
        counts = [np.count_nonzero(hidden(onset, bounds, *span)) for span in self.spans]
        return np.array(counts, dtype=np.int64)[self.of_unit]


def observed(spikes: xr.Dataset) -> Observed | None:
    """When the units of a session were observed; None where it does not say."""
    if OBSERVATIONS not in spikes:
        return None
    counts = spikes[OBSERVATIONS].values
    starts, stops = (
        np.split(spikes[name].values, np.cumsum(counts)[:-1]) for name in (OBSERVED_START, OBSERVED_STOP)
    )
    spans: dict[bytes, int] = {}
    distinct: list[tuple[Array, Array]] = []
    of_unit = np.zeros(len(counts), dtype=np.int64)
    for unit, (start, stop) in enumerate(zip(starts[: len(counts)], stops, strict=False)):
        # Units that were recorded together share their intervals.
        key = start.tobytes() + stop.tobytes()
        if key not in spans:
            spans[key] = len(distinct)
            distinct.append(_joined(start, stop))
        of_unit[unit] = spans[key]
    return Observed(tuple(distinct), of_unit)


def _joined(start: Array, stop: Array) -> tuple[Array, Array]:
    """The intervals in order, those that touch as one; without those that are reversed or NaN."""
    # Edges of bins are sums, and a sum may round to just outside.
    slack = np.maximum(NANOSECOND, 4 * np.spacing(np.abs(stop)))
    start, stop = start - slack, stop + slack
    order = np.flatnonzero(start < stop)
    order = order[np.argsort(start[order])]
    start, until = start[order], np.maximum.accumulate(stop[order])
    first = np.flatnonzero(np.concatenate([[True], start[1:] > until[:-1]])[: len(start)])
    last = np.concatenate([first[1:], [len(start)]])[: len(first)] - 1
    return start[first], until[last]
