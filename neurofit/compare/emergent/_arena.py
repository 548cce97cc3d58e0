"""Tuning to where an animal is: place fields, grids."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, NamedTuple

import numpy as np

from ...errors import RecordingError, listing
from ...parallel import bar
from ...registry import Registry
from ._kernels.gridness import autocorrelograms, gridness, isotropic_surrogates
from ._kernels.maps import bin_means, fields, information
from ._kernels.shuffles import permutations, shifts
from ._tunings import Tuning, found, parameter, tested, tunings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import xarray as xr

    from ._tunings import Array, Null

SKAGGS = "Skaggs et al. 1993, Advances in Neural Information Processing Systems 5:1030"
FIELDS = "Muller & Kubie 1987, Journal of Neuroscience 7:1951, doi:10.1523/JNEUROSCI.07-07-01951.1987"
GRIDNESS = "Sargolini et al. 2006, Science 312:758, doi:10.1126/science.1125572"
RADII = "Langston et al. 2010, Science 328:1576, doi:10.1126/science.1188210"
LARGEST = 0.5  # of the arena: what is larger is no place

shuffles: Registry[Callable[[Array, int, np.random.Generator], Iterator[Array]]] = Registry("shuffle")
shuffles.register("labels")(permutations)
shuffles.register("shift")(shifts)


class Arena(NamedTuple):
    """Square bins: which one each row lies in, how many rows lie in each, and how wide they are."""

    place: Array
    counts: Array
    shape: tuple[int, int]
    width: float

    @property
    def seen(self) -> Array:
        """Bins (y, x) that have rows."""
        return (self.counts > 0).reshape(self.shape)


@tunings.register("place")
@dataclass(frozen=True)
class Place(Tuning):
    r"""Place: responses that tell where, in fields that are small.

    The statistic is the spatial information in bits for each event,
    :math:`\sum_i p_i \frac{\lambda_i}{\lambda} \log_2 \frac{\lambda_i}{\lambda}`, with :math:`p_i` the share
    of samples in bin i, :math:`\lambda_i` the mean response there and :math:`\lambda` that of all samples. It
    grows when samples are few: read it beside ``null``, its mean over shuffles. ``fields`` counts the regions
    of bins at or above ``threshold`` of the peak; a unit is tuned where p is small, there is a field, and the
    ``largest_field`` covers at most half of the arena. The information of units that fall below zero is NaN.

    Parameters
    ----------
    by
        Coords of the position, (x, y).
    bins
        Along the longer side of the arena. Shuffles need several samples in a bin: fewer bins than positions.
    threshold
        Share of the peak from which on a bin belongs to a field.
    smallest
        Fewest bins of a field.
    shuffle
        ``"labels"`` gives positions to other samples at random: for samples that are independent, such as a
        network's responses to single positions. ``"shift"`` turns the responses round against the path: for
        samples along a path, whose neighbours are alike; ``"labels"`` would call any slow unit a place cell.
    """

    references: ClassVar[tuple[str, ...]] = (SKAGGS, FIELDS)
    by: tuple[str, str] = ("x", "y")
    bins: int = 10
    threshold: float = 0.5
    smallest: int = 2
    shuffle: str = "labels"

    def measure(self, responses: xr.DataArray, null: Null) -> xr.Dataset:
        """Information, its null, p, number of fields and size of the largest of each unit."""
        make_orders = shuffles[self.shuffle]
        arena = _binned(responses, self.by, self.bins)
        if arena.counts.max() < 2:
            raise RecordingError(
                f"no two samples share one of {arena.counts.size} bins, so that shuffles change nothing: "
                'choose fewer with kind=compare.tunings["place"](bins=...), or repeat positions'
            )
        _tell_negative(responses)
        rates = bin_means(responses.values, arena.place, arena.counts).T.reshape(-1, *arena.shape)
        count, largest = zip(
            *(fields(rate, arena.seen, self.threshold, self.smallest) for rate in rates), strict=True
        )
        return found(
            responses,
            **tested(
                lambda values: information(values, arena.place, arena.counts),
                responses.values,
                make_orders(np.zeros_like(arena.place), null.draws, null.rng),
                null,
                ("bits per event", "spatial information"),
            ),
            fields=(np.array(count), "1", "number of fields"),
            largest_field=(np.array(largest), "1", "share of the arena in the largest field"),
        )

    def tuned(self, measured: xr.Dataset, alpha: float) -> xr.DataArray:
        """Informative, with a field, and none larger than half of the arena."""
        small = (measured["fields"] > 0) & (measured["largest_field"] <= LARGEST)
        return (measured["p"] < alpha) & small


@tunings.register("grid")
@dataclass(frozen=True)
class Grid(Tuning):
    r"""Grid: a map that looks the same when turned by 60 degrees, and does not in between.

    The statistic is the gridness :math:`\min(r_{60}, r_{120}) - \max(r_{30}, r_{90}, r_{150})` of the map's
    autocorrelogram, in the ring about its centre for which it is largest. ``null`` and ``p`` come from random
    maps of the same spectrum, averaged over directions: as smooth, with blobs as far apart, but in no order.
    (Shuffled positions give white noise, against which most smooth maps look like grids.) A unit is tuned
    where p is small and its gridness above zero. NaN where the map is too smooth to have a ring.

    Parameters
    ----------
    by
        Coords of the position, (x, y).
    bins
        Along the longer side of the arena; a grid needs 4 or more for each period.
    """

    references: ClassVar[tuple[str, ...]] = (GRIDNESS, RADII)
    by: tuple[str, str] = ("x", "y")
    bins: int = 20

    def measure(self, responses: xr.DataArray, null: Null) -> xr.Dataset:
        """Gridness, its null, p and spacing of each unit."""
        arena = _binned(responses, self.by, self.bins)
        if min(arena.shape) < 8 or arena.seen.mean() < 0.5:
            raise RecordingError(
                f"a map of {arena.shape[0]} x {arena.shape[1]} bins with {arena.seen.mean():.0%} of them "
                "visited tells no grid: 8 x 8 or more are needed, and half of them; choose bins="
            )
        rates = bin_means(responses.values, arena.place, arena.counts).T.reshape(-1, *arena.shape)
        units = bar(
            np.nan_to_num(rates), total=len(rates), progress=null.progress, description="turning maps"
        )
        score, mean, p, spacing = np.transpose([_grid(rate, arena.seen, null) for rate in units])
        where = str(responses[self.by[0]].attrs.get("units", "as given"))
        return found(
            responses,
            statistic=(score, "1", "gridness"),
            null=(mean, "1", "gridness, mean of isotropic maps"),
            p=(p, "1", "p of the gridness (isotropic maps)"),
            spacing=(spacing * arena.width, where, "distance to the ring of peaks of the autocorrelogram"),
        )

    def tuned(self, measured: xr.Dataset, alpha: float) -> xr.DataArray:
        """More hexagonal than isotropic maps, and than not at all."""
        return (measured["p"] < alpha) & (measured["statistic"] > 0)


def _grid(rate: Array, seen: Array, null: Null) -> tuple[float, float, float, float]:
    """Gridness, its mean over surrogates, p, and spacing in bins."""
    if np.ptp(rate[seen]) == 0:
        return np.nan, np.nan, 1.0, np.nan
    (score,), (spacing,) = gridness(autocorrelograms(rate[None], seen))
    drawn, _ = gridness(autocorrelograms(isotropic_surrogates(rate, seen, null.draws, null.rng), seen))
    mean = float(np.nanmean(drawn)) if np.isfinite(drawn).any() else np.nan
    # A surrogate without a ring is no grid: it is never as large.
    p = (1 + np.count_nonzero(drawn >= score)) / (null.draws + 1) if np.isfinite(score) else 1.0
    return float(score), mean, p, float(spacing)


def _binned(responses: xr.DataArray, by: tuple[str, str], bins: int) -> Arena:
    position = np.stack([parameter(responses, name) for name in by])
    low, extent = position.min(axis=1), np.ptp(position, axis=1)
    distinct = np.array([len(np.unique(along)) for along in position])
    if bins < 2 or (distinct < 2).any():
        raise RecordingError(
            f"an arena needs two sides and 2 bins or more; {listing(by)} extend over {listing(extent)}, "
            f"bins={bins}"
        )
    # Each position stands for its surroundings: probes on a grid reach half a step further.
    step = extent / (distinct - 1)
    low, extent = low - step / 2, extent + step
    width = float(extent.max() / bins)
    columns, rows = np.maximum(np.round(extent / width), 1).astype(np.int64)
    x, y = np.minimum((position - low[:, None]) // width, [[columns - 1], [rows - 1]]).astype(np.int64)
    place = y * columns + x
    return Arena(place, np.bincount(place, minlength=rows * columns), (int(rows), int(columns)), width)


def _tell_negative(responses: xr.DataArray) -> None:
    below = (responses.values < 0).any(axis=0)
    if below.any():
        warnings.warn(
            f"{below.sum()} units fall below zero: their information is NaN, and they count as untuned. "
            "Give rates, or rectified activations.",
            stacklevel=4,
        )
