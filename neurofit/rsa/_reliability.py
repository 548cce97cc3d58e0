"""How reproducible an RDM is, from random halves of the repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .. import provenance
from ..errors import RecordingError, listing
from ..names import STIMULUS_ID, UNIT
from ..parallel import bar
from . import _sources
from ._compare import tell_undefined
from ._dissimilarities import Dissimilarity, dissimilarities
from ._kernels.comparison import Comparator, comparators
from ._kernels.patterns import repeat_number
from ._noise import DEFAULT, estimated_root
from ._pairs import stimuli_of
from ._trials import Trials, by_stimulus, repeated, rows_of

if TYPE_CHECKING:
    from ._trials import Numbers


def split_half_reliability(
    responses: xr.DataArray,
    *,
    measure: str = "crossnobis",
    comparator: str = "pearson",
    by: str = STIMULUS_ID,
    noise: str = DEFAULT,
    splits: int = 20,
    rng: int | np.random.Generator | None = None,
    progress: bool = True,
) -> xr.DataArray:
    """Correlation of the RDMs of two halves of the repeats, corrected to the length of the whole.

    With r the mean over random splits, it is ``2 r / (1 + |r|)``: Spearman-Brown's formula, made odd so
    that it keeps to [-1, 1] and is zero on average where there is nothing to reproduce. Where noise prevails
    it says too little rather than too much: errors of squared distances shrink faster than with the trials.

    Crossnobis needs 2 repeats in each half, and estimates its noise in each half alone. Where a repeated
    stimulus has fewer than 4, ``mahalanobis`` takes its place. For measures other than crossnobis

    - each stimulus gives each half the same number of trials, half of the fewest repeats. Noise raises these
      distances by 1/k_i + 1/k_j for k_i trials of stimulus i: unequal numbers would write this into both
      halves, and pure noise would look reliable. (So does noise that is itself larger for some stimuli, as
      that of spike counts with unequal rates.)
    - stimuli are split at random as well, and the noise precision for the RDM of one set is estimated from
      the other set. A precision that has seen the noise of both halves makes it look reliable, too.

    Parameters
    ----------
    responses
        Responses with dims ``trial`` and ``unit``. Further dims, such as ``time``, are kept.
    measure
        Name of one of ``rsa.dissimilarities``.
    comparator
        Name of one of ``rsa.comparators``.
    by
        Coord that says which trials repeat a stimulus. Stimuli shown once are left out.
    noise
        Name of one of ``rsa.noise_estimators``, for measures that weigh noise.
    splits
        How many random halves to average over.
    rng
        Seed or generator of the halves.
    progress
        Whether to show a bar.

    Returns
    -------
    DataArray
        Reliability over the further dims. Attrs: ``measure`` (what was used), ``stimuli``,
        ``stimuli_left_out``, ``fewest_repeats``.

    Raises
    ------
    RecordingError
        If fewer than 3 stimuli are repeated (6 for mahalanobis), or no half has an RDM that varies.

    References
    ----------
    Spearman 1910, British Journal of Psychology 3:271, doi:10.1111/j.2044-8295.1910.tb00206.x
    Walther et al. 2016, NeuroImage 137:188, doi:10.1016/j.neuroimage.2015.12.012

    Examples
    --------
    Without noise both halves are alike.

    >>> stimuli = {"stimulus_id": ("trial", list("abcabc"))}
    >>> values = [[0.0], [1.0], [3.0]] * 2
    >>> responses = xr.DataArray(values, dims=("trial", "unit"), coords=stimuli)
    >>> split_half_reliability(responses, measure="euclidean", rng=0).item()
    1.0
    """
    seed, rng = rng, np.random.default_rng(rng)
    trials = by_stimulus(repeated(responses, by=by), by)
    used = _measure_for(trials, measure)
    dissimilarity, compared = dissimilarities[used], comparators[comparator]
    turns = bar(range(splits), progress=progress, description="splitting repeats")
    split = [_similarity_of_halves(dissimilarity, compared, trials, noise, rng) for _ in turns]
    similarity = np.mean(split, axis=0)
    result = _labelled(spearman_brown(similarity), responses, rows_of(responses, by))
    tell_undefined(result, "reliability", stacklevel=3)
    result = provenance.label(result, units="1", long_name="Split-half reliability of the RDM").assign_attrs(
        measure=used,
        stimuli=len(trials.ids),
        stimuli_left_out=len(np.unique(responses[by].values)) - len(trials.ids),
        fewest_repeats=int(trials.repeats.min()),
    )
    return provenance.stamp(
        result,
        "rsa.split_half_reliability",
        sources=[responses],
        references=[*dissimilarity.references, _sources.SPLIT_HALF],
        measure=measure,
        comparator=comparator,
        by=by,
        noise=noise,
        splits=splits,
        rng=seed,
    )


def spearman_brown(similarity: Numbers) -> Numbers:
    """Similarity of two wholes, from that of their halves: ``2 r / (1 + |r|)``."""
    return 2 * similarity / (1 + np.abs(similarity))


def _measure_for(trials: Trials, measure: str) -> str:
    """``measure``, or what takes its place; raise if the stimuli are too few for it."""
    dissimilarity = dissimilarities[measure]
    if dissimilarity.takes_folds and trials.repeats.min() < 4:
        measure, dissimilarity = dissimilarity.without_folds, dissimilarities[dissimilarity.without_folds]
    fewest = 6 if _noise_from_elsewhere(dissimilarity) else 3
    if len(trials.ids) < fewest:
        raise RecordingError(
            f"reliability ({measure}) needs {fewest} repeated stimuli or more; {len(trials.ids)} are "
            f"repeated: {listing(trials.ids)}. Show more stimuli twice or more often."
        )
    return measure


def _noise_from_elsewhere(dissimilarity: type[Dissimilarity]) -> bool:
    return dissimilarity.takes_noise and not dissimilarity.takes_folds


def _similarity_of_halves(
    dissimilarity: type[Dissimilarity],
    compared: Comparator,
    trials: Trials,
    noise: str,
    rng: np.random.Generator,
) -> Numbers:
    halves = _halves(trials, equal=not dissimilarity.takes_folds, rng=rng)
    if not _noise_from_elsewhere(dissimilarity):
        return _alike(compared, *(dissimilarity.distances(half, noise) for half in halves))
    stimuli = len(trials.ids)
    here = rng.permutation(stimuli) < stimuli // 2
    alike = []
    for inside in (here, ~here):
        root = estimated_root(trials.only(~inside), noise)
        distances = (dissimilarity.distances(half.only(inside), root) for half in halves)
        alike.append(_alike(compared, *distances))
    return np.mean(alike, axis=0)


def _halves(trials: Trials, *, equal: bool, rng: np.random.Generator) -> tuple[Trials, Trials]:
    """Two random halves of the repeats of each stimulus, of ``equal`` size for all stimuli if so asked."""
    turn = np.empty_like(trials.stimulus)
    shuffled = rng.permutation(len(turn))
    turn[shuffled] = repeat_number(trials.stimulus[shuffled])
    repeats = trials.repeats[trials.stimulus]
    size = np.full_like(repeats, repeats.min() // 2) if equal else repeats // 2
    end = 2 * size if equal else repeats
    in_second = (turn >= size) & (turn < end)
    turns = np.arange(turn.max() + 1)
    trials = trials._replace(fold=np.where(in_second, turn - size, turn), folds=turns)
    return trials.take(turn < size), trials.take(in_second)


def _alike(compared: Comparator, a: Numbers, b: Numbers) -> Numbers:
    pairs = a.shape[-1]
    each_once = np.ones((1, stimuli_of(pairs)))
    rdms = zip(a.reshape(-1, 1, pairs), b.reshape(-1, 1, pairs), strict=True)
    return np.reshape([compared(one, other, each_once) for one, other in rdms], a.shape[:-1])


def _labelled(reliability: Numbers, responses: xr.DataArray, rows: str) -> xr.DataArray:
    further = responses.isel({rows: 0, UNIT: 0}, drop=True)
    return xr.DataArray(reliability, dims=further.dims, coords=further.coords)
