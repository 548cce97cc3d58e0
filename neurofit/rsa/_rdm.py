"""Representational dissimilarity matrices, each pair of stimuli once."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import xarray as xr

from .. import provenance
from ..errors import RecordingError, listing
from ..names import PAIR, STIMULUS_ID, UNIT
from ._blocks import Wanted, further_dims, in_blocks, refuse_more_than_memory
from ._dissimilarities import PRIOR, Dissimilarity, Prior, dissimilarities
from ._names import pair_names
from ._noise import DEFAULT, given_root, sources_of
from ._trials import design

if TYPE_CHECKING:
    from ._trials import Flags, Numbers, Trials


@overload
def rdm(
    responses: xr.DataArray,
    *,
    measure: str = ...,
    by: str = ...,
    fold: str | None = ...,
    noise: xr.DataArray | str | None = ...,
    prior: tuple[float, float] | None = ...,
) -> xr.DataArray: ...


@overload
def rdm(
    responses: xr.DataArray,
    *,
    measure: list[str] | tuple[str, ...],
    by: str = ...,
    fold: str | None = ...,
    noise: xr.DataArray | str | None = ...,
    prior: tuple[float, float] | None = ...,
) -> xr.Dataset: ...


def rdm(
    responses: xr.DataArray,
    *,
    measure: str | list[str] | tuple[str, ...] = "correlation",
    by: str = STIMULUS_ID,
    fold: str | None = None,
    noise: xr.DataArray | str | None = None,
    prior: tuple[float, float] | None = None,
) -> xr.DataArray | xr.Dataset:
    """Dissimilarity between every pair of stimuli.

    With x_i the mean pattern of stimulus i over n units:

    - ``euclidean``: ``|x_i - x_j|^2 / n``;
    - ``correlation``: ``1 - r(x_i, x_j)``, in [0, 2];
    - ``cosine``: ``1 - x_i . x_j / (|x_i| |x_j|)``, in [0, 2];
    - ``mahalanobis``: ``(x_i - x_j)' P (x_i - x_j) / n``, with P the noise precision;
    - ``crossnobis``: the mean of ``(x_if - x_jf)' P (x_ig - x_jg) / n`` over pairs of different folds f, g.
      Noise adds nothing to it on average, so that it may be negative. Folds may lack stimuli;
    - ``poisson``: ``(l_i - l_j) . (log l_i - log l_j) / n``, the Kullback-Leibler divergence, both ways
      together, of Poisson counts with means ``l = (x + w l0) / (1 + w)``, where the prior is as good as
      ``w`` trials with ``l0`` counts;
    - ``poisson_cv``: the mean of ``(l_if - l_jf) . (log l_ig - log l_jg) / n`` over pairs of different
      folds. It is 0 on average for equal rates; for others the logarithm of few counts is itself biased.

    Responses that take more than 64 MiB are gone through in blocks of their further dims, and stimuli in
    blocks of pairs. Lazy (dask) responses are read chunk by chunk, over workers where a
    ``dask.distributed`` client is active: further dims by their chunks; of units that are chunked the means
    of stimuli and folds are made apart. Where noise is estimated from the same trials they have to be read
    as a whole; give ``noise=rsa.noise_precision(some of them)`` to avoid it.

    Parameters
    ----------
    responses
        Responses with dims ``trial`` (or ``stimulus``) and ``unit``. Further dims, such as ``time``, are
        kept: one RDM for each.
    measure
        Name of one of ``rsa.dissimilarities``, or several: trials are then averaged once for all.
    by
        Coord that says which trials show the same stimulus; their mean is its pattern.
    fold
        For crossnobis and poisson_cv: coord that says which trials belong together. Without it ``fold`` is
        used, else ``block``, else the order of the repeats of each stimulus.
    noise
        Noise precision (``rsa.noise_precision``) of other trials of the same units, or the name of one of
        ``rsa.noise_estimators``, by default ``"ledoit_wolf"``. With a name these trials serve: crossnobis
        then weighs the noise of a stimulus by precisions from other stimuli (ten groups are held out in
        turn), for one that has seen this noise takes too little of it off.
    prior
        For Poisson distances: ``(l0, w)``, by default ``(1.0, 0.1)``.

    Returns
    -------
    DataArray or Dataset
        Dim ``pair``, after any further dims; coords ``stimulus_a`` and ``stimulus_b``. Stimuli are sorted,
        pairs stand in squareform order. Under correlation a pair with a flat pattern is NaN, under cosine
        one with a pattern of zeros, with a warning. Units are those of the responses squared (euclidean),
        none (correlation, cosine), squared noise units per unit, or nats per unit (Poisson). Where folds
        from a coord lack stimuli, attr ``missing_cells`` names them. Several measures give a Dataset with
        a variable for each.

    Raises
    ------
    SchemaError
        If ``responses`` lack a dim or coord.
    RecordingError
        If responses are NaN, or negative for a Poisson distance, or there are too few stimuli, units, repeats
        or folds for the measure, or more pairs than memory.
    AlignmentError
        If ``noise`` is not of the same units.

    References
    ----------
    Kriegeskorte et al. 2008, Frontiers in Systems Neuroscience 2:4, doi:10.3389/neuro.06.004.2008
    Walther et al. 2016, NeuroImage 137:188, doi:10.1016/j.neuroimage.2015.12.012
    Schuett et al. 2023, eLife 12:e82566, doi:10.7554/eLife.82566 (Poisson distances)

    Examples
    --------
    Two patterns that are 3 and 4 apart: (9 + 16) / 2 units.

    >>> stimuli = {"stimulus_id": ("stimulus", ["face", "house"])}
    >>> responses = xr.DataArray([[0.0, 0.0], [3.0, 4.0]], dims=("stimulus", "unit"), coords=stimuli)
    >>> rdm(responses, measure="euclidean").values
    array([12.5])
    """
    chosen = _chosen(measure, fold=fold, noise=noise, prior=prior)
    weights = given_root(noise, responses) if isinstance(noise, xr.DataArray) else noise or DEFAULT
    wanted = Wanted(chosen, design(responses, by, fold), weights, Prior(*(prior or PRIOR)))
    _check_design(responses, wanted, by)
    distances, undefined = in_blocks(responses, by, wanted)
    for name in chosen:
        flat = _undefined_stimuli(name, undefined[name], responses.sizes[UNIT], wanted)
        if flat:
            warnings.warn(
                f"{name} is not defined for patterns that are {chosen[name].undefined_for}; pairs with these "
                f"stimuli are NaN (at some entries, where there are further dims): {flat}.",
                stacklevel=2,
            )
    sources = [responses, noise] if isinstance(noise, xr.DataArray) else [responses]
    coords, arrays = _coords(wanted, responses), {}
    for name, one in chosen.items():
        estimator = weights if one.takes_noise and isinstance(weights, str) else None
        arrays[name] = provenance.stamp(
            _labelled(name, distances[name], wanted, responses, coords if isinstance(measure, str) else {}),
            "rsa.rdm",
            sources=sources,
            references=[*one.references, *(sources_of(estimator) if estimator else [])],
            measure=name,
            by=by,
            fold=fold,
            noise=estimator,
            prior=prior,
        )
    if isinstance(measure, str):
        return arrays[measure]
    result = xr.Dataset(arrays, coords)
    return provenance.stamp(result, "rsa.rdm", sources=result.data_vars.values(), measure=list(chosen))


def _chosen(
    measure: str | list[str] | tuple[str, ...],
    *,
    fold: object,
    noise: object,
    prior: tuple[float, float] | None,
) -> dict[str, type[Dissimilarity]]:
    names = [measure] if isinstance(measure, str) else list(measure)
    if not names:
        raise ValueError(f"measure is empty; name some of {listing(dissimilarities)}.")
    chosen = {name: dissimilarities[name] for name in names}
    given = {"takes_folds": fold, "takes_noise": noise, "takes_prior": prior}
    for taken, option in given.items():
        if option is not None and not any(getattr(one, taken) for one in chosen.values()):
            fitting = [name for name, one in dissimilarities.items() if getattr(one, taken)]
            raise ValueError(
                f"measure={measure!r} makes no use of {taken.removeprefix('takes_').removesuffix('s')}=: "
                f"leave it out, or use one of {listing(fitting)}."
            )
    if prior is not None and min(prior) <= 0:
        raise ValueError(f"prior={prior} has to be a rate and a weight above zero: silence has no logarithm.")
    return chosen


def _check_design(responses: xr.DataArray, wanted: Wanted, by: str) -> None:
    ids = wanted.design.ids
    if len(ids) < 2:
        raise RecordingError(f"an RDM needs 2 stimuli or more; coord {by!r} holds {listing(ids)} alone.")
    for dissimilarity in wanted.chosen.values():
        dissimilarity.check(wanted.design)
    further = responses.size // (len(wanted.design.stimulus) * responses.sizes[UNIT])
    refuse_more_than_memory(ids, len(wanted.chosen) * further)


def _undefined_stimuli(name: str, undefined: Flags, units: int, wanted: Wanted) -> str:
    ids = wanted.design.ids
    if undefined.all():
        raise RecordingError(
            f"{name} needs patterns with a direction; all {len(ids)} patterns over {units} units are "
            f"{wanted.chosen[name].undefined_for}. Use another measure, or more units."
        )
    return listing(ids[undefined.reshape(-1, len(ids)).any(axis=0)])


def _labelled(
    name: str, distances: Numbers, wanted: Wanted, responses: xr.DataArray, coords: dict[str, Any]
) -> xr.DataArray:
    one, said = wanted.chosen[name], str(responses.attrs.get("units", "1"))
    array = xr.DataArray(distances, coords, [*further_dims(responses), PAIR])
    units = "1" if one.units == "({})^2" and said == "1" else one.units.format(said)
    array = provenance.label(array, units=units, long_name=f"{name} dissimilarity")
    missing = _missing_cells(wanted.design) if one.takes_folds else ""
    return array.assign_attrs(missing_cells=missing) if missing else array


def _coords(wanted: Wanted, responses: xr.DataArray) -> dict[str, Any]:
    """Coords of further dims, and the names of the pairs."""
    ids, further = wanted.design.ids, set(further_dims(responses))
    kept = {str(name): coord for name, coord in responses.coords.items() if further.issuperset(coord.dims)}
    return kept | pair_names(ids)


def _missing_cells(trials: Trials) -> str:
    if not trials.folds_from_coord:
        return ""
    return listing(
        f"{trials.ids[stimulus]} in {trials.folds[fold]}"
        for stimulus, fold in np.argwhere(trials.in_cells == 0)
    )
