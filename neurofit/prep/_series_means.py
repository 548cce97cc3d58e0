"""A continuous series as responses: its mean in each bin of each trial."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from .. import provenance
from ..names import TIME, TRIAL
from ._align_series import in_trials
from ._interpolate import bin_means
from ._window import edges

if TYPE_CHECKING:
    import xarray as xr


def series_means(
    session: xr.DataTree,
    name: str,
    *,
    window: tuple[float, float],
    bin: float | None,
    **options: Any,
) -> xr.DataArray:
    """The mean of the series called ``name`` in each bin; ``options`` are those of ``in_trials``."""
    bounds = edges(window, bin)
    means = in_trials(session, name, bin_means, wanted=bounds, time=bounds[:-1], **options)
    means[TIME].attrs["long_name"] = "left edge of the bin"
    means = means.isel({TIME: 0}, drop=True) if bin is None else means
    means.attrs |= {"window": json.dumps([float(end) for end in window]), "bin": float(bounds[1] - bounds[0])}
    means = means.transpose(TRIAL, ..., *([] if bin is None else [TIME]))
    return provenance.stamp(
        means, "prep.responses", sources=[session], series=name, window=window, bin=bin, **options
    )
