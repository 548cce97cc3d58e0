"""How well one unit tells two conditions apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .. import provenance
from ..errors import RecordingError, unknown_name
from ..names import TRIAL, UNIT
from ._groups import groups
from ._kernels import discriminability
from ._units import tell_units, trials_by_units

if TYPE_CHECKING:
    from ._groups import Array

DETECTION = "Green & Swets 1966, Signal Detection Theory and Psychophysics, Wiley, New York"
FEWEST_TRIALS = 2


def dprime(responses: xr.DataArray, *, by: str, a: object, b: object) -> xr.DataArray:
    """How far apart the responses to two conditions are, in units of their noise.

    ``d' = (mean_a - mean_b) / sqrt((var_a + var_b) / 2)`` with variances over trials (divided by n - 1).
    Positive where the response to ``a`` is the larger.

    Parameters
    ----------
    responses
        Responses with dims ``trial`` and ``unit``; the mean is taken over ``time`` where there is one.
    by
        The coord of trials that tells the conditions.
    a, b
        The two values of ``by``; other trials are not looked at. Where ``by`` is text they are compared as
        text.

    Returns
    -------
    DataArray (unit)
        d', without a unit of measure. NaN, with a warning that names the units, where neither condition's
        responses vary, and where a response is NaN.

    Raises
    ------
    UnknownNameError
        If ``by`` is no coord of trials, or has no such value.
    RecordingError
        If a condition has fewer than 2 trials.
    SchemaError
        If a trial has no value of ``by``, or there are dims beside trial, unit and time.

    References
    ----------
    Green & Swets 1966, Signal Detection Theory and Psychophysics, Wiley, New York

    Examples
    --------
    Means 7 and 3, and each variance is 2.

    >>> sides = {"side": ("trial", ["left", "left", "right", "right"])}
    >>> counts = xr.DataArray([[6], [8], [2], [4]], sides, ("trial", "unit"))
    >>> round(dprime(counts, by="side", a="left", b="right").item(), 6)
    2.828427
    """
    trials = trials_by_units(responses)
    found = discriminability(_trials_of(trials, by, a), _trials_of(trials, by, b))
    tell_units(trials, np.isnan(found), "d' is NaN where neither condition varies or a response is NaN,")
    coords = {name: coord for name, coord in trials.coords.items() if TRIAL not in coord.dims}
    labelled = provenance.label(
        xr.DataArray(found, coords, (UNIT,), name="dprime"),
        units="1",
        long_name=f"d' of {by} {a} against {b}",
    )
    return provenance.stamp(
        labelled, "prep.dprime", sources=[responses], references=[DETECTION], by=by, a=a, b=b
    )


def _trials_of(trials: xr.DataArray, by: str, value: object) -> Array:
    names, group = groups(trials, by)
    wanted = names.astype(str) == str(value) if names.dtype.kind in "UOT" else names == value
    if not np.any(wanted):
        raise unknown_name(by, str(value), names.tolist())
    chosen = trials.values[wanted[group]]
    if len(chosen) < FEWEST_TRIALS:
        raise RecordingError(
            f"d' needs {FEWEST_TRIALS} trials or more of each condition; {by} {value!r} has {len(chosen)}"
        )
    return chosen
