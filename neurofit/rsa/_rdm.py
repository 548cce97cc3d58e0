"""Representational dissimilarity matrices, each pair of stimuli once."""

from __future__ import annotations

import warnings

import numpy as np
import xarray as xr

from .. import provenance
from ..errors import RecordingError, listing
from ..names import PAIR, STIMULUS_A, STIMULUS_B, STIMULUS_ID, UNIT
from ._dissimilarities import Dissimilarity, dissimilarities
from ._noise import DEFAULT, given_precision
from ._trials import Numbers, Trials, by_stimulus, rows_of


def rdm(
    responses: xr.DataArray,
    *,
    measure: str = "correlation",
    by: str = STIMULUS_ID,
    fold: str | None = None,
    noise: xr.DataArray | str | None = None,
) -> xr.DataArray:
    """Dissimilarity between every pair of stimuli.

    With x_i the mean pattern of stimulus i over n units:

    - ``euclidean``: ``|x_i - x_j|^2 / n``;
    - ``correlation``: ``1 - r(x_i, x_j)``, in [0, 2];
    - ``mahalanobis``: ``(x_i - x_j)' P (x_i - x_j) / n``, with P the noise precision;
    - ``crossnobis``: the mean of ``(x_if - x_jf)' P (x_ig - x_jg) / n`` over pairs of different folds f, g.
      Noise adds nothing to it on average, so that it may be negative. Folds may lack stimuli.

    Parameters
    ----------
    responses
        Responses with dims ``trial`` (or ``stimulus``) and ``unit``. Further dims, such as ``time``, are
        kept: one RDM for each.
    measure
        Name of one of ``rsa.dissimilarities``.
    by
        Coord that says which trials show the same stimulus; their mean is its pattern.
    fold
        For crossnobis: coord that says which trials belong together. Without it ``fold`` is used, else
        ``block``, else the order of the repeats of each stimulus.
    noise
        Noise precision (``rsa.noise_precision``) of other trials of the same units, or the name of one of
        ``rsa.noise_estimators``, by default ``"ledoit_wolf"``. With a name these trials serve: crossnobis
        then weighs the noise of a stimulus by precisions from other stimuli (ten groups are held out in
        turn), for one that has seen this noise takes too little of it off.

    Returns
    -------
    DataArray
        Dim ``pair``, after any further dims; coords ``stimulus_a`` and ``stimulus_b``. Stimuli are sorted,
        pairs stand in squareform order. Under correlation a pair with a flat pattern is NaN, with a warning.

    Raises
    ------
    SchemaError
        If ``responses`` lack a dim or coord.
    RecordingError
        If responses are NaN, or there are too few stimuli, units, repeats or folds for the measure.
    AlignmentError
        If ``noise`` is not of the same units.

    References
    ----------
    Kriegeskorte et al. 2008, Frontiers in Systems Neuroscience 2:4, doi:10.3389/neuro.06.004.2008
    Walther et al. 2016, NeuroImage 137:188, doi:10.1016/j.neuroimage.2015.12.012

    Examples
    --------
    Two patterns that are 3 and 4 apart: (9 + 16) / 2 units.

    >>> stimuli = {"stimulus_id": ("stimulus", ["face", "house"])}
    >>> responses = xr.DataArray([[0.0, 0.0], [3.0, 4.0]], dims=("stimulus", "unit"), coords=stimuli)
    >>> rdm(responses, measure="euclidean").values
    array([12.5])
    """
    dissimilarity = dissimilarities[measure]
    _check_options(dissimilarity, measure, fold=fold, noise=noise)
    trials = by_stimulus(responses, by, fold)
    if len(trials.ids) < 2:
        raise RecordingError(
            f"an RDM needs 2 stimuli or more; coord {by!r} holds {listing(trials.ids)} alone."
        )
    flat = _undefined_stimuli(dissimilarity, trials, measure)
    if flat:
        warnings.warn(
            f"{measure} is not defined for patterns that are the same in all units; pairs with these stimuli "
            f"are NaN (at some entries, where there are further dims): {flat}.",
            stacklevel=2,
        )
    weights = given_precision(noise, responses) if isinstance(noise, xr.DataArray) else noise or DEFAULT
    result = _labelled(dissimilarity.distances(trials, weights), trials, responses, by)
    response_units = responses.attrs.get("units", "1")
    units = "1" if dissimilarity.units == "({})^2" and response_units == "1" else dissimilarity.units
    result = provenance.label(
        result, units=units.format(response_units), long_name=f"{measure} dissimilarity"
    )
    return provenance.stamp(
        result,
        "rsa.rdm",
        sources=[responses, noise] if isinstance(noise, xr.DataArray) else [responses],
        references=dissimilarity.references,
        measure=measure,
        by=by,
        fold=fold,
        noise=weights if isinstance(weights, str) and dissimilarity.takes_noise else None,
    )


def _check_options(
    dissimilarity: type[Dissimilarity], measure: str, *, fold: str | None, noise: object
) -> None:
    asked = {"noise": (noise, dissimilarity.takes_noise), "fold": (fold, dissimilarity.takes_folds)}
    idle = [name for name, (value, taken) in asked.items() if value is not None and not taken]
    if idle:
        raise ValueError(
            f"measure={measure!r} makes no use of {listing(idle)}: leave it out, or use 'crossnobis'."
        )


def _undefined_stimuli(dissimilarity: type[Dissimilarity], trials: Trials, measure: str) -> str:
    undefined = dissimilarity.undefined(trials)
    if undefined.all():
        raise RecordingError(
            f"{measure} needs patterns that differ between units; all {len(trials.ids)} patterns over "
            f"{trials.values.shape[-1]} units are flat. Use another measure, or more units."
        )
    return listing(trials.ids[undefined.reshape(-1, len(trials.ids)).any(axis=0)])


def _labelled(distances: Numbers, trials: Trials, responses: xr.DataArray, by: str) -> xr.DataArray:
    first, second = np.triu_indices(len(trials.ids), 1)
    rows = rows_of(responses, by)
    kept = {
        name: coord for name, coord in responses.coords.items() if not {rows, UNIT}.intersection(coord.dims)
    }
    pairs = {STIMULUS_A: (PAIR, trials.ids[first]), STIMULUS_B: (PAIR, trials.ids[second])}
    dims = [*(dim for dim in responses.dims if dim not in (rows, UNIT)), PAIR]
    return xr.DataArray(distances, dims=dims, coords={**kept, **pairs})
