"""Spike times as they lie in a file, which is opened anew for each reading: nothing stays open."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import xarray as xr
from isal import isal_zlib
from isal.igzip_lib import IsalError
from xarray.backends import BackendArray
from xarray.core import indexing

from ...errors import RecordingError, unknown_name
from ...names import ROW_SIZE, SPIKE, SPIKE_TIME, SPIKES
from ..door._fingerprint import fingerprint
from ..door._storage import is_address, stored_at
from ..session import _session as session
from ._open import opened
from ._tables import described_units, spike_rows
from ._units import with_more

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ..door._door import Recording
    from ..session._report import Report

Kind = TypeVar("Kind", bound=BackendArray)

ON_ISSUE = ("flag", "raise")
ENDS_KEPT = 8  # chunks


@dataclass(frozen=True, eq=False)
class StoredTimes:
    """Where the spike times of all units lie, and which file that was when it was looked at."""

    path: str
    dataset: str
    size: int
    on_issue: str
    file: Mapping[str, Any]

    @contextmanager
    def opened(self) -> Iterator[Any]:
        """The times, to be read in slices."""
        if fingerprint(self.path) != self.file:
            raise RecordingError(f"{self.path} has changed since it was opened; open it again")
        try:
            with stored_at(self.path) as file:
                times = file[self.dataset]
                yield Deflated(times) if is_deflated(times) else times
        except (OSError, IsalError) as error:  # type: ignore[misc]
            raise RecordingError(f"{self.path} holds data that cannot be read: {error}") from error


class Deflated:
    """A compressed array of one axis, of which several threads can read at once; h5py lets one at a time."""

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset
        self.chunk = int(dataset.chunks[0])
        # Where one reading ends another begins, often in the same chunk.
        self._at_an_end = lru_cache(ENDS_KEPT)(self._inflated)

    def __getitem__(self, where: slice) -> Any:
        start, stop, _ = where.indices(len(self.dataset))
        first = start // self.chunk * self.chunk
        offsets = range(first, stop, self.chunk)
        inner = [self._inflated(offset) for offset in offsets[1:-1]]
        chunks = [*map(self._at_an_end, offsets[:1]), *inner, *map(self._at_an_end, offsets[1:][-1:])]
        return np.concatenate([np.empty(0, self.dataset.dtype), *chunks])[start - first : stop - first]

    def _inflated(self, offset: int) -> Any:
        passed_over, stored = self.dataset.id.read_direct_chunk((offset,))
        size = self.chunk * self.dataset.dtype.itemsize
        inflating = isal_zlib.decompressobj()
        content = stored if passed_over else inflating.decompress(stored, size + 1)
        if len(content) != size or not (passed_over or inflating.eof):
            raise OSError(f"a chunk of {self.dataset.name} has {len(content)} bytes, not {size}")
        return np.frombuffer(content, self.dataset.dtype)


def is_deflated(dataset: Any) -> bool:
    """Whether ``dataset`` is compressed by gzip and nothing else, and all of it is stored."""
    import h5py

    if not isinstance(dataset, h5py.Dataset) or dataset.ndim != 1 or dataset.chunks is None:
        return False
    filters = dataset.id.get_create_plist()
    alone = filters.get_nfilters() == 1 and filters.get_filter(0)[0] == h5py.h5z.FILTER_DEFLATE
    return alone and dataset.id.get_num_chunks() == -(-len(dataset) // dataset.chunks[0])


class LazyTimes(BackendArray):
    """Spike times that are read where they are asked for."""

    def __init__(self, stored: StoredTimes) -> None:
        self.stored = stored
        self.shape = (stored.size,)
        self.dtype = np.dtype(np.float64)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        support = indexing.IndexingSupport.BASIC
        return indexing.explicit_indexing_adapter(key, self.shape, support, self._read)

    def _read(self, key: tuple[Any, ...]) -> Any:
        with self.stored.opened() as times:
            return np.asarray(times[key[0]], dtype=np.float64)


def open_lazily(
    path: str | Path, *, on_issue: str = "flag", allow_external: bool = False, **options: Any
) -> xr.DataTree:
    """The session that ``open_nwb`` gives, with its spike times left in the file.

    What is wrong with their values is told where they are counted. Repairing needs all of them.
    """
    if on_issue not in ON_ISSUE:
        raise unknown_name("way with issues of spike times that are not read yet", on_issue, ON_ISSUE)
    path = path if is_address(path) else Path(path).expanduser().absolute()
    unread: dict[str, Any] = {}
    options = {**options, "rename": dict(options["rename"] or {}), "on_issue": on_issue}
    tree = opened(path, partial(_without_times, unread), options, allow_external=allow_external)
    if unread:
        spikes = tree[SPIKES].to_dataset()
        stored = StoredTimes(str(path), on_issue=on_issue, file=fingerprint(path), **unread["times"])
        lazy = indexing.LazilyIndexedArray(LazyTimes(stored))
        times = xr.Variable(SPIKE, lazy, spikes[SPIKE_TIME].attrs)
        row_size = spikes[ROW_SIZE].copy(data=unread["row_size"])
        tree[SPIKES] = xr.DataTree(spikes.assign({SPIKE_TIME: times, ROW_SIZE: row_size}))
    return tree


def _without_times(
    unread: dict[str, Any], recording: Recording, rename: Mapping[str, str], report: Report
) -> xr.Dataset | None:
    """All that is told of units but their spikes; where those are goes into ``unread``."""
    if recording.nwb.units is None:
        return None
    times, row_size = spike_rows(recording)
    unread |= {"times": {"dataset": times.name, "size": len(times)}, "row_size": row_size}
    coords = session.unit_coords(*described_units(recording, rename, report), report)
    none = session.spikes(np.empty(0), np.zeros_like(row_size), coords, report)
    return with_more(none, recording, report)


def behind(variable: xr.Variable, kind: type[Kind]) -> tuple[Kind, tuple[Any, ...]] | None:
    """The array of this ``kind`` that ``variable`` reads from, and what it takes of it; None if another."""
    data = variable._data
    while isinstance(data, indexing.MemoryCachedArray | indexing.CopyOnWriteArray):
        data = data.array
    if isinstance(data, indexing.LazilyIndexedArray) and isinstance(data.array, kind):
        return data.array, data.key.tuple
    return None


def stored_times(variable: xr.Variable) -> StoredTimes | None:
    """Where the spike times lie that are all of ``variable``; None where it is in memory, or only a part."""
    found = behind(variable, LazyTimes)
    return found[0].stored if found is not None and found[1] == (slice(None),) else None
