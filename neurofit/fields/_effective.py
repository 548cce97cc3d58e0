"""Weights that nobody sees, from activity on both sides of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from ..errors import RecordingError
from ..names import POST, PRE, SESSION_INDEX, SYNAPSE, TRIAL, UNIT, UNIT_B
from ._checks import table

Numbers = np.ndarray


def effective_weights(pre: xr.DataArray, post: xr.DataArray) -> tuple[xr.DataArray, xr.DataArray]:
    """Coefficients (session_index, synapse) of each post on all pre, from odd and from even trials.

    Unseen inputs that vary with those seen add to the coefficients: these are effective weights.
    """
    before = table({"pre": pre}, (SESSION_INDEX, TRIAL, UNIT))["pre"]
    after = table({"post": post}, (SESSION_INDEX, TRIAL, UNIT_B))["post"]
    for name, part in (("pre", before), ("post", after)):
        if part.ndim != 3 or not np.isfinite(part).all():
            raise RecordingError(
                f"{name} has dims {part.dims}, and {int((~np.isfinite(part)).sum())} missing values: it "
                "takes one recording (session_index, trial, unit) without any"
            )
    trials, units = before.sizes[TRIAL], before.sizes[UNIT]
    if after.sizes[TRIAL] != trials or after.sizes[SESSION_INDEX] != before.sizes[SESSION_INDEX]:
        raise RecordingError(
            f"pre has {dict(before.sizes)} and post {dict(after.sizes)}: both have the same "
            "sessions and trials"
        )
    if trials // 2 <= units + 1:
        raise RecordingError(
            f"{trials} trials are too few for {units} presynaptic cells: it needs at least {2 * units + 4} "
            "a session, half for the weights and half for their instruments"
        )
    halves = [
        np.stack(
            [
                _coefficients(x[start::2], y[start::2])
                for x, y in zip(before.values, after.values, strict=True)
            ]
        )
        for start in (0, 1)
    ]
    targets, sources = after.sizes[UNIT_B], units
    coords: dict[str, Any] = {
        PRE: (SYNAPSE, np.tile(before[UNIT].values, targets)),
        POST: (SYNAPSE, np.repeat(after[UNIT_B].values, sources)),
    }
    if SESSION_INDEX in before.coords:
        coords[SESSION_INDEX] = before[SESSION_INDEX].values
    first, second = (
        xr.DataArray(half.reshape(len(half), -1), coords, (SESSION_INDEX, SYNAPSE)) for half in halves
    )
    return first, second


def _coefficients(x: Numbers, y: Numbers) -> Numbers:
    """Of least squares (unit_b, unit), with a constant."""
    return np.linalg.lstsq(x - x.mean(0), y - y.mean(0), rcond=None)[0].T
