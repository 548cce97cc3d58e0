"""The hierarchy that areas would show if units did not care in which area they are, but for their noise."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .. import parallel
from ..names import BOUND, DRAW, MODEL, STIMULUS_ID, UNIT
from ..prep._kernels import group_means
from ._recording import Recording
from ._resample import on_stimuli_left_out
from ._summary import interval, position_in_draws, slope

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from jaxtyping import Float, Int

STRATUM = 4  # units for each area, whose signal to noise is about the same
DRAWS = 100  # a mean over draws needs fewer than an interval
FEWEST = 20  # permutations that are worth processes of their own


def against_permuted_areas(
    recording: Recording,
    models: Mapping[str, xr.DataArray],
    drawn: xr.DataArray,
    *,
    hierarchy: xr.DataArray,
    order: Sequence[str],
    permutations: int,
    rng: np.random.Generator,
    progress: bool,
    **options: Any,
) -> dict[str, xr.DataArray]:
    """``hierarchy_null`` and ``p_hierarchy`` of each model; NaN without an order of two areas or more.

    Units change areas with units of about the same signal to noise, so that each area keeps its size and its
    reliability, which alone may move its position: where there is little signal, towards the middle.
    """
    names = list(models)
    null = np.full((permutations, len(names)), np.nan)
    if len(order) > 1 and permutations:
        parts = [recording.areas[name] for name in order]
        pooled = xr.concat(parts, UNIT)
        layers = [models[name].values for name in names]
        rises = partial(
            _rises, pooled=pooled, models=layers, drawn=drawn.isel({DRAW: slice(DRAWS)}), **options
        )
        area = np.repeat(np.arange(len(parts)), [part.sizes[UNIT] for part in parts])
        swapped = list(_permuted(signal_to_noise(pooled), area, permutations, rng))
        workers = 1 if permutations < FEWEST else None
        null = np.array(
            parallel.apply(rises, swapped, workers=workers, progress=progress, description="permuting areas")
        )
    above = (null >= hierarchy.sel({MODEL: names}).values).sum(axis=0)
    known = np.isfinite(null).all(axis=0) & (permutations > 0)
    bounds = interval(null) if permutations else np.full((len(names), 2), np.nan)
    coords = {MODEL: names}
    return {
        "hierarchy_null": xr.DataArray(bounds, coords, (MODEL, BOUND)),
        "p_hierarchy": xr.DataArray(np.where(known, (1 + above) / (1 + permutations), np.nan), coords, MODEL),
    }


def _rises(
    members: list[Int[np.ndarray, " unit"]],
    *,
    pooled: xr.DataArray,
    models: list[Float[np.ndarray, "layer pair"]],
    drawn: xr.DataArray,
    measure: str,
    noise: str,
    comparator: str,
) -> list[float]:
    """Rise of the mean position over areas of which each has other ``members``, for each model."""
    parts = {str(place): pooled.isel({UNIT: its}) for place, its in enumerate(members)}
    areas = Recording(parts, n_repeated=0, left_out=[]).rdms(measure, noise).values
    found = (on_stimuli_left_out(areas, layers, drawn, comparator=comparator) for layers in models)
    return [float(np.nanmean(slope(position_in_draws(outside)))) for outside in found]


def _permuted(
    quality: Float[np.ndarray, " unit"],
    area: Int[np.ndarray, " unit"],
    permutations: int,
    rng: np.random.Generator,
) -> Iterator[list[Int[np.ndarray, " unit"]]]:
    """Units of each area after exchanges between areas, within strata of ``quality``."""
    areas = int(area.max()) + 1
    rank = np.argsort(np.argsort(quality, kind="stable"), kind="stable")
    stratum = rank // (STRATUM * areas)
    for _ in range(permutations):
        # Both orders go from stratum to stratum, so that labels move within theirs alone.
        labels = np.empty_like(area)
        labels[np.argsort(stratum)] = area[np.lexsort((rng.random(len(area)), stratum))]
        yield [np.flatnonzero(labels == one) for one in range(areas)]


def signal_to_noise(responses: xr.DataArray) -> Float[np.ndarray, " unit"]:
    """Variance of a unit's mean responses, less what noise adds to it, over the variance of its trials.

    With n_i trials of stimulus i, noise of variance s^2 adds s^2 mean(1 / n_i). Without noise it is inf.
    """
    values = np.asarray(responses.transpose(..., UNIT).values, dtype=np.float64)
    _, stimulus, repeats = np.unique(responses[STIMULUS_ID].values, return_inverse=True, return_counts=True)
    means = group_means(values, stimulus, len(repeats))
    freedom = max(len(values) - len(repeats), 1)
    noise = ((values - means[stimulus]) ** 2).sum(axis=0) / freedom
    signal = means.var(axis=0, ddof=1) - noise * np.mean(1 / repeats)
    return np.divide(signal, noise, out=np.full(noise.shape, np.inf), where=noise > 0)
