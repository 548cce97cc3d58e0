"""How reproducible the mean RDM of subjects is, from halves of the subjects."""

from __future__ import annotations

from itertools import combinations
from math import comb
from typing import TYPE_CHECKING

import numpy as np

from ... import provenance, schema
from ...errors import RecordingError, SchemaError
from ...names import PAIR, SUBJECT
from .. import _sources
from .._compare import noise_for, tell_undefined
from .._kernels.comparison import comparators
from .._pairs import align_pairs, all_pairs, stimuli_of
from .._reliability import spearman_brown

if TYPE_CHECKING:
    import xarray as xr

    from .._trials import Flags, Numbers

SPLITS = 100  # Where subjects have more halves than these, so many random ones serve.


def reliability(
    rdm: xr.DataArray,
    *,
    measure: str = "pearson",
    dim: str = SUBJECT,
    noise: xr.DataArray | None = None,
    rng: int | np.random.Generator | None = None,
) -> xr.DataArray:
    """Split-half correlation of the subjects' mean RDM, corrected to the number of all subjects.

    With r the mean similarity of the mean RDMs of two halves of the subjects, over all ways to halve them
    (100 random ones where there are more), it is ``2 r / (1 + |r|)``, as in ``rsa.split_half_reliability``.
    Of an odd number, 100 random splits leave out one subject each.

    Parameters
    ----------
    rdm
        RDMs with dims ``dim`` and ``pair``; further dims are kept. Pairs that are NaN in some subjects are
        averaged over the others.
    measure
        Name of one of ``rsa.comparators``.
    dim
        What the repeats are: ``"subject"``, or sessions.
    noise
        As in ``rsa.compare``.
    rng
        Seed or generator of random halves.

    Returns
    -------
    DataArray
        Reliability over the further dims, at most 1.

    Raises
    ------
    SchemaError
        If these are no RDMs, or there is no such dim.
    RecordingError
        If there is one subject only, or no half has an RDM that varies.

    References
    ----------
    Spearman 1910, British Journal of Psychology 3:271, doi:10.1111/j.2044-8295.1910.tb00206.x

    Examples
    --------
    RDMs that correlate by 1/2 make two halves of one subject each: 2 (1/2) / (1 + 1/2).

    >>> import xarray as xr
    >>> pairs = {"stimulus_a": ("pair", list("aab")), "stimulus_b": ("pair", list("bcc"))}
    >>> data = xr.DataArray([[1.0, 2.0, 3.0], [1.0, 3.0, 2.0]], pairs, ("subject", "pair"))
    >>> round(reliability(data).item(), 4)
    0.6667
    """
    seed, rng = rng, np.random.default_rng(rng)
    schema.check(rdm, "rdm")
    if dim not in rdm.dims:
        raise SchemaError(f"reliability needs RDMs along dim {dim!r}; got dims {rdm.dims}.")
    if rdm.sizes[dim] < 2:
        raise RecordingError(f"one entry along {dim!r} has no reliability: it takes two halves.")
    ordered = all_pairs(align_pairs(rdm)[0].astype(np.float64))
    result = of_means(ordered, measure=measure, noise=noise_for(measure, noise, ordered), rng=rng, dim=dim)
    tell_undefined(result, "reliability", stacklevel=3)
    return provenance.stamp(
        result,
        "rsa.reliability",
        sources=[rdm],
        references=[_sources.RSA, _sources.SPLIT_HALF],
        measure=measure,
        dim=dim,
        rng=seed,
    )


def of_means(
    rdm: xr.DataArray, *, measure: str, noise: Numbers | None, rng: np.random.Generator, dim: str = SUBJECT
) -> xr.DataArray:
    """Reliability of aligned RDMs with all pairs; NaN for one subject."""
    ordered = rdm.transpose(..., dim, PAIR)
    further = ordered.isel({dim: 0, PAIR: 0}, drop=True)
    rows = ordered.values.reshape(-1, *ordered.shape[-2:])
    halves = _halves(rdm.sizes[dim], rng)
    found = np.reshape([_reliability(row, halves, measure, noise) for row in rows], further.shape)
    result = further.copy(data=found).drop_attrs()
    return provenance.label(
        result, units="1", long_name=f"Split-half reliability of the mean RDM ({measure})"
    )


def _halves(count: int, rng: np.random.Generator) -> list[tuple[Flags, Flags]]:
    """All ways to halve ``count`` subjects, or random ones."""
    half = count // 2
    if not half:
        return []
    if comb(count, half) <= 2 * SPLITS and count % 2 == 0:
        # Each way appears once: the first subject stands in the first half.
        chosen = [(0, *rest) for rest in combinations(range(1, count), half - 1)]
        firsts = [np.isin(np.arange(count), one) for one in chosen]
        return [(first, ~first) for first in firsts]
    orders = [rng.permutation(count) for _ in range(SPLITS)]
    return [(order < half, (order >= half) & (order < 2 * half)) for order in orders]


def _reliability(
    rdms: Numbers, halves: list[tuple[Flags, Flags]], measure: str, noise: Numbers | None
) -> float:
    if not halves:
        return np.nan
    once = np.ones((1, stimuli_of(rdms.shape[1])))
    means = ((_mean(rdms[one])[None], _mean(rdms[other])[None]) for one, other in halves)
    alike = [comparators[measure](one, other, once, noise).item() for one, other in means]
    return float(spearman_brown(np.mean(alike)))


def _mean(rdms: Numbers) -> Numbers:
    """Mean over those that have a pair; NaN where none has."""
    known = ~np.isnan(rdms)
    count = known.sum(axis=0)
    return np.where(known, rdms, 0.0).sum(axis=0) / np.where(count > 0, count, np.nan)
