"""How well the responses of units are predicted from features, on stimuli held out."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr
from sklearn.base import clone

from ... import provenance
from ...errors import RecordingError, listing, unknown_name
from ...names import BOUND, BOUNDS, LAYER, STIMULUS_ID, UNIT, UNIT_ID
from ...parallel import apply
from .. import _sources
from .._trials import rows_of
from ._design import Design, design
from ._held_out import Scheme, groups_across, random_folds
from ._predictor import Predictor, predictors
from ._table import Columns, Work, columns, null_scores, stacked, with_null

if TYPE_CHECKING:
    from collections.abc import Hashable

GROUPS = 10  # Of stimuli that the jackknife leaves out.
CHOSEN = "chosen"
DIRECTIONS = ("forward", "reverse")
WORTH_PROCESSES = 3e10  # Multiplications: for fewer, starting processes takes longer than the work.

LONG_NAMES = {
    "explained_variance": "explained variance on held-out stimuli",
    "corrected_explained_variance": "explained variance over the noise ceiling",
    "correlation": "correlation with held-out predictions",
    "corrected_correlation": "correlation over the noise ceiling",
    "ceiling": "share of variance over stimuli that is not noise",
    "reason": "why there is no corrected score",
    "share": "share of folds in which the layer did best on the training stimuli",
    "p": "share of permutations that explain as much",
}


def predictivity(
    features: xr.DataArray,
    responses: xr.DataArray,
    *,
    model: str | Predictor = "ridge",
    direction: str = "forward",
    each: str | None = None,
    folds: int = 5,
    permutations: int = 0,
    rng: int | np.random.Generator | None = None,
    progress: bool = True,
) -> xr.Dataset:
    """Scores of the best mapping from features to each unit, by nested cross-validation.

    Stimuli are held out in turn, with all their repeats; whatever the mapping needs to choose, it chooses by
    an inner cross-validation of the training stimuli. Over the mean responses y_i, their held-out predictions
    p_i and the mean m_i of the training stimuli,

    - explained variance is ``1 - sum (y_i - p_i)^2 / sum (y_i - m_i)^2``: 0 for the mean, negative for worse;
    - the ceiling is ``1 - sum (s_i^2 / n_i) / sum (y_i - m_i)^2``, with s_i^2 the variance of n_i repeats:
      the share that the true mean responses would explain. In expectation it is the Spearman-Brown corrected
      split-half correlation, without drawing halves. A stimulus shown once has the mean s^2 of the others;
    - corrected explained variance is their ratio: the explained share of the signal power;
    - correlation is the mean over folds, weighted by their stimuli. Pooled over folds it would be negative
      for unrelated features, whose predictions lean away from what was left out. Corrected, it is over the
      root of the reliable share.

    Corrected scores are not cut off at 1. They are NaN, with a ``reason``, where the ceiling is below 0.1 or
    its interval reaches 0. Intervals are 95 % by a jackknife: all is learned and chosen anew without each of
    10 groups of stimuli in turn. (Held-out errors alone, with the mappings as they are, would make them too
    narrow where there are few stimuli for the features.) Those of medians add a bootstrap of units.

    Parameters
    ----------
    features
        What predicts: dims ``stimulus`` (or ``trial``, which is averaged) and ``unit``, such as
        ``nets.activations`` gives. Further dims are kept: one mapping for each entry.
    responses
        What is predicted: dims ``trial`` (or ``stimulus``) and ``unit``. Further dims, such as ``time``, are
        kept; those that features have, too, go together. Stimuli are matched by ``stimulus_id``.
    model
        Name of one of ``rsa.predictors``, or such an estimator with options of its own.
    direction
        ``"forward"``, or ``"reverse"`` for responses that predict features.
    each
        Coord of the predicting units, such as ``"area"``: one mapping from each of its values, along dim
        ``layer``. The entry ``"chosen"`` beside them takes for each unit and fold the layer that did best in
        the inner cross-validation: the best of the others would be picked and scored on the same data.
    folds
        Number of outer folds of stimuli, each of 3 stimuli or more.
    permutations
        How often to permute the stimuli of all features together, for ``p``.
    rng
        Seed or generator of folds, groups, permutations and draws of units.
    progress
        Whether to show a bar.

    Returns
    -------
    Dataset
        Over ``unit`` and further dims, all without units: ``explained_variance``,
        ``corrected_explained_variance``, ``correlation``, ``corrected_correlation`` and ``ceiling``, each
        with its ``..._interval`` (dim ``bound``), and ``median_...`` over units with its interval;
        ``reason``; ``choice`` (dim ``fold``), such as the penalty; ``share`` of folds in which a layer did
        best; ``p`` and ``median_p`` of the explained variance, one-sided.

    Raises
    ------
    SchemaError
        If a needed dim or coord is missing.
    AlignmentError
        If stimuli differ (they are listed), or the coords of shared dims.
    RecordingError
        If values are NaN, stimuli are too few for the folds, or nothing varies.
    UnknownNameError
        If there is no such model, direction or coord.

    References
    ----------
    Yamins et al. 2014, PNAS 111:8619, doi:10.1073/pnas.1403112111
    Sahani & Linden 2003, NeurIPS 15:125
    Schoppe et al. 2016, Frontiers in Computational Neuroscience 10:10, doi:10.3389/fncom.2016.00010
    Kott 2001, Journal of Official Statistics 17:521

    Examples
    --------
    A unit that is a feature, without noise, up to gain and offset:

    >>> stimuli = {"stimulus_id": ("stimulus", np.arange(20))}
    >>> features = xr.DataArray(np.random.default_rng(0).normal(size=(20, 2)), stimuli, ("stimulus", "unit"))
    >>> result = predictivity(features, 3 * features[:, :1] + 1, model="one_to_one", rng=0, progress=False)
    >>> result.explained_variance.values.round(6), result.reason.values.tolist()
    (array([1.]), ['no stimulus is repeated'])
    """
    predictor = predictors[model]() if isinstance(model, str) else clone(model)
    if direction not in DIRECTIONS:
        raise unknown_name("direction", direction, DIRECTIONS)
    source, target = (features, responses) if direction == "forward" else (responses, features)
    matched = design(source, target, each)
    _need_stimuli(matched, folds)
    _tell_constant(matched, target)
    seed, rng = rng, np.random.default_rng(rng)
    works = _works(matched, predictor, folds, rng)
    tables = _tables(works, permutations, rng, progress)
    result = _labelled(tables, matched, source, target).assign_attrs(
        stimuli=matched.targets.shape[-2], choice=predictor.choice_name
    )
    return provenance.stamp(
        result,
        "rsa.predictivity",
        sources=[features, responses],
        references=[*predictor.references, _sources.SIGNAL_POWER, _sources.NORMALISED, _sources.JACKKNIFE],
        model=str(model),
        direction=direction,
        each=each,
        folds=folds,
        permutations=permutations,
        rng=seed,
    )


def _need_stimuli(matched: Design, folds: int) -> None:
    stimuli = matched.targets.shape[-2]
    if folds < 2 or stimuli < 3 * folds:
        raise RecordingError(
            f"{stimuli} stimuli are too few for folds={folds}: each of 2 folds or more needs 3 stimuli or "
            f"more. Show more stimuli, or take from 2 to {stimuli // 3} folds."
        )


def _tell_constant(matched: Design, target: xr.DataArray) -> None:
    flat = matched.flat.reshape(-1, target.sizes[UNIT])
    if flat.all():
        raise RecordingError(f"none of the {target.sizes[UNIT]} units to be predicted varies over stimuli.")
    if flat.any():
        ids = target[UNIT_ID].values if UNIT_ID in target.coords else np.arange(target.sizes[UNIT])
        warnings.warn(
            "there is nothing to explain in units that do not vary over stimuli; their scores are NaN (at "
            f"some entries, where there are further dims): {listing(ids[flat.any(axis=0)], limit=20)}.",
            stacklevel=3,
        )


def _works(matched: Design, predictor: Predictor, folds: int, rng: np.random.Generator) -> list[Work]:
    """All pieces, with the same folds and groups."""
    fold = random_folds(matched.targets.shape[-2], folds, rng)
    scheme = Scheme(predictor, fold, tuple(rng.integers(2**31, size=folds).tolist()))
    group, seed = groups_across(fold, GROUPS, rng), int(rng.integers(2**31))
    return [Work(scheme, *piece, group, seed) for piece in matched.pieces()]


def _tables(works: list[Work], permutations: int, rng: np.random.Generator, progress: bool) -> list[Columns]:
    seeds = rng.integers(2**31, size=permutations).tolist()
    shuffled = [work._replace(seed=seed) for work in works for seed in seeds]
    stimuli, features = works[0].targets.shape[-2], sum(layer.shape[-1] for layer in works[0].layers)
    runs = (len(works) * (1 + GROUPS) + len(shuffled)) * len(works[0].scheme.seeds)
    workers = 1 if runs * stimuli**2 * features < WORTH_PROCESSES else None
    tables = apply(columns, works, workers=workers, progress=progress, description="held-out prediction")
    if not permutations:
        return tables
    null = apply(null_scores, shuffled, workers=workers, progress=progress, description="permuting stimuli")
    return [
        with_null(table, null[index * permutations : (index + 1) * permutations])
        for index, table in enumerate(tables)
    ]


def _labelled(
    tables: list[Columns], matched: Design, source: xr.DataArray, target: xr.DataArray
) -> xr.Dataset:
    outer = dict(zip(matched.outer, matched.outer_shape, strict=True))
    inner = dict(zip(matched.inner, matched.inner_shape, strict=True))
    names = [*matched.layers, CHOSEN] if len(matched.layers) > 1 else list(matched.layers)
    coords = _coords(source, (*outer,)) | _coords(target, (*inner, UNIT)) | {BOUND: list(BOUNDS)}
    result = xr.Dataset(stacked(tables, outer, inner), coords=coords)
    result = result.assign_coords({LAYER: names}) if names else result.isel({LAYER: 0})
    for name, array in result.data_vars.items():
        result[name] = provenance.label(array, units="1", long_name=_long_name(str(name)))
    return result


def _coords(array: xr.DataArray, dims: tuple[str, ...]) -> dict[Hashable, xr.Variable]:
    """Coords along these dims alone."""
    rows = rows_of(array, STIMULUS_ID)
    found = array.coords.items()
    return {
        name: coord.variable
        for name, coord in found
        if set(coord.dims) <= set(dims) and rows not in coord.dims
    }


def _long_name(name: str) -> str:
    stem = name.removeprefix("median_").removesuffix("_interval")
    text = LONG_NAMES.get(stem, "what was chosen from the training stimuli")
    text = f"median over units: {text}" if name.startswith("median_") else text
    return f"95 % interval, {text}" if name.endswith("_interval") else text
