"""Pairs of stimuli, matched between RDMs by name."""

from __future__ import annotations

from math import isqrt
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .. import schema
from ..errors import AlignmentError, RecordingError, SchemaError, listing
from ..names import PAIR, STIMULUS, STIMULUS_A, STIMULUS_B, STIMULUS_ID, STIMULUS_ID_B
from ._names import PairNames

if TYPE_CHECKING:
    from ._names import Ids
    from ._trials import Codes, Numbers


def align_pairs(*rdms: xr.DataArray) -> tuple[xr.DataArray, ...]:
    """RDMs with the same pairs of stimuli in the same order.

    A pair is the same whichever of its stimuli comes first. Afterwards stimulus_a < stimulus_b and pairs are
    sorted, which is squareform order where all pairs are there; ``pair`` is the last dim.

    Parameters
    ----------
    *rdms
        DataArrays with dim ``pair`` and coords ``stimulus_a``, ``stimulus_b``.

    Returns
    -------
    tuple of DataArray
        One for each argument.

    Raises
    ------
    SchemaError
        If one is no RDM.
    AlignmentError
        If a pair stands twice in one RDM, or is not in all of them; stimuli, else pairs, are listed.

    Examples
    --------
    >>> pairs = {"stimulus_a": ("pair", ["x"]), "stimulus_b": ("pair", ["y"])}
    >>> a = xr.DataArray([1.0], dims="pair", coords=pairs)
    >>> b = a.rename(stimulus_a="stimulus_b", stimulus_b="stimulus_a")
    >>> _, same = align_pairs(a, b)
    >>> same.stimulus_a.item(), same.stimulus_b.item()
    ('x', 'y')
    """
    for rdm in rdms:
        schema.check(rdm, "rdm")
    ordered = tuple(_in_order(rdm) for rdm in rdms)
    for other in ordered[1:]:
        _check_same_pairs(ordered[0], other)
    return ordered


def _in_order(rdm: xr.DataArray) -> xr.DataArray:
    names = [_plain(rdm[name].values) for name in (STIMULUS_A, STIMULUS_B)]
    if squareform_ids(*names) is not None:
        in_order = {STIMULUS_A: (PAIR, names[0]), STIMULUS_B: (PAIR, names[1])}
        return rdm.assign_coords(in_order).transpose(..., PAIR)
    first, second = np.minimum(*_ranks(names)), np.maximum(*_ranks(names))
    order = np.lexsort((second, first))
    repeated = np.flatnonzero((np.diff(first[order]) == 0) & (np.diff(second[order]) == 0))
    ids = np.unique(np.concatenate(names))
    if repeated.size:
        twice = (f"({ids[first[order[at]]]}, {ids[second[order[at]]]})" for at in repeated)
        raise AlignmentError(
            f"pairs stand in one RDM more than once: {listing(twice, limit=10)}. Keep one of each."
        )
    coords = {STIMULUS_A: (PAIR, ids[first[order]]), STIMULUS_B: (PAIR, ids[second[order]])}
    return rdm.isel({PAIR: order}).assign_coords(coords).transpose(..., PAIR)


def squareform_ids(first: Ids, second: Ids) -> Ids | None:
    """The sorted stimuli whose pairs these are, all of them in squareform order; None where they are not."""
    # As rsa.rdm makes them: comparing names is many times as fast as sorting them.
    count = stimuli_of(len(first))
    if count < 2 or count * (count - 1) // 2 != len(first):
        return None
    ids = np.concatenate([first[:1], second[: count - 1]])
    sides = (PairNames(ids, side).all() for side in (0, 1))
    ordered = np.all(ids[:-1] < ids[1:]) and all(map(np.array_equal, (first, second), sides))
    return ids if ordered else None


def _plain(ids: Ids) -> Ids:
    return ids.astype(str) if ids.dtype.kind in "OTU" else ids


def _ranks(names: list[Ids]) -> list[Codes]:
    rank = np.unique(np.concatenate(names), return_inverse=True)[1]
    return np.split(rank, 2)


def _check_same_pairs(a: xr.DataArray, b: xr.DataArray) -> None:
    if all(np.array_equal(a[name].values, b[name].values) for name in (STIMULUS_A, STIMULUS_B)):
        return
    pairs = [list(zip(rdm[STIMULUS_A].values, rdm[STIMULUS_B].values, strict=True)) for rdm in (a, b)]
    stimuli = [{str(stimulus) for pair in of_rdm for stimulus in pair} for of_rdm in pairs]
    kind, sets = "stimuli", stimuli
    if stimuli[0] == stimuli[1]:
        kind, sets = "pairs", [{f"({first}, {second})" for first, second in of_rdm} for of_rdm in pairs]
    only = [listing(sorted(sets[this] - sets[1 - this])) or "none" for this in (0, 1)]
    raise AlignmentError(
        f"RDMs have different {kind}. Only in the first: {only[0]}; only in the other: {only[1]}. Make both "
        "from the same stimuli, whose ids are text in both or numbers in both."
    )


def all_pairs(rdm: xr.DataArray) -> xr.DataArray:
    """An aligned RDM with each pair of its stimuli; those that it lacks are NaN."""
    names = [rdm[name].values for name in (STIMULUS_A, STIMULUS_B)]
    if squareform_ids(*names) is not None:
        return rdm
    ids, position = np.unique(np.concatenate(names), return_inverse=True)
    first, second = np.triu_indices(len(ids), 1)
    a, b = np.split(position, 2)
    values = np.full((*rdm.shape[:-1], len(first)), np.nan)
    values[..., a * (2 * len(ids) - a - 1) // 2 + b - a - 1] = rdm.values
    kept = {name: coord for name, coord in rdm.coords.items() if PAIR not in coord.dims}
    pairs = {STIMULUS_A: (PAIR, ids[first]), STIMULUS_B: (PAIR, ids[second])}
    return xr.DataArray(values, {**kept, **pairs}, rdm.dims, name=rdm.name, attrs=rdm.attrs)


def stimuli_of(pairs: int) -> int:
    """How many stimuli have this many pairs."""
    return (1 + isqrt(1 + 8 * pairs)) // 2


def covariance_of_stimuli(noise: xr.DataArray, rdm: xr.DataArray) -> Numbers:
    """``noise`` (stimulus, stimulus_b) as numbers, in the order of the stimuli of an aligned RDM."""
    if set(noise.dims) != {STIMULUS, STIMULUS_B} or not {STIMULUS_ID, STIMULUS_ID_B} <= set(noise.coords):
        raise SchemaError(
            f"noise has dims {noise.dims} and coords {tuple(noise.coords)}; it is a covariance with dims "
            f"{(STIMULUS, STIMULUS_B)}, and coords {STIMULUS_ID!r} and {STIMULUS_ID_B!r} tell the stimuli."
        )
    wanted = np.unique(np.concatenate([rdm[name].values for name in (STIMULUS_A, STIMULUS_B)]))
    values = np.asarray(noise.transpose(STIMULUS, STIMULUS_B).values, dtype=np.float64)
    for axis, name in enumerate((STIMULUS_ID, STIMULUS_ID_B)):
        given = _plain(noise[name].values)
        if sorted(given.tolist()) != wanted.tolist():
            only = [listing(np.setdiff1d(*sides)) or "none" for sides in ((wanted, given), (given, wanted))]
            raise AlignmentError(
                f"RDMs and {name} of noise have different stimuli. Only in the RDMs: {only[0]}; only in "
                f"noise: {only[1]}. Give the covariance of these stimuli, each once."
            )
        values = np.take(values, np.argsort(given), axis=axis)
    if not np.isfinite(values).all() or not np.allclose(values, values.T):
        raise RecordingError("noise is no covariance: it has NaN or infinite entries, or is not symmetric.")
    variances = np.linalg.eigvalsh(values)
    if variances[0] <= np.finfo(float).eps * len(variances) * variances[-1]:
        raise RecordingError(
            f"noise is singular, or has negative eigenvalues: of {len(variances)}, the least is "
            f"{variances[0]:.3g} and the largest {variances[-1]:.3g}. Shrink it towards its diagonal."
        )
    return values
