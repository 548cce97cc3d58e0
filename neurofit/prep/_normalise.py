"""The same responses on another scale: rates, z-scores, differences from a baseline."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import provenance
from ..errors import SchemaError
from ..names import TIME, TRIAL, UNIT
from ._units import need_dims, part_of_time, tell_units

if TYPE_CHECKING:
    import xarray as xr


def rates(responses: xr.DataArray) -> xr.DataArray:
    """Spikes a second.

    Each count over the width of its bin: ``rate = count / bin``.

    Parameters
    ----------
    responses
        Counts, with ``units`` ``"spikes"`` and the attribute ``bin`` (seconds), as ``prep.responses`` makes
        them. Any dims; averages of counts will do.

    Returns
    -------
    DataArray
        The same dims and coords, in Hz and in double precision.

    Raises
    ------
    SchemaError
        If they are no counts, or do not say how wide their bins are.

    Examples
    --------
    >>> import xarray as xr
    >>> counts = xr.DataArray([[1, 4]], dims=("trial", "unit"), attrs={"units": "spikes", "bin": 0.5})
    >>> rates(counts).values
    array([[2., 8.]])
    """
    units, width = responses.attrs.get("units"), responses.attrs.get("bin")
    problems = [] if units == "spikes" else [f"units are {units!r}, and counts have 'spikes'"]
    if width is None:
        problems.append("attribute 'bin' is missing")
    elif not (np.isfinite(width) and width > 0):
        problems.append(f"attribute 'bin' is {width}, no width in seconds")
    if problems:
        raise SchemaError(
            f"no counts: {'; '.join(problems)}. Counts come from prep.responses; say it of your own with "
            "data.assign_attrs(units='spikes', bin=0.01)."
        )
    hertz = responses.copy(data=responses.data.astype(np.float64) / width)
    labelled = provenance.label(hertz, units="Hz", long_name="firing rate")
    return provenance.stamp(labelled, "prep.rates", sources=[responses])


def zscore(
    responses: xr.DataArray, *, dim: str = TRIAL, baseline: tuple[float, float] | None = None
) -> xr.DataArray:
    """Each unit with mean 0 and standard deviation 1.

    ``z = (x - mean) / sd``, where ``sd`` is that of the values themselves (divided by n, not n - 1). Both are
    taken over ``dim`` and, where there is one, over ``time``; each entry of further dims has its own. Gain
    and offset of a unit make no difference.

    Parameters
    ----------
    responses
        Counts, rates, traces or activations with dims ``unit`` and ``dim``.
    dim
        What to take mean and sd over: ``"trial"``, ``"stimulus"`` for averages, or ``"time"`` for each trial
        on its own.
    baseline
        Where in ``time`` mean and sd come from: the bins that begin in ``[a, b)``, in seconds. By default
        all of it. With a baseline, mean 0 and sd 1 hold there and not of the whole.

    Returns
    -------
    DataArray
        The same dims and coords, in sd. What is NaN stays so, and does not touch the rest. A unit that does
        not vary has no z-score: it is NaN, and a warning names it.

    Raises
    ------
    SchemaError
        If a dim is missing, or no bin begins in the baseline.

    Examples
    --------
    >>> import xarray as xr
    >>> counts = xr.DataArray([[1], [3]], dims=("trial", "unit"))
    >>> zscore(counts).squeeze("unit").values
    array([-1.,  1.])
    """
    need_dims(responses, UNIT, dim)
    if dim == UNIT:
        raise SchemaError("z-scores are those of each unit; dim is what they vary over, such as 'trial'")
    values = responses.astype(np.float64)
    reference = values if baseline is None else part_of_time(values, baseline)
    over = {dim, TIME} & {str(name) for name in responses.dims}
    # The extremes and not the sd tell what is flat: rounding gives many equal numbers a tiny sd.
    varies = reference.max(over) > reference.min(over)
    tell_units(
        responses,
        (~varies).any([name for name in varies.dims if name != UNIT]).values,
        "z-scores are NaN where nothing varies,",
    )
    scaled = (values - reference.mean(over)) / reference.std(over).where(varies)
    scaled = responses.copy(data=scaled.transpose(*responses.dims).data)
    what = responses.attrs.get("long_name", "response")
    labelled = provenance.label(scaled, units="sd", long_name=f"z-scored {what}")
    return provenance.stamp(labelled, "prep.zscore", sources=[responses], dim=dim, baseline=baseline)


def subtract_baseline(responses: xr.DataArray, *, window: tuple[float, float]) -> xr.DataArray:
    """Responses as differences from their own baseline.

    ``x(t) - mean of x over the bins that begin in [a, b)``, for each trial and unit on its own (and for each
    entry of further dims).

    Parameters
    ----------
    responses
        Counts, rates, traces or averages with dim ``time``.
    window
        Where the baseline begins and ends, ``[a, b)``, in seconds of ``time``.

    Returns
    -------
    DataArray
        The same dims, coords and units, in double precision; can be negative.

    Raises
    ------
    SchemaError
        If there is no dim ``time``, or no bin begins in the window.

    Examples
    --------
    >>> import xarray as xr
    >>> counts = xr.DataArray([[1, 3, 9]], dims=("trial", "time"), coords={"time": [-0.2, -0.1, 0.0]})
    >>> subtract_baseline(counts, window=(-0.2, 0.0)).values
    array([[-1.,  1.,  7.]])
    """
    baseline = part_of_time(responses, window).astype(np.float64).mean(TIME)
    difference = (responses.astype(np.float64) - baseline).transpose(*responses.dims)
    what = responses.attrs.get("long_name", "response")
    labelled = provenance.label(
        responses.copy(data=difference.data),
        units=responses.attrs.get("units", "1"),
        long_name=f"{what} above baseline",
    )
    return provenance.stamp(labelled, "prep.subtract_baseline", sources=[responses], window=window)
