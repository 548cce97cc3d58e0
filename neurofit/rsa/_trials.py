"""Responses as plain numbers, sorted out by stimulus and by fold: the one place where trials are grouped."""

from __future__ import annotations

from math import prod
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
    fold: Codes  # (trial,), positions in `folds`
    times: Codes  # (trial,), how many trials each row is the mean of
    ids: np.ndarray[Any, Any]  # (stimulus,), in sorted order
    folds: np.ndarray[Any, Any]  # (fold,), in sorted order
    folds_from: str  # where the folds come from, for error messages

    @property
    def folds_from_coord(self) -> bool:
        """Whether somebody gave the folds, rather than the order of the trials."""
        return self.folds_from.startswith("coord")

    @property
    def repeats(self) -> Codes:
        """Number of trials of each stimulus."""
        return np.bincount(self.stimulus, self.times, minlength=len(self.ids)).astype(np.intp)

    @property
    def means(self) -> Numbers:
        """Mean response to each stimulus: (..., stimulus, unit)."""
        return kernels.group_means(self.values, self.stimulus, len(self.ids), self.times)

    @property
    def in_cells(self) -> Codes:
        """Number of trials of each stimulus in each fold: (stimulus, fold)."""
        shape = len(self.ids), len(self.folds)
        return np.bincount(self._cell, self.times, minlength=prod(shape)).astype(np.intp).reshape(shape)

    @property
    def fold_means(self) -> Numbers:
        """Mean response to each stimulus in each fold: (..., stimulus, fold, unit), zero without trials."""
        shape = len(self.ids), len(self.folds)
        means = kernels.group_means(self.values, self._cell, prod(shape), self.times)
        return means.reshape(*means.shape[:-2], *shape, means.shape[-1])

    @property
    def averaged(self) -> Trials:
        """The trials of a stimulus in a fold as one, their mean."""
        cells, cell, first = _first_of(self._cell)
        return self._replace(
            values=kernels.group_means(self.values, cell, cells, self.times),
            stimulus=self.stimulus[first],
            fold=self.fold[first],
            times=np.bincount(cell, self.times).astype(np.intp),
        )

    @property
    def _cell(self) -> Codes:
        return self.stimulus * len(self.folds) + self.fold

    def only(self, stimuli: Flags) -> Trials:
        """The trials of some of the stimuli."""
        kept = self.take(stimuli[self.stimulus])
        return kept._replace(stimulus=(np.cumsum(stimuli) - 1)[kept.stimulus], ids=self.ids[stimuli])

    def take(self, chosen: Flags) -> Trials:
        """Some of the trials."""
        return self._replace(
            values=self.values[..., chosen, :],
            stimulus=self.stimulus[chosen],
            fold=self.fold[chosen],
            times=self.times[chosen],
        )

    def showing(self, values: np.ndarray[Any, Any]) -> Trials:
        """These trials with the responses ``values`` (..., trial, unit); raise where they are not finite."""
        values = np.asarray(values, dtype=np.float64)
        if np.isfinite(np.einsum("...u,...u->...", values, values)).all():  # The quickest way to see it.
            return self._replace(values=values)
        finite = np.isfinite(values).all(axis=-1).reshape(-1, len(self.stimulus)).all(axis=0)
        if not finite.all():
            where = listing(np.unique(self.ids[self.stimulus[~finite]]))
            raise RecordingError(
                f"responses hold NaN or infinite values in {np.sum(~finite)} of {len(finite)} entries along "
                f"trials or stimuli, at stimuli {where}. Leave these or the units out: "
                "prep.select_units(responses, least_observed=1) keeps units that were observed all the time."
            )
        return self._replace(values=values)


def by_stimulus(responses: xr.DataArray, by: str, fold: str | None = None) -> Trials:
    """``responses`` sorted out by the coord ``by``; raise for what no dissimilarity could use."""
    return design(responses, by, fold).showing(responses.transpose(..., rows_of(responses, by), UNIT).values)


def design(responses: xr.DataArray, by: str, fold: str | None = None) -> Trials:
    """Which stimulus each trial shows and which fold it is in, with no units yet."""
    schema.check(responses, "responses")
    rows = rows_of(responses, by)
    if not responses.size:
        raise RecordingError(f"responses are empty: their sizes are {dict(responses.sizes)}.")
    ids, stimulus = _named(responses, by)
    (folds, codes), folds_from = _folds(responses, rows, stimulus, fold)
    trials = len(stimulus)
    return Trials(np.empty((trials, 0)), stimulus, codes, np.ones(trials, np.intp), ids, folds, folds_from)


def _first_of(group: Codes) -> tuple[int, Codes, Codes]:
    """How many groups there are, which each row is in, and the first row of each."""
    groups, first, inverse = np.unique(group, return_index=True, return_inverse=True)
    return len(groups), inverse, first


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


def _folds(
    responses: xr.DataArray, rows: str, stimulus: Codes, fold: str | None
) -> tuple[tuple[np.ndarray[Any, Any], Codes], str]:
    if fold is not None and fold not in responses.coords:
        raise unknown_name("coord", fold, responses.coords)
    if fold is not None and responses[fold].dims != (rows,):
        raise SchemaError(
            f"coord {fold!r} has dims {responses[fold].dims}; a fold is needed for each {rows}."
        )
    wanted = (FOLD, BLOCK) if fold is None else (fold,)
    found = [name for name in wanted if name in responses.coords and responses[name].dims == (rows,)]
    if not found:
        number = kernels.repeat_number(stimulus)
        return (np.arange(number.max() + 1), number), "the order of its repeats"
    return np.unique(responses[found[0]].values, return_inverse=True), f"coord {found[0]!r}"


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
