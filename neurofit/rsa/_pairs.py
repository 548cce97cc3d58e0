"""Pairs of stimuli, matched between RDMs by name."""

from __future__ import annotations

from math import isqrt
from typing import Any

import numpy as np
import xarray as xr

from .. import schema
from ..errors import AlignmentError, listing
from ..names import PAIR, STIMULUS_A, STIMULUS_B


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


def _plain(ids: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return ids.astype(str) if ids.dtype.kind in "OTU" else ids


def _ranks(names: list[np.ndarray[Any, Any]]) -> list[np.ndarray[Any, Any]]:
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
    ids, position = np.unique(np.concatenate(names), return_inverse=True)
    first, second = np.triu_indices(len(ids), 1)
    if len(first) == rdm.sizes[PAIR]:
        return rdm
    a, b = np.split(position, 2)
    values = np.full((*rdm.shape[:-1], len(first)), np.nan)
    values[..., a * (2 * len(ids) - a - 1) // 2 + b - a - 1] = rdm.values
    kept = {name: coord for name, coord in rdm.coords.items() if PAIR not in coord.dims}
    pairs = {STIMULUS_A: (PAIR, ids[first]), STIMULUS_B: (PAIR, ids[second])}
    return xr.DataArray(values, {**kept, **pairs}, rdm.dims, name=rdm.name, attrs=rdm.attrs)


def stimuli_of(pairs: int) -> int:
    """How many stimuli have this many pairs."""
    return (1 + isqrt(1 + 8 * pairs)) // 2
