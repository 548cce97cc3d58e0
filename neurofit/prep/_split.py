"""Two halves of a recording that share no trial."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from .. import provenance
from ..errors import RecordingError
from ..names import STIMULUS_ID, TRIAL
from ._groups import groups
from ._trials import extended, left_out_entry

if TYPE_CHECKING:
    import xarray as xr


def split_half(
    responses: xr.DataArray, *, by: str = STIMULUS_ID, rng: int | np.random.Generator | None = None
) -> tuple[xr.DataArray, xr.DataArray]:
    """Random halves of the repeats of each stimulus.

    Of an odd number of repeats one, drawn at random, is in neither half. Stimuli shown once are in neither;
    the attribute ``left_out`` (JSON) names their trials.

    Parameters
    ----------
    responses
        Responses with dim ``trial``.
    by
        The coord of trials that tells repeats.
    rng
        Seed or generator: the same one gives the same halves.

    Returns
    -------
    tuple of DataArray
        Two responses with equally many repeats of the same stimuli, trials in the order they had.

    Raises
    ------
    RecordingError
        If no stimulus was shown twice.
    SchemaError
        If there is no dim ``trial``, or a trial without a stimulus.
    UnknownNameError
        If ``by`` is no coord of trials.

    Examples
    --------
    >>> import xarray as xr
    >>> counts = xr.DataArray(
    ...     [[1], [4], [2]], dims=("trial", "unit"), coords={"stimulus_id": ("trial", ["b", "a", "b"])}
    ... )
    >>> sorted(half.item() for half in split_half(counts, rng=0))
    [1, 2]
    """
    seed, rng = rng, np.random.default_rng(rng)
    names, group = groups(responses, by)
    repeats = np.bincount(group, minlength=len(names))
    if not np.any(repeats > 1):
        raise RecordingError(f"none of the {len(names)} stimuli was shown twice, so there are no halves")
    single = np.flatnonzero(repeats[group] == 1)
    first, second = _halves(group, repeats, rng)
    entries = [left_out_entry("shown once", "responses", single)] if single.size else []
    source = responses.assign_attrs(left_out=extended(responses.attrs, entries))
    a, b = (
        provenance.stamp(source.isel({TRIAL: half}), "prep.split_half", sources=[responses], by=by, rng=seed)
        for half in (first, second)
    )
    return a, b


def _halves(
    group: np.ndarray, repeats: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    # Shuffled first and then put in order of stimuli, the repeats of each lie together in random order.
    shuffled = rng.permutation(len(group))
    shuffled = shuffled[np.argsort(group[shuffled], kind="stable")]
    rank = np.arange(len(group)) - np.repeat(np.cumsum(repeats) - repeats, repeats)
    size = np.repeat(repeats // 2, repeats)
    return np.sort(shuffled[rank < size]), np.sort(shuffled[(rank >= size) & (rank < 2 * size)])
