"""RDMs a block of the further dims at a time: in turn in memory, over dask's workers for lazy responses."""

from __future__ import annotations

import os
from itertools import pairwise, product
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ..errors import RecordingError
from ..names import STIMULUS, TRIAL, UNIT
from ._kernels.distances import WORKSPACE
from ._kernels.threads import one_thread
from ._trials import Trials, rows_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator

    import xarray as xr

    from ._dissimilarities import Dissimilarity, Noise, Prior
    from ._trials import Flags, Numbers

    Part = tuple[slice, ...]
    Block = tuple[dict[str, Numbers], dict[str, Flags]]


MANY_PRODUCTS = 2**30  # of two numbers: what one thread does in a tenth of a second


class Wanted(NamedTuple):
    """Which distances, and from what."""

    chosen: dict[str, type[Dissimilarity]]
    design: Trials  # without units
    noise: Noise
    prior: Prior

    @property
    def averages_will_do(self) -> bool:
        """Whether single trials add nothing to their means: they do where noise is estimated from them."""
        return not (
            isinstance(self.noise, str) and any(measure.takes_noise for measure in self.chosen.values())
        )

    def trials(self, values: np.ndarray[Any, Any]) -> Trials:
        """The trials with these responses (..., trial, unit); raise where a measure cannot use them."""
        trials = self.design.showing(values)
        for measure in self.chosen.values():
            measure.check(trials)
        return trials.averaged if self.averages_will_do else trials

    def of(self, trials: Trials) -> Block:
        """Distances (..., pair) by each measure, and which stimuli have none (..., stimulus)."""
        each = self.chosen.items()
        with one_thread(where=trials.values.size * len(trials.ids) < MANY_PRODUCTS):
            distances = {name: measure.distances(trials, self.noise, self.prior) for name, measure in each}
        return distances, {name: measure.undefined(trials) for name, measure in each}


def further_dims(responses: xr.DataArray) -> list[Hashable]:
    """Dims that an RDM keeps."""
    return [dim for dim in responses.dims if dim not in (TRIAL, STIMULUS, UNIT)]


def in_blocks(responses: xr.DataArray, by: str, wanted: Wanted) -> Block:
    """``wanted.of`` all responses, which need never be in memory as a whole unless noise is estimated."""
    further = further_dims(responses)
    responses = responses.transpose(*further, rows_of(responses, by), UNIT)
    shape, stimuli = responses.shape[:-2], len(wanted.design.ids)
    parts: list[Part] = list(_parts(responses, shape)) if wanted.averages_will_do else [()]
    blocks = (_in_turn if responses.chunks is None else _over_workers)(responses, parts, wanted)
    if len(parts) == 1:
        return next(blocks)
    distances = {name: np.empty((*shape, stimuli * (stimuli - 1) // 2)) for name in wanted.chosen}
    undefined = {name: np.empty((*shape, stimuli), dtype=bool) for name in wanted.chosen}
    for part, (some_distances, some_undefined) in zip(parts, blocks, strict=True):
        for name in wanted.chosen:
            distances[name][part] = some_distances[name]
            undefined[name][part] = some_undefined[name]
    return distances, undefined


def _in_turn(responses: xr.DataArray, parts: list[Part], wanted: Wanted) -> Iterator[Block]:
    if len(parts) > 1:  # What is wrong in the last block is told before the first is computed.
        for part in parts:
            wanted.trials(responses[part].values)
    for part in parts:
        yield wanted.of(wanted.trials(responses[part].values))


def _over_workers(responses: xr.DataArray, parts: list[Part], wanted: Wanted) -> Iterator[Block]:
    from dask.base import compute
    from dask.delayed import delayed

    data = responses.data
    if wanted.averages_will_do:  # Units that are apart are averaged apart.
        averaged = wanted.design.averaged
        data = data.rechunk({-2: -1})
        chunks = (*data.chunks[:-2], (len(averaged.stimulus),), data.chunks[-1])
        data = data.map_blocks(_averages, wanted, chunks=chunks, dtype=float, meta=np.empty(0))
        wanted = wanted._replace(design=averaged)
    tasks = [delayed(_distances)(data[part], wanted) for part in parts]
    yield from compute(*tasks)  # type: ignore[no-untyped-call]


def _averages(values: np.ndarray[Any, Any], wanted: Wanted) -> Numbers:
    return wanted.trials(values).values


def _distances(values: np.ndarray[Any, Any], wanted: Wanted) -> Block:
    return wanted.of(wanted.trials(values))


def _parts(responses: xr.DataArray, shape: tuple[int, ...]) -> Iterator[Part]:
    """Blocks of the further dims, the first ones: lazy responses' chunks, else what takes ``WORKSPACE``."""
    inside = 8 * responses.size
    ends = []
    for axis, size in enumerate(shape):
        inside //= size
        step = max(1, WORKSPACE // inside)
        in_memory = [min(step, size - first) for first in range(0, size, step)]
        lengths = in_memory if responses.chunks is None else responses.chunks[axis]
        ends.append(np.cumsum([0, *lengths]).tolist())
    for bounds in product(*(pairwise(end) for end in ends)):
        yield tuple(slice(*bound) for bound in bounds)


def refuse_more_than_memory(ids: np.ndarray[Any, Any], entries: int) -> None:
    """Raise if ``entries`` RDMs and the names of their pairs are more than this machine has memory for."""
    pairs = len(ids) * (len(ids) - 1) // 2
    needed, there = pairs * (8 * entries + 2 * ids.itemsize), _memory()
    if there is not None and needed > there:
        raise RecordingError(
            f"{len(ids)} stimuli make {pairs} pairs; with {entries} RDMs they take {needed / 2**30:.1f} GiB, "
            f"and this machine has {there / 2**30:.1f} GiB of memory. Choose fewer stimuli, or group them by "
            "a coarser coord with by=."
        )


def _memory() -> int | None:
    """Bytes of memory of this machine, where it says."""
    try:
        return prod(os.sysconf(name) for name in ("SC_PAGE_SIZE", "SC_PHYS_PAGES"))
    except (AttributeError, ValueError, OSError):
        return None
