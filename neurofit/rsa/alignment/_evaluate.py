"""A measure of alignment with its interval, and against patterns whose stimuli are mixed up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from ... import provenance
from ...names import BOUND, BOUNDS
from ...parallel import bar
from . import _sources
from ._kernels import jackknife
from ._matched import matched
from ._measures import alignments
from ._scores import tell_undefined, units_of

if TYPE_CHECKING:
    from .._trials import Codes, Numbers
    from ._matched import Matched
    from ._measures import Alignment


def evaluate_alignment(
    a: xr.DataArray,
    b: xr.DataArray,
    *,
    measure: str = "cka",
    permutations: int = 1000,
    level: float = 0.95,
    rng: int | np.random.Generator | None = None,
    progress: bool = True,
    **options: object,
) -> xr.Dataset:
    """How alike two populations are: estimate, interval over stimuli, and what chance would give.

    The interval is the estimate plus and minus Student's t times the standard error of the jackknife, which
    leaves out each stimulus (parts of them, above 100): where the measure would lie for other
    stimuli of the same kind and number. It does not know of a bias: those of biased CKA, canonical
    correlations and distances are in ``null_mean``, the mean of the measure when the stimuli of ``b`` are
    randomly permuted. ``p`` is the share of such permutations that are at least as alike, the data among
    them. It is exact if stimuli are exchangeable, so not for frames of one movie.

    Parameters
    ----------
    a, b
        Responses or activations, as in ``rsa.cka``.
    measure
        Name of one of ``rsa.alignments``.
    permutations
        How many; 0 for none: ``null_mean`` and ``p`` are NaN then.
    level
        Coverage of the interval.
    rng
        Seed or generator of permutations and parts.
    progress
        Whether to show a bar.
    **options
        Those of the measure, such as ``debiased`` for ``"cka"`` and ``alpha`` for ``"shape"``.

    Returns
    -------
    Dataset
        ``estimate``, ``standard_error``, ``interval`` (``bound``), ``null_mean`` and ``p``, over the further
        dims of ``a`` and ``b``.

    Raises
    ------
    SchemaError, AlignmentError, RecordingError
        As the measure alone does.

    References
    ----------
    Busing et al. 1999, Statistics and Computing 9:3, doi:10.1023/A:1008800423698

    Examples
    --------
    Of the 720 orders of six stimuli that are 1 to 6, only the two sorted ones are as alike.

    >>> names = {"stimulus_id": ("stimulus", list("uvwxyz"))}
    >>> a = xr.DataArray(np.arange(6.0)[:, None], names, ("stimulus", "unit"))
    >>> result = evaluate_alignment(a, -a, measure="rv", rng=0, progress=False)
    >>> round(result.estimate.item(), 6), result.p.item() < 0.01
    (1.0, True)
    """
    seed, rng = rng, np.random.default_rng(rng)
    chosen = alignments[measure](**options)
    data = matched(a, b, compact=chosen.rotation_free)
    if not 0 < level < 1:
        raise ValueError(f"level is between 0 and 1; got {level}")
    found = _summaries(chosen, data, permutations, level, rng, progress)
    tell_undefined(data, found.estimate, measure, stacklevel=3)
    units = units_of(chosen, a, b)
    described = {
        "estimate": (data.labelled(found.estimate), units, f"Alignment ({measure})"),
        "standard_error": (data.labelled(found.error), units, "Standard error over stimuli (jackknife)"),
        "interval": (_bounds(data, found), units, f"Interval of level {level}"),
        "null_mean": (data.labelled(found.null_mean), units, "Mean over permuted stimuli"),
        "p": (data.labelled(found.p), "1", "Share of permutations that are as alike"),
    }
    result = xr.Dataset(
        {
            name: provenance.label(array, units=unit, long_name=long_name)
            for name, (array, unit, long_name) in described.items()
        }
    )
    return provenance.stamp(
        result.assign_attrs(stimuli=data.stimuli),
        "rsa.evaluate_alignment",
        sources=[a, b],
        references=[*chosen.references, _sources.JACKKNIFE],
        measure=measure,
        permutations=permutations,
        level=level,
        rng=seed,
        **vars(chosen),
    )


class Summaries(NamedTuple):
    """One number for each pair of entries."""

    estimate: Numbers
    error: Numbers
    half_width: Numbers
    null_mean: Numbers
    p: Numbers


def _summaries(
    measure: Alignment,
    data: Matched,
    permutations: int,
    level: float,
    rng: np.random.Generator,
    progress: bool,
) -> Summaries:
    stimuli = data.stimuli
    groups = jackknife.groups(stimuli, rng.permutation(stimuli))
    orders = [rng.permutation(stimuli) for _ in range(permutations)]
    a, b = ([measure.prepare(entry) for entry in entries] for entries in (data.a, data.b))
    estimate = np.array([measure.score(a[i], b[j]) for i, j in data.pairs])
    without = [
        _without(measure, data, group)
        for group in bar(groups, progress=progress, description="leaving out stimuli")
    ]
    null = [
        [measure.score(a[i], b[j].permuted(order)) for i, j in data.pairs]
        for order in bar(orders, progress=progress, description="permuting stimuli")
    ]
    sizes = np.array([len(group) for group in groups])
    error = np.array(
        [
            jackknife.standard_error(full, left_out, sizes)
            for full, left_out in zip(estimate.tolist(), np.transpose(without), strict=True)
        ]
    )
    half_width = error * jackknife.half_width(1.0, len(groups), level)
    return Summaries(estimate, error, half_width, *_against(np.array(null), estimate, measure.distance))


def _without(measure: Alignment, data: Matched, group: Codes) -> list[float]:
    """The measure for each pair, without a group of stimuli."""
    a, b = (
        [measure.prepare(np.delete(entry, group, axis=0)) for entry in entries]
        for entries in (data.a, data.b)
    )
    return [measure.score(a[i], b[j]) for i, j in data.pairs]


def _against(null: Numbers, estimate: Numbers, distance: bool) -> tuple[Numbers, Numbers]:
    """Mean of the null, and the share of it that is as alike as the estimate."""
    if not len(null):
        return np.full_like(estimate, np.nan), np.full_like(estimate, np.nan)
    # A permutation that gives the data back may differ from them by rounding.
    slack = 1e-9 * np.abs(estimate)
    as_alike = null <= estimate + slack if distance else null >= estimate - slack
    p = (1 + as_alike.sum(axis=0)) / (1 + len(null))
    return null.mean(axis=0), np.where(np.isnan(estimate), np.nan, p)


def _bounds(data: Matched, found: Summaries) -> xr.DataArray:
    ends = [data.labelled(found.estimate + sign * found.half_width) for sign in (-1, 1)]
    return xr.concat(ends, xr.Variable(BOUND, list(BOUNDS))).transpose(..., BOUND)
