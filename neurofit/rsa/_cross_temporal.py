"""Whether what tells stimuli apart at one time tells them apart at another."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

import xarray as xr

from .. import provenance
from ..errors import SchemaError
from ..names import PAIR, STIMULUS, STIMULUS_ID, TIME, TIME_B, TRIAL, UNIT
from . import _sources
from ._blocks import refuse_more_than_memory
from ._dissimilarities import crossnobis, dissimilarities
from ._names import pair_names
from ._noise import DEFAULT, given_root
from ._trials import by_stimulus

if TYPE_CHECKING:
    from ._trials import Numbers


def cross_temporal(
    responses: xr.DataArray,
    *,
    by: str = STIMULUS_ID,
    fold: str | None = None,
    noise: xr.DataArray | str | None = None,
) -> xr.DataArray:
    """Crossnobis distances between the patterns of one time and those of another.

    With x_if(t) the mean pattern of stimulus i in fold f at time t over n units, and P the noise precision,
    the distance of i and j is the mean of ``(x_if(t) - x_jf(t))' P (x_ig(t') - x_jg(t')) / n`` over pairs of
    different folds f, g. Where t = t' that is ``rsa.rdm(measure="crossnobis")``. A code that stays gives a
    square of large values, one that moves on a diagonal; a code that turns round is negative off it. Noise
    that lasts over a trial adds nothing, for f and g are different trials.

    The mean over pairs shows how far the code generalises; ``rsa.compare`` with a model's RDM, what of it.

    Parameters
    ----------
    responses
        Responses with dims ``trial``, ``unit`` and ``time``; further dims are kept.
    by, fold
        Coords that say which trials show the same stimulus, and which belong together, as ``rsa.rdm`` takes
        them.
    noise
        Noise precision of the units, the same at all times, or the name of one of ``rsa.noise_estimators``,
        as ``rsa.rdm`` takes it.

    Returns
    -------
    DataArray
        Further dims, then ``time``, ``time_b``, ``pair``; in squared noise units per unit. It is symmetric in
        the two times.

    Raises
    ------
    SchemaError
        If a dim or coord is missing.
    RecordingError
        If a stimulus is in fewer than 2 folds, or the distances of all pairs of times are more than memory
        holds; or as ``rsa.rdm``.

    References
    ----------
    King & Dehaene 2014, Trends in Cognitive Sciences 18:203, doi:10.1016/j.tics.2014.01.002
    Walther et al. 2016, NeuroImage 137:188, doi:10.1016/j.neuroimage.2015.12.012

    Examples
    --------
    Two stimuli, told apart by one unit at first and by the other one later.

    >>> coords = {"stimulus_id": ("trial", list("abab")), "time": [0.0, 0.1]}
    >>> early, late = [[0.0, 2.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 2.0]]
    >>> values = [[[0, 0], [0, 0]], [[2, 0], [0, 2]]] * 2
    >>> responses = xr.DataArray(values, coords, ("trial", "time", "unit"))
    >>> alike = xr.DataArray([[1.0, 0.0], [0.0, 1.0]], dims=("unit", "unit_b"))
    >>> cross_temporal(responses, noise=alike).squeeze("pair").values
    array([[2., 0.],
           [0., 2.]])
    """
    if TIME not in responses.dims:
        raise SchemaError(f"responses have no dim {TIME!r}; they have {responses.dims}.")
    further = [str(dim) for dim in responses.dims if dim not in (TRIAL, STIMULUS, UNIT, TIME)]
    trials = by_stimulus(responses.transpose(*further, TIME, ...), by, fold)
    refuse_more_than_memory(trials.ids, prod(trials.values.shape[:-2]) * responses.sizes[TIME])
    dissimilarities["crossnobis"].check(trials)
    weights = given_root(noise, responses) if isinstance(noise, xr.DataArray) else noise or DEFAULT
    kept = {name: coord for name, coord in responses.coords.items() if set(coord.dims) <= {*further, TIME}}
    also = {TIME_B: (TIME_B, responses[TIME].values)} if TIME in responses.coords else {}
    distances = crossnobis(trials, weights, _each_with_each)
    result = xr.DataArray(
        distances, {**kept, **also, **pair_names(trials.ids)}, [*further, TIME, TIME_B, PAIR]
    )
    units = dissimilarities["crossnobis"].units
    result = provenance.label(result, units=units, long_name="crossnobis dissimilarity across times")
    return provenance.stamp(
        result,
        "rsa.cross_temporal",
        sources=[responses, noise] if isinstance(noise, xr.DataArray) else [responses],
        references=[_sources.CROSS_TEMPORAL, _sources.CROSSNOBIS],
        by=by,
        fold=fold,
        noise=weights if isinstance(weights, str) else None,
    )


def _each_with_each(patterns: Numbers) -> tuple[Numbers, Numbers]:
    """Patterns (..., time, stimulus, fold, unit) of each time beside those of each other time."""
    return patterns[..., :, None, :, :, :], patterns[..., None, :, :, :, :]
