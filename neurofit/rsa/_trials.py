"""Responses as plain numbers, sorted out by stimulus and by fold: the one place where trials are grouped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .. import schema
from ..errors import RecordingError, SchemaError, listing, unknown_name
from ..names import BLOCK, FOLD, STIMULUS, STIMULUS_ID, TRIAL, UNIT
from ._kernels import patterns as kernels

if TYPE_CHECKING:
    import xarray as xr

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Codes = np.ndarray[Any, np.dtype[np.intp]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]


class Trials(NamedTuple):
    """Responses to stimuli, each shown once or more often."""

    values: Numbers  # (..., trial, unit)
    stimulus: Codes  # (trial,), positions in `ids`
    fold: Codes  # (trial,)
    ids: np.ndarray[Any, Any]  # (stimulus,), in sorted order
    folds_from: str  # where the folds come from, for error messages

    @property
    def repeats(self) -> Codes:
        """Number of trials of each stimulus."""
        return np.bincount(self.stimulus, minlength=len(self.ids))

    @property
    def means(self) -> Numbers:
        """Mean response to each stimulus: (..., stimulus, unit)."""
        return kernels.group_means(self.values, self.stimulus, len(self.ids))

    def fold_means(self) -> tuple[Numbers, Flags]:
        """Means (..., fold, stimulus, unit), zero without trials; where there are any (fold, stimulus)."""
        folds, stimuli = int(self.fold.max()) + 1, len(self.ids)
        cell = self.fold * stimuli + self.stimulus
        means = kernels.group_means(self.values, cell, folds * stimuli)
        means = means.reshape(*means.shape[:-2], folds, stimuli, means.shape[-1])
        present = np.bincount(cell, minlength=folds * stimuli).reshape(folds, stimuli) > 0
        return means, present

    def only(self, stimuli: Flags) -> Trials:
        """The trials of some of the stimuli."""
        kept = self.take(stimuli[self.stimulus])
        return kept._replace(stimulus=(np.cumsum(stimuli) - 1)[kept.stimulus], ids=self.ids[stimuli])

    def take(self, chosen: Flags) -> Trials:
        """Some of the trials."""
        return self._replace(
            values=self.values[..., chosen, :], stimulus=self.stimulus[chosen], fold=self.fold[chosen]
        )


def by_stimulus(responses: xr.DataArray, by: str, fold: str | None = None) -> Trials:
    """``responses`` sorted out by the coord ``by``; raise for what no dissimilarity could use."""
    schema.check(responses, "responses")
    rows = rows_of(responses, by)
    values = np.asarray(responses.transpose(..., rows, UNIT).values, dtype=np.float64)
    if not values.size:
        raise RecordingError(f"responses are empty: their sizes are {dict(responses.sizes)}.")
    ids, stimulus = _named(responses, by)
    finite = np.asarray(np.isfinite(values).all(axis=-1).reshape(-1, len(stimulus)).all(axis=0))
    if not finite.all():
        where = listing(np.unique(ids[stimulus[~finite]]))
        raise RecordingError(
            f"responses hold NaN or infinite values in {np.sum(~finite)} of {len(finite)} entries along "
            f"{rows!r}, at stimuli {where}. Leave these or the units out: "
            "prep.select_units(responses, least_observed=1) keeps units that were observed all the time."
        )
    codes, folds_from = _folds(responses, rows, stimulus, fold)
    return Trials(values, stimulus, codes, ids, folds_from)


def rows_of(responses: xr.DataArray, by: str) -> str:
    """The dim, trial or stimulus, along which the coord ``by`` runs."""
    if by not in responses.coords:
        raise unknown_name("coord", by, responses.coords)
    dims = responses[by].dims
    if dims not in ((TRIAL,), (STIMULUS,)):
        raise SchemaError(
            f"coord {by!r} has dims {dims}; to group responses it needs {TRIAL!r} or {STIMULUS!r}."
        )
    return str(dims[0])


def _named(responses: xr.DataArray, by: str) -> tuple[np.ndarray[Any, Any], Codes]:
    """The distinct stimuli, sorted, and which of them each row is."""
    ids, stimulus = np.unique(responses[by].values, return_inverse=True)
    nameless = np.isnan(ids) if ids.dtype.kind == "f" else ids == ""
    if nameless.any():
        count = np.count_nonzero(nameless[stimulus])
        raise SchemaError(f"{count} of {len(stimulus)} entries of {by!r} are empty or NaN. Leave these out.")
    return ids, stimulus


def _folds(responses: xr.DataArray, rows: str, stimulus: Codes, fold: str | None) -> tuple[Codes, str]:
    if fold is not None and fold not in responses.coords:
        raise unknown_name("coord", fold, responses.coords)
    if fold is not None and responses[fold].dims != (rows,):
        raise SchemaError(
            f"coord {fold!r} has dims {responses[fold].dims}; a fold is needed for each {rows}."
        )
    wanted = (FOLD, BLOCK) if fold is None else (fold,)
    found = [name for name in wanted if name in responses.coords and responses[name].dims == (rows,)]
    if not found:
        return kernels.repeat_number(stimulus), "the order of its repeats"
    return np.unique(responses[found[0]].values, return_inverse=True)[1], f"coord {found[0]!r}"


def repeated(responses: xr.DataArray, *, by: str = STIMULUS_ID, least: int = 2) -> xr.DataArray:
    """Trials of the stimuli that were shown often enough.

    Parameters
    ----------
    responses
        Responses with dims ``trial`` and ``unit``, and any further ones.
    by
        Coord that says which trials belong together.
    least
        How many trials a stimulus needs to stay.

    Returns
    -------
    DataArray
        ``responses`` without the trials of rarer stimuli; the others keep their order.

    Raises
    ------
    RecordingError
        If no stimulus was shown that often.

    Examples
    --------
    >>> import xarray as xr
    >>> stimuli = {"stimulus_id": ("trial", ["a", "b", "a"])}
    >>> responses = xr.DataArray([[1.0], [2.0], [3.0]], dims=("trial", "unit"), coords=stimuli)
    >>> repeated(responses).values.ravel()
    array([1., 3.])
    """
    schema.check(responses, "responses")
    rows = rows_of(responses, by)
    _, stimulus = _named(responses, by)
    repeats = np.bincount(stimulus)
    if repeats.max() < least:
        raise RecordingError(
            f"no stimulus has {least} trials or more; the most that one of the {len(repeats)} has is "
            f"{repeats.max()}. Show stimuli more often, or group them by a coarser coord with by=."
        )
    return responses.isel({rows: np.flatnonzero(repeats[stimulus] >= least)})
