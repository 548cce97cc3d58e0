"""The models of a comparison: one or several networks' activations, by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import xarray as xr

from .. import io, prep, rsa, schema
from ..errors import SchemaError, listing, unknown_name
from ..names import AREA, LAYER, UNIT

Models = xr.DataArray | Mapping[str, xr.DataArray]

ACTIVATIONS = "activations"
UNTRAINED = "untrained"
# Activations are free of noise: plain distances are what cross-validated ones estimate.
NOISE_FREE = {"crossnobis": "euclidean", "mahalanobis": "euclidean"}


def named(models: Models) -> dict[str, xr.DataArray]:
    """``models`` by name, each checked; a single one is called what its attribute ``model`` says."""
    if isinstance(models, xr.DataArray):
        models = {str(models.attrs.get("model", "model")): models}
    if not models:
        raise SchemaError("no model was given. Pass activations, or a mapping from name to activations.")
    for activations in models.values():
        schema.check(activations, "activations")
    return dict(models)


def controls_for(models: Mapping[str, xr.DataArray], control: Models | None) -> dict[str, xr.DataArray]:
    """The control of each model that has one; a single control belongs to a single model."""
    if control is None or not len(control):
        return {}
    controls = named(control)
    if isinstance(control, xr.DataArray) and len(models) == 1:
        return dict(zip(models, controls.values(), strict=True))
    for name in controls:
        if name not in models:
            raise unknown_name("model for a control", name, models)
    return controls


def layer_rdms(shown: xr.DataArray, activations: xr.DataArray, *, measure: str) -> xr.DataArray:
    """RDM of each layer (dims ``layer``, ``pair``) over the stimuli ``shown``, which the model must have."""
    _, matched = prep.align(shown, activations, extra="drop")
    areas = matched[AREA].values
    layers = list(dict.fromkeys(areas.tolist()))
    parts = [matched.isel({UNIT: np.flatnonzero(areas == layer)}) for layer in layers]
    rdms = [rsa.rdm(part, measure=NOISE_FREE.get(measure, measure)) for part in parts]
    return xr.concat(rdms, xr.Variable(LAYER, layers))


def read_models(paths: Sequence[str | Path]) -> tuple[dict[str, xr.DataArray], dict[str, xr.DataArray]]:
    """Activations from files that neurofit saved, with those of the untrained network where they have them.

    Parameters
    ----------
    paths
        NetCDF or Zarr: a DataArray of activations (dims ``stimulus``, ``unit``, coord ``area`` for the
        layer), or the Dataset that ``neurofit train`` writes, with variables ``activations`` and
        ``untrained``.

    Returns
    -------
    models : dict
        Activations by name: their attribute ``model``, or the file's name where another file has the same.
    controls : dict
        Those of the untrained networks, under the same names, as far as the files have them.

    Raises
    ------
    SchemaError
        If a file holds no activations; every problem is listed.
    """
    stored = {Path(path): _read(Path(path)) for path in paths}
    names = [str(activations.attrs.get("model", path.stem)) for path, (activations, _) in stored.items()]
    unique = [
        name if names.count(name) == 1 else f"{name} ({path.name})"
        for name, path in zip(names, stored, strict=True)
    ]
    pairs = dict(zip(unique, stored.values(), strict=True))
    models = {name: activations for name, (activations, _) in pairs.items()}
    return models, {name: control for name, (_, control) in pairs.items() if control is not None}


def _read(path: Path) -> tuple[xr.DataArray, xr.DataArray | None]:
    stored = io.load(path)
    if isinstance(stored, xr.DataArray):
        schema.check(stored, "activations")
        return stored, None
    found = dict(stored.data_vars)
    if ACTIVATIONS not in found:
        raise SchemaError(
            f"{path} holds no activations, only: {listing(found) or 'nothing'}. Save them with "
            "neurofit.io.save(neurofit.nets.activations(network, stimuli), path)."
        )
    schema.check(found[ACTIVATIONS], "activations")
    return found[ACTIVATIONS], found.get(UNTRAINED)
