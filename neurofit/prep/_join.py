"""Several sessions as one: their mean responses to the stimuli that all of them share."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .. import provenance
from ..errors import AlignmentError, SchemaError, listing
from ..io.session._columns import names_of
from ..names import REPEATS, RESPONSES, SESSION_ID, STIMULUS, STIMULUS_ID, SUBJECT, TIME, UNIT
from ._average import average
from ._responses import responses
from ._trials import extended, left_out_entry

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._groups import Array


def join(
    sessions: xr.DataTree | Mapping[str, xr.DataTree],
    *,
    by: str = STIMULUS_ID,
    pseudo_population: bool = False,
    **options: Any,
) -> xr.DataTree | xr.DataArray:
    """Mean responses of several sessions to the stimuli that all of them share, in one order.

    Inference over sessions or subjects needs the sessions apart: that is what comes back by default. A
    **pseudo-population**, in which units of different sessions stand side by side as if they had been
    recorded at once, is an assumption that has to be asked for: what the units of two sessions do on one
    trial was never seen, so it holds their signals, but knows nothing of noise that they would have shared.

    Parameters
    ----------
    sessions
        From ``neurofit.io.open_many``, or sessions by name.
    by
        The coord of trials that tells repeats, and is matched between sessions.
    pseudo_population
        Whether to put the units of all sessions into one array.
    **options
        Options of ``neurofit.prep.responses``, the same for all sessions.

    Returns
    -------
    DataTree with a node for each session: ``responses`` (stimulus, unit[, time]), coords ``subject`` and
    ``session_id``. With ``pseudo_population`` a DataArray (stimulus, unit[, time]) with ``subject`` and
    ``session_id`` on ``unit``, and those coords of units that all sessions have; ``repeats`` is the number of
    trials behind each entry (stimulus, unit). Stimuli that not all sessions share are left out, as the
    attribute ``left_out`` tells (JSON).

    Raises
    ------
    AlignmentError
        If no stimulus is shared, or a pseudo-population would mix times or units of measurement.
    SchemaError
        If there are no sessions.

    Examples
    --------
    >>> from neurofit import io
    >>> def session(*shown):
    ...     return io.from_arrays(counts=[[3], [5]], trials={"stimulus_id": list(shown)})
    >>> both = {"monday": session("cat", "dog"), "tuesday": session("dog", "cat")}
    >>> join(both, pseudo_population=True).values
    array([[3., 5.],
           [5., 3.]])
    """
    named = dict(sessions.children if isinstance(sessions, xr.DataTree) else sessions)
    if not named:
        raise SchemaError("there are no sessions to join")
    means = {name: average(responses(session, **options), by=by) for name, session in named.items()}
    means, left_out = _shared(means, by)
    means = {name: _identified(mean, named[name], name) for name, mean in means.items()}
    joined: Any = _pseudo_population(means, by) if pseudo_population else _tree(means)
    joined.attrs["left_out"] = extended({}, left_out)
    return provenance.stamp(
        joined, "prep.join", sources=list(means.values()), by=by, pseudo_population=pseudo_population
    )


def _shared(means: dict[str, xr.DataArray], by: str) -> tuple[dict[str, xr.DataArray], list[dict[str, Any]]]:
    """The stimuli that all have, in one order, and what is left out of each session."""
    shown = {name: [str(stimulus) for stimulus in names_of(mean[by].values)] for name, mean in means.items()}
    common = sorted(set.intersection(*map(set, shown.values())))
    if not common:
        lists = "\n".join(f"  {name}: {listing(own, limit=10)}" for name, own in shown.items())
        raise AlignmentError(f"no {by} is shared by all {len(means)} sessions:\n{lists}")
    left_out = [
        entry | {"where": f"{name}/{entry['where']}"}
        for name, mean in means.items()
        for entry in json.loads(mean.attrs.get("left_out", "[]"))
    ]
    for name, own in shown.items():
        rows = [row for row, stimulus in enumerate(own) if stimulus not in common]
        if rows:
            only = f"not shown in every session: {listing((own[row] for row in rows), limit=20)}"
            left_out.append(left_out_entry(only, name, rows))
    aligned = {
        name: mean.isel({STIMULUS: [shown[name].index(stimulus) for stimulus in common]})
        for name, mean in means.items()
    }
    return aligned, left_out


def _identified(mean: xr.DataArray, session: xr.DataTree, name: str) -> xr.DataArray:
    """``mean`` with who it is from; a session without id is known by its name."""
    said = {SUBJECT: str(session.attrs.get(SUBJECT, "")), SESSION_ID: session.attrs.get(SESSION_ID) or name}
    return mean.assign_coords(said)


def _tree(means: dict[str, xr.DataArray]) -> xr.DataTree:
    return xr.DataTree.from_dict({name: mean.to_dataset(name=RESPONSES) for name, mean in means.items()})


def _pseudo_population(means: dict[str, xr.DataArray], by: str) -> xr.DataArray:
    arrays = [mean.transpose(STIMULUS, UNIT, ...) for mean in means.values()]
    first = arrays[0]
    measured = {
        "unit of measurement": [array.attrs["units"] for array in arrays],
        "dims": [listing(array.dims) for array in arrays],
    }
    problems = [
        f"{what} differs: {' and '.join(dict.fromkeys(said))}"
        for what, said in measured.items()
        if len(set(said)) > 1
    ]
    times = [array[TIME].values.tolist() if TIME in array.coords else None for array in arrays]
    if any(other != times[0] for other in times):
        problems.append("time differs; give all the same window= and bin=")
    if problems:
        raise AlignmentError(f"these sessions make no one population: {'; '.join(problems)}")
    values = np.concatenate([array.values for array in arrays], axis=1)
    coords = {**_of_units(arrays), **_of_stimuli(arrays, by)}
    coords |= {name: coord.variable for name, coord in first.coords.items() if coord.dims == (TIME,)}
    repeats = [np.repeat(array[REPEATS].values[:, np.newaxis], array.sizes[UNIT], 1) for array in arrays]
    coords[REPEATS] = ((STIMULUS, UNIT), np.concatenate(repeats, axis=1))
    attrs = {name: value for name, value in first.attrs.items() if _all_agree(name, value, arrays)}
    return xr.DataArray(values, coords, first.dims, name=RESPONSES, attrs=attrs)


def _of_units(arrays: list[xr.DataArray]) -> dict[Any, Any]:
    """Coords on ``unit`` that all sessions have, and who each unit is from."""
    coords: dict[Any, Any] = {}
    for name, coord in arrays[0].coords.items():
        if coord.dims == (UNIT,) and all(name in array.coords for array in arrays):
            coords[name] = (UNIT, np.concatenate([array[name].values for array in arrays]), coord.attrs)
    for name in (SUBJECT, SESSION_ID):
        each: list[Array] = [np.full(array.sizes[UNIT], array[name].item()) for array in arrays]
        coords[name] = (UNIT, np.concatenate(each))
    return coords


def _of_stimuli(arrays: list[xr.DataArray], by: str) -> dict[Any, Any]:
    """Coords on ``stimulus`` on which all sessions agree."""
    first = arrays[0]
    others: list[Any] = arrays[1:]
    named = {by: (STIMULUS, names_of(first[by].values))}
    return named | {
        name: coord.variable
        for name, coord in first.coords.items()
        if coord.dims == (STIMULUS,)
        and name != REPEATS
        and all(name in array.coords and array[name].variable.equals(coord.variable) for array in others)
    }


def _all_agree(name: str, value: object, arrays: list[xr.DataArray]) -> bool:
    return all(array.attrs.get(name) == value for array in arrays)
