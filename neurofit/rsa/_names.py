"""Names of pairs of stimuli that are made where somebody looks at them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from ..names import PAIR, STIMULUS_A, STIMULUS_B

if TYPE_CHECKING:
    from ._trials import Codes

    Ids = np.ndarray[Any, Any]


class PairNames(BackendArray):
    """The ``side`` (0 or 1) of each pair of ``ids``, in squareform order, as xarray has what is in a file.

    Names are longer than the distances that they name: 40 bytes each for ids of 10 letters.
    """

    def __init__(self, ids: Ids, side: int) -> None:
        self.ids = ids
        self.side = side
        self.shape = (len(ids) * (len(ids) - 1) // 2,)
        self.dtype = ids.dtype

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Ids:
        """The names that are asked for."""
        support = indexing.IndexingSupport.OUTER
        return np.asarray(indexing.explicit_indexing_adapter(key, self.shape, support, self._some))

    def _some(self, key: tuple[Any, ...]) -> Ids:
        chosen = key[0]
        if isinstance(chosen, slice):
            if chosen.indices(*self.shape) == (0, *self.shape, 1):
                return self.all()
            chosen = np.arange(*chosen.indices(*self.shape))
        return np.asarray(self.ids[self._positions(np.asarray(chosen) % self.shape[0])])

    def all(self) -> Ids:
        """Every name."""
        count = len(self.ids)
        if self.side == 0:
            return np.repeat(self.ids, np.arange(count)[::-1])
        return np.concatenate([self.ids[first:] for first in range(1, count)])

    def _positions(self, pair: Codes) -> Codes:
        """Which stimulus stands on this side of a pair."""
        later = np.arange(len(self.ids))[::-1]  # how many pairs each stimulus is the first of
        starts = np.cumsum(later) - later
        first: Codes = np.searchsorted(starts[:-1], pair, side="right") - 1
        return first if self.side == 0 else first + 1 + pair - starts[first]


def pair_names(ids: Ids) -> dict[str, xr.Variable]:
    """Coords that name the pairs of stimuli, in squareform order."""
    return {name: _lazy(PairNames(ids, side)) for side, name in enumerate((STIMULUS_A, STIMULUS_B))}


def _lazy(names: PairNames) -> xr.Variable:
    # As xr.open_dataset wraps a file: kept once they were looked at, and changed in a copy only.
    lazy = indexing.CopyOnWriteArray(indexing.LazilyIndexedArray(names))  # type: ignore[arg-type]
    cached = indexing.MemoryCachedArray(lazy)  # type: ignore[no-untyped-call]
    return xr.Variable(PAIR, cached, fastpath=True)
