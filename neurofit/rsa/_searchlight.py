"""One RDM for each of many sets of units: the areas of a recording, or what lies near each electrode."""

from __future__ import annotations

import warnings
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from .. import provenance, schema
from ..errors import RecordingError, SchemaError, listing
from ..names import AREA, PAIR, STIMULUS_ID, UNIT
from ..parallel import apply
from . import _sources
from ._rdm import rdm

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

FEWEST_UNITS = 2
WORTH_WORKERS = 100  # sets of units; processes take seconds to start


def rdms(
    responses: xr.DataArray,
    *,
    over: str = AREA,
    measure: str = "correlation",
    by: str = STIMULUS_ID,
    fold: str | None = None,
    noise: str | None = None,
    progress: bool = True,
) -> xr.DataArray:
    """RDM of each area of a recording, or of each layer of a network.

    Parameters
    ----------
    responses
        Responses with dims ``trial`` (or ``stimulus``) and ``unit``; further dims are kept.
    over
        Coord of the units that says which belong together. Units for which it is empty are left out.
    measure, by, fold, noise
        As ``rsa.rdm`` takes them; noise is estimated within each area.
    progress
        Whether to show a bar.

    Returns
    -------
    DataArray
        As ``rsa.rdm`` gives it, with a first dim ``over`` and the coord ``units``, how many each has. Areas
        stand in the order in which they first appear.

    Raises
    ------
    SchemaError
        If units have no such coord.
    RecordingError
        If an area has a single unit, or none has a name; or as ``rsa.rdm``.

    References
    ----------
    Kriegeskorte et al. 2008, Frontiers in Systems Neuroscience 2:4, doi:10.3389/neuro.06.004.2008

    Examples
    --------
    >>> coords = {"stimulus_id": ("stimulus", ["face", "house"]), "area": ("unit", list("AABB"))}
    >>> values = [[0.0, 0.0, 1.0, 1.0], [3.0, 4.0, 1.0, 1.0]]
    >>> responses = xr.DataArray(values, dims=("stimulus", "unit"), coords=coords)
    >>> rdms(responses, measure="euclidean").values.ravel()
    array([12.5,  0. ])
    """
    schema.check(responses, "responses")
    if over not in responses.coords or responses[over].dims != (UNIT,):
        raise SchemaError(f"units have no coord {over!r}; they have {listing(_of_units(responses))}.")
    of_unit = responses[over].values.astype(str)
    names = [name for name in dict.fromkeys(of_unit.tolist()) if name]
    members = [np.flatnonzero(of_unit == name) for name in names]
    lone = [name for name, its in zip(names, members, strict=True) if len(its) < FEWEST_UNITS]
    if lone or not names:
        raise RecordingError(
            f"an RDM needs {FEWEST_UNITS} units or more; with fewer: {listing(lone) or 'every ' + over}. "
            f"Leave them out with responses.sel({UNIT}=...), or merge them."
        )
    options = {"measure": measure, "by": by, "fold": fold, "noise": noise}
    each = _each(responses, members, options, progress=progress)
    units = (over, [len(its) for its in members])
    made = xr.concat(each, xr.Variable(over, names)).assign_coords(units=units).transpose(over, ..., PAIR)
    return provenance.stamp(
        made, "rsa.rdms", sources=[responses], references=[_sources.RSA], over=over, **options
    )


def searchlight(
    responses: xr.DataArray,
    *,
    positions: Sequence[str] = ("x", "y", "z"),
    radius: float | None = None,
    nearest: int | None = None,
    measure: str = "correlation",
    by: str = STIMULUS_ID,
    fold: str | None = None,
    noise: str | None = None,
    progress: bool = True,
) -> xr.DataArray:
    """RDM of what lies around each unit: each electrode, ROI or voxel with its neighbours.

    Parameters
    ----------
    responses
        Responses with dims ``trial`` (or ``stimulus``) and ``unit``; further dims are kept.
    positions
        Coords of the units that say where they are, in one unit of length.
    radius
        Neighbours lie within this Euclidean distance; or else
    nearest
        neighbours are this many units, the unit itself among them.
    measure, by, fold, noise
        As ``rsa.rdm`` takes them; noise is estimated within each neighbourhood.
    progress
        Whether to show a bar.

    Returns
    -------
    DataArray
        As ``rsa.rdm`` gives it, with a first dim ``unit``, the coords of the units, and the coord ``units``,
        how many lie around each. Centres with fewer than 2 are left out, with a warning that names them.
        ``rsa.compare`` with a model's RDM gives the map.

    Raises
    ------
    SchemaError
        If the positions are no coords of the units, or not all finite.
    ValueError
        If not one of ``radius`` and ``nearest`` is given.
    RecordingError
        If no unit has a neighbour; or as ``rsa.rdm``.

    References
    ----------
    Kriegeskorte, Goebel & Bandettini 2006, PNAS 103:3863, doi:10.1073/pnas.0600244103

    Examples
    --------
    Three units in a row; each end has one neighbour, the middle has two.

    >>> coords = {"stimulus_id": ("stimulus", ["face", "house"]), "x": ("unit", [0.0, 1.0, 2.0])}
    >>> responses = xr.DataArray([[0.0, 0.0, 0.0], [3.0, 4.0, 0.0]], coords, ("stimulus", "unit"))
    >>> found = searchlight(responses, positions=["x"], radius=1.0, measure="euclidean")
    >>> found.units.values, found.values.ravel()
    (array([2, 3, 2]), array([12.5       ,  8.33333333,  8.        ]))
    """
    schema.check(responses, "responses")
    members = _around(_places(responses, positions), radius, nearest)
    enough = np.array([len(its) >= FEWEST_UNITS for its in members])
    if not enough.any():
        raise RecordingError(f"no unit has a neighbour: none lies within {radius}. Give a larger radius.")
    if not enough.all():
        warnings.warn(
            f"{np.sum(~enough)} of {len(enough)} units have no neighbour within {radius} and are left out, "
            f"by position: {listing(np.flatnonzero(~enough))}.",
            stacklevel=2,
        )
    members = [its for its in members if len(its) >= FEWEST_UNITS]
    options = {"measure": measure, "by": by, "fold": fold, "noise": noise}
    made = xr.concat(_each(responses, members, options, progress=progress), UNIT)
    of_unit = {name: responses[name].isel({UNIT: enough}).variable for name in _of_units(responses)}
    units = (UNIT, [len(its) for its in members])
    made = made.assign_coords({**of_unit, "units": units}).transpose(UNIT, ..., PAIR)
    return provenance.stamp(
        made,
        "rsa.searchlight",
        sources=[responses],
        references=[_sources.RSA, _sources.SEARCHLIGHT],
        positions=list(positions),
        radius=radius,
        nearest=nearest,
        **options,
    )


def _of_units(responses: xr.DataArray) -> list[str]:
    return [str(name) for name, coord in responses.coords.items() if coord.dims == (UNIT,)]


def _places(responses: xr.DataArray, positions: Sequence[str]) -> np.ndarray[Any, Any]:
    """Where each unit is: (unit, position)."""
    known = _of_units(responses)
    lacking = [name for name in positions if name not in known]
    if lacking or not positions:
        raise SchemaError(
            f"units have no coord {listing(lacking)}; they have {listing(known) or 'none'}. Name those that "
            "say where the units are with positions=."
        )
    places = np.stack([np.asarray(responses[name].values, dtype=np.float64) for name in positions], axis=-1)
    lost = np.flatnonzero(~np.isfinite(places).all(axis=-1))
    if lost.size:
        raise SchemaError(
            f"{lost.size} of {len(places)} units have no finite position: {listing(lost)}. Leave them out."
        )
    return places


def _around(
    places: np.ndarray[Any, Any], radius: float | None, nearest: int | None
) -> list[np.ndarray[Any, Any]]:
    """Which units lie around each."""
    from scipy.spatial import cKDTree

    if (radius is None) == (nearest is None):
        raise ValueError(f"give one of radius= and nearest=; got radius={radius}, nearest={nearest}.")
    tree = cKDTree(places)
    if radius is not None:
        return [np.sort(its).astype(np.intp) for its in tree.query_ball_point(places, radius)]
    if nearest is None or not FEWEST_UNITS <= nearest <= len(places):
        raise ValueError(f"nearest is between {FEWEST_UNITS} and the {len(places)} units; got {nearest}.")
    return list(np.sort(tree.query(places, nearest)[1]).astype(np.intp))


def _each(
    responses: xr.DataArray, members: list[np.ndarray[Any, Any]], options: dict[str, Any], *, progress: bool
) -> list[xr.DataArray]:
    """The RDM of each set of units."""
    values = responses.reset_coords(_of_units(responses), drop=True)
    return apply(
        partial(rdm, **options),
        [values.isel({UNIT: its}) for its in members],
        workers=1 if len(members) < WORTH_WORKERS else None,
        progress=progress and len(members) > 1,
        description="RDMs",
    )
