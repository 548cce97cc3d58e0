"""What of a recording a comparison can use: areas with enough units, stimuli with enough repeats."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from .. import prep, rsa
from ..errors import RecordingError, SchemaError, listing, unknown_name
from ..names import AREA, PAIR, STIMULUS_ID, TRIAL, UNIT

if TYPE_CHECKING:
    from collections.abc import Sequence

    Entries = list[dict[str, Any]]


@dataclass(frozen=True)
class Recording:
    """Responses of each area, how many stimuli were repeated, and a record of what was left out."""

    areas: dict[str, xr.DataArray]
    n_repeated: int
    left_out: Entries

    @cached_property
    def shown(self) -> xr.DataArray:
        """One row for each stimulus, sorted by name."""
        return prep.average(next(iter(self.areas.values())))

    @property
    def told(self) -> dict[str, str | int]:
        """What the attrs of a result say about it."""
        report = next(iter(self.areas.values())).attrs.get("ingest_report", "[]")
        return {
            "n_repeated": self.n_repeated,
            "left_out": json.dumps(self.left_out),
            "ingest_report": report,
        }

    def rdms(self, measure: str, noise: str) -> xr.DataArray:
        """RDM of each area (dims ``area``, ``pair``)."""
        weighing = noise if rsa.dissimilarities[measure].takes_noise else None
        rdms = [rsa.rdm(part, measure=measure, noise=weighing) for part in self.areas.values()]
        return xr.concat(rdms, xr.Variable(AREA, list(self.areas))).transpose(AREA, PAIR)

    def reliability(self, **options: Any) -> xr.DataArray:
        """Split-half reliability of each area's RDM; NaN where there is too little to measure it on."""
        halves = [_reliability(part, **options) for part in self.areas.values()]
        return xr.concat(halves, xr.Variable(AREA, list(self.areas)))


def _reliability(area: xr.DataArray, **options: Any) -> xr.DataArray:
    try:
        return rsa.split_half_reliability(area, **options)
    except RecordingError:
        return xr.DataArray(np.nan)


def usable(responses: xr.DataArray, *, measure: str, order: Sequence[str]) -> Recording:
    """Responses of each area, restricted to what ``measure`` can use.

    The areas come in the ``order`` given, those that it does not name behind.
    """
    _check_dims(responses)
    placed, without_area = _units_with_an_area(responses)
    chosen, n_repeated, without_repeat = _stimuli_with_repeats(placed, measure)
    found = list(dict.fromkeys(chosen[AREA].values.tolist()))
    for area in order:
        if area not in found:
            raise unknown_name("area in the recording", area, found)
    names = dict.fromkeys([*order, *found])
    parts = {name: chosen.isel({UNIT: np.flatnonzero(chosen[AREA].values == name)}) for name in names}
    lone = [name for name, part in parts.items() if part.sizes[UNIT] < 2]
    if lone:
        raise RecordingError(
            f"areas with one unit have no population pattern to compare: {listing(lone)}. Leave them out "
            f"with responses.sel({UNIT}=~responses.{AREA}.isin({lone})), or merge areas."
        )
    before = json.loads(responses.attrs.get("left_out", "[]"))
    return Recording(parts, n_repeated, before + without_area + without_repeat)


def _check_dims(responses: xr.DataArray) -> None:
    if set(responses.dims) != {TRIAL, UNIT}:
        raise SchemaError(
            f"a comparison of areas needs dims ('{TRIAL}', '{UNIT}'), got {responses.dims}. Count over the "
            "whole window with neurofit.prep.responses(..., bin=None), or sum over the further dims."
        )
    for coord, dim in {AREA: UNIT, STIMULUS_ID: TRIAL}.items():
        if coord not in responses.coords:
            raise SchemaError(f"a comparison of areas needs the coord '{coord}' on '{dim}'; there is none.")


def _units_with_an_area(responses: xr.DataArray) -> tuple[xr.DataArray, Entries]:
    known = responses[AREA].values != ""
    if not known.any():
        raise RecordingError(
            f"no unit has an area. Name them with responses.assign_coords({AREA}=('{UNIT}', [...]))."
        )
    return responses.isel({UNIT: known}), _entry("no area", UNIT, np.flatnonzero(~known), "left out")


def _stimuli_with_repeats(responses: xr.DataArray, measure: str) -> tuple[xr.DataArray, int, Entries]:
    repeated = rsa.repeated(responses)
    shown, kept = (np.unique(data[STIMULUS_ID]) for data in (responses, repeated))
    if not rsa.dissimilarities[measure].takes_folds:
        return responses, len(kept), []
    action = "left out of crossnobis and reliability"
    return repeated, len(kept), _entry("shown once", STIMULUS_ID, np.setdiff1d(shown, kept), action)


def _entry(issue: str, where: str, rows: np.ndarray[Any, Any], action: str) -> Entries:
    return [{"issue": issue, "where": where, "rows": rows.tolist(), "action": action}] if rows.size else []
