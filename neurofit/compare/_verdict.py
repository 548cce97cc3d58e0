"""Whether a comparison allows a conclusion for an area, and which, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ..names import AREA, BOUND, LAYER, MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator

FEWEST_STIMULI = 20  # repeated stimuli; with fewer, a draw leaves out too few to compare layers on
LEAST_RELIABILITY = 0.3
MAJORITY = 0.5  # share of draws that a layer must win to be named


def verdicts(summary: xr.Dataset, *, n_repeated: int) -> xr.Dataset:
    """``conclusive`` and ``reason`` (area, model): a layer is named only where nothing speaks against it."""
    shape = (summary.sizes[AREA], summary.sizes[MODEL])
    conclusive, reason = np.zeros(shape, bool), np.full(shape, "", dtype=object)
    for area, model in np.ndindex(shape):
        one = summary.isel({AREA: area, MODEL: model})
        against = list(_against(one, n_repeated))
        conclusive[area, model] = not against
        reason[area, model] = "inconclusive: " + "; ".join(against) if against else _named(one)
    dims = (AREA, MODEL)
    return xr.Dataset({"conclusive": (dims, conclusive), "reason": (dims, reason.astype(str))})


def _against(one: xr.Dataset, n_repeated: int) -> Iterator[str]:
    if n_repeated < FEWEST_STIMULI:
        yield f"{n_repeated} stimuli were repeated, {FEWEST_STIMULI} are needed"
    reliability = float(one.reliability)
    if np.isnan(reliability):
        yield "there is too little to measure reliability on"
    elif reliability < LEAST_RELIABILITY:
        yield f"reliability is too low ({reliability:z.2f}; at least {LEAST_RELIABILITY:z.2f} is needed)"
    if not np.isfinite(one.position):
        yield "too few stimuli to tell layers apart"
        return
    leading = one.isel({LAYER: int(one.share.argmax(LAYER))})
    if not float(leading.interval.isel({BOUND: 0})) > 0:
        yield "the most similar layer is no more similar than chance"
    if not float(leading.share) > MAJORITY:
        rivals = one[LAYER].values[one.share.values > 0.1]
        yield f"layers {' and '.join(rivals)} cannot be told apart"


def _named(one: xr.Dataset) -> str:
    share = float(one.share.max(LAYER))
    layer = one[LAYER].values[int(one.share.argmax(LAYER))]
    return f"{layer}: most similar in {share:.0%} of draws, on stimuli left out"
