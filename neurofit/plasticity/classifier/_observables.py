"""What is measured of a network or a brain while it learns."""

from __future__ import annotations

import warnings
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...errors import RecordingError, SchemaError, listing
from ...names import (
    AREA,
    DEPTH,
    FEATURE,
    KIND,
    LAYER,
    POINT,
    POST,
    SAMPLE,
    STATISTIC,
    STEP,
    STIMULUS,
    SYNAPSE,
    TIME,
    UNIT,
    WINDOW,
)
from ...provenance import label, stamp
from ._statistics import NAMES, of_activations, of_changes, of_weights

if TYPE_CHECKING:
    from collections.abc import Mapping

Numbers = np.ndarray
SOURCE = (
    "Nayebi, Srivastava, Ganguli & Yamins 2020, Advances in Neural Information Processing Systems 33:2639"
)
ORDER = {"weights": (STEP, SYNAPSE), "activations": (STEP, STIMULUS, UNIT)}
COORDS = {"weights": (LAYER, POST), "activations": (AREA,)}  # the first tells where a synapse or a unit sits
SOURCES = {"weights": "weights", "activations": "activations", "changes": "activations"}


def observables(
    trajectory: xr.Dataset,
    *,
    points: int = 5,
    windows: int = 1,
    labels: Mapping[str, str] | None = None,
) -> xr.DataArray:
    r"""Statistics of each layer at moments of learning, from which a classifier reads the learning rule.

    Of the weights :math:`w` of a layer: mean, median, third quartile and variance of :math:`w` and of
    :math:`|w|`, and all but the last of :math:`w^2`. Of the activations :math:`r`: mean, median and third
    quartile of :math:`r` and of :math:`|r|` over units, then their mean over stimuli. For both and either
    transform the norm, as a root mean square that does not know how many units there are:

    .. math::

        \Big\langle \Big( \frac{1}{n} \sum_{j=1}^{n} w_{ij}^2 \Big)^{1/2} \Big\rangle_i, \qquad
        \Big\langle \Big( \frac{1}{n} \sum_{i=1}^{n} r_{is}^2 \Big)^{1/2} \Big\rangle_s

    with :math:`i` for units, :math:`j` for their inputs, :math:`s` for stimuli. Of the layer's change from
    one moment to the next, :math:`\Delta_{is} = r_{is}(t_k) - r_{is}(t_{k-1})`:
    :math:`\langle \Delta \rangle`, :math:`\langle |\Delta| \rangle` and :math:`\langle \Delta^2 \rangle`.

    These are the 13, 8 and 3 statistics of the paper, with two changes: its norms grow with the number of
    units, and its changes are derivatives of a layer's output by its input, which no recording has.

    Parameters
    ----------
    trajectory
        ``weights`` (step, synapse) with coords ``layer`` and ``post``, or ``activations`` (step, stimulus,
        unit[, time]) with coord ``area``, or both, such as a network's ``trajectory``. Activity is averaged
        over time. With both, layers that have only one (a network's readout) are left out.
    points
        Moments in each window, evenly spaced over its steps. One more comes first, to take changes from.
    windows
        Stretches of equal length into which the steps are cut; each gives samples of its own.
    labels
        Coords to set for all samples, such as ``{"rule": "oja", "architecture": "mlp", "group": "net 3"}``.
        Samples of one ``group`` come from one network or animal.

    Returns
    -------
    DataArray
        (sample, feature): a sample is a layer in a window, with coords ``layer``, ``depth`` (0 for the first
        layer, 1 for the last), ``window``, and those of ``labels``; a feature is a statistic at a point, with
        coords ``kind`` (weights, activations, changes), ``statistic`` and ``point``.

    Raises
    ------
    SchemaError
        If dims or coords are missing, or values are not finite.
    RecordingError
        If there are too few steps.

    Warns
    -----
    UserWarning
        If weights or activations are missing: their statistics are left out.

    References
    ----------
    Nayebi, Srivastava, Ganguli & Yamins 2020, Advances in Neural Information Processing Systems 33:2639,
    arXiv:2010.11765

    Examples
    --------
    One layer with two units whose activity doubles.

    >>> import xarray as xr
    >>> activity = np.array([[[1.0, 3.0]], [[2.0, 6.0]]])
    >>> trajectory = xr.Dataset(
    ...     {
    ...         "activations": (("step", "stimulus", "unit"), activity),
    ...         "weights": (("step", "synapse"), activity[:, 0]),
    ...     },
    ...     {"area": ("unit", ["V1", "V1"]), "layer": ("synapse", ["V1", "V1"]), "post": ("synapse", [0, 1])},
    ... )
    >>> found = observables(trajectory, points=1)
    >>> found.sizes["feature"], found[0, found.statistic == "changes_raw_mean"].item()
    (24, 2.0)
    """
    kinds = _kinds(trajectory)
    taken = _moments(trajectory.sizes[STEP], points, windows)
    layers = _layers(trajectory, kinds)
    values = {kind: _values(trajectory, kind) for kind in kinds}
    rows = [_row(trajectory, values, layer, moments) for layer in layers for moments in taken]
    measured = [kind for kind in NAMES if SOURCES[kind] in kinds]
    coords = {**_features(measured, points), **_samples(layers, windows), **_said(labels, len(rows))}
    result = label(
        xr.DataArray(rows, coords, (SAMPLE, FEATURE), name="observables"),
        units="a.u.",
        long_name="statistic of a layer while it learns",
    )
    return stamp(
        result,
        "plasticity.observables",
        sources=[trajectory],
        references=[SOURCE],
        points=points,
        windows=windows,
        labels=dict(labels or {}),
    )


def _kinds(trajectory: xr.Dataset) -> list[str]:
    """What there is of weights and activations; raise where it cannot be read, warn where one is missing."""
    kinds = [kind for kind in ORDER if kind in trajectory]
    problems = [] if kinds else ["neither weights nor activations"]
    for kind in kinds:
        array = trajectory[kind]
        if set(array.dims) - {TIME} != set(ORDER[kind]):
            problems.append(f"{kind} have dims {array.dims}, not {ORDER[kind]}")
        missing = [name for name in COORDS[kind] if name not in array.coords]
        if missing:
            problems.append(f"{kind} lack coords {listing(missing)}")
        if not np.isfinite(array.values).all():
            problems.append(f"{kind} are not finite everywhere")
    if problems:
        raise SchemaError(
            f"not a trajectory of learning: {'; '.join(problems)}. Got {listing(trajectory.variables)}. Give "
            "weights (step, synapse) with coords layer and post, or activations (step, stimulus, unit) with "
            "coord area, or both. Sessions are steps, data.rename(session_index='step'); those with gaps are "
            "left out by data.dropna('step')."
        )
    if len(kinds) < len(ORDER):
        absent = next(kind for kind in ORDER if kind not in kinds)
        gone = len(NAMES["weights"]) if absent == "weights" else 24 - len(NAMES["weights"])
        warnings.warn(
            f"the trajectory has no {absent}: {gone} of the 24 statistics are left out.", stacklevel=3
        )
    return kinds


def _moments(steps: int, points: int, windows: int) -> list[Numbers]:
    """Positions of the steps that each window is read at: one to take changes from, and ``points``."""
    if points < 1 or windows < 1:
        raise ValueError(f"points and windows must be 1 or more, not {points} and {windows}")
    edges = np.linspace(0, steps - 1, windows + 1)
    if edges[1] < points:
        raise RecordingError(
            f"{steps} steps are too few for {windows} windows with {points} points each: they need "
            f"{windows * points + 1}. Take fewer points or windows."
        )
    return [
        np.linspace(first, last, points + 1).round().astype(int)
        for first, last in zip(edges[:-1], edges[1:], strict=True)
    ]


def _layers(trajectory: xr.Dataset, kinds: list[str]) -> list[str]:
    """Layers of which all kinds are there, in their order."""
    found = [dict.fromkeys(trajectory[kind][COORDS[kind][0]].values.astype(str)) for kind in kinds]
    layers = [layer for layer in found[0] if all(layer in others for others in found)]
    if not layers:
        raise SchemaError(
            f"no layer of the weights ({listing(found[0])}) is an area of the activations "
            f"({listing(found[-1])}): give both the same names, or leave one out."
        )
    return layers


def _values(trajectory: xr.Dataset, kind: str) -> Numbers:
    """Weights (step, synapse) or activations (step, stimulus, unit), upcast."""
    array = trajectory[kind].astype(float)
    array = array.mean(TIME) if TIME in array.dims else array
    return array.transpose(*ORDER[kind]).to_numpy()


def _row(trajectory: xr.Dataset, values: Mapping[str, Numbers], layer: str, moments: Numbers) -> Numbers:
    """All features of one layer in one window: the statistics at the first point, at the second, ..."""
    here = {kind: trajectory[COORDS[kind][0]].values.astype(str) == layer for kind in values}
    rows = []
    for before, now in pairwise(moments):
        parts = []
        if "weights" in values:
            of_layer = here["weights"]
            parts.append(of_weights(values["weights"][now, of_layer], trajectory[POST].values[of_layer]))
        if "activations" in values:
            first, then = (values["activations"][at][:, here["activations"]] for at in (before, now))
            parts += [of_activations(then), of_changes(first, then)]
        rows.append(np.concatenate(parts))
    return np.concatenate(rows)


def _features(kinds: list[str], points: int) -> dict[str, Any]:
    names = [(kind, name) for kind in kinds for name in NAMES[kind]]
    return {
        KIND: (FEATURE, [kind for _ in range(points) for kind, _ in names]),
        STATISTIC: (FEATURE, [name for _ in range(points) for _, name in names]),
        POINT: (FEATURE, np.repeat(np.arange(points), len(names))),
    }


def _samples(layers: list[str], windows: int) -> dict[str, Any]:
    return {
        LAYER: (SAMPLE, np.repeat(layers, windows)),
        DEPTH: (SAMPLE, np.repeat(np.linspace(0.0, 1.0, len(layers)), windows)),
        WINDOW: (SAMPLE, np.tile(np.arange(windows), len(layers))),
    }


def _said(labels: Mapping[str, str] | None, samples: int) -> dict[str, Any]:
    return {name: (SAMPLE, np.repeat(str(value), samples)) for name, value in (labels or {}).items()}
