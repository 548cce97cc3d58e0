"""How training changes the tuning of a network's layers: Fig. 4 of Richards et al. 2019, as numbers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
import xarray as xr

from ..errors import SchemaError, TrainingError
from ..names import AREA, LAYER, ORIENTATION, STEP, STIMULUS, UNIT, UNIT_ID
from ..provenance import FRAMEWORK, label, stamp
from ._activations import activations
from ._choice import said

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._network import Network
    from ._stages import Params

HALF_TURN = 180.0
SOURCES = (FRAMEWORK, "Schoups et al. 2001, Nature 412:549, doi:10.1038/35087601")


def tuning_change(
    before: Network,
    after: Network,
    stimuli: xr.DataArray,
    *,
    at: float,
    window: float = 10.0,
    least: float = 0.1,
) -> xr.Dataset:
    r"""Change of the slope of orientation tuning, layer by layer, at a trained orientation.

    The tuning curve of a unit is its mean activation over all stimuli of one orientation. Its slope
    :math:`s_u` is that of a line through the curve within ``window`` degrees of ``at``. A layer's change is

    .. math:: \frac{\mathrm{median}_u |s_u^\text{after}|}{\mathrm{median}_u |s_u^\text{before}|} - 1

    over its responsive units: a ratio of medians, for single units may have next to no slope. A unit is
    responsive at an orientation if its curve before training spans at least ``least`` of what the layer's
    largest one spans, and within the window comes to at least ``least`` of the layer's strongest activation,
    of either sign: many units high up are silent at most orientations, and have no slope there to change.

    A layer's slope holds what it inherits from those below: where all weights of a linear network grow by a
    tenth, the slopes of layer :math:`k` grow by :math:`1.1^k - 1`, though no layer is more plastic than
    another. The local change is that of the same units where their layer alone has its weights of after
    training, and those below have theirs of before.

    Parameters
    ----------
    before, after
        Networks with the same layers: the second one went on from the first.
    stimuli
        Images as for ``nets.activations``, with coord ``orientation`` in degrees, periodic in 180.
    at
        The trained orientation, in degrees; the one at right angles to it is measured as well.
    window
        Reach of the line to either side, in degrees; at least 3 orientations must lie there.
    least
        Least span and least activation of a responsive unit.

    Returns
    -------
    Dataset
        ``slope_before`` and ``slope_after`` (orientation, unit), per degree; ``responsive``
        (orientation, unit); ``change`` and ``local_change`` (orientation, layer), NaN where fewer than 3
        units respond; ``weight_change`` (layer), the norm of the change of the weights over that of the
        weights. ``orientation`` is ``at`` and the one at right angles.

    Raises
    ------
    SchemaError
        If stimuli have no orientation, or too few within the window.
    TrainingError
        If the networks have different layers.

    References
    ----------
    Richards et al. 2019, Nature Neuroscience 22:1761, doi:10.1038/s41593-019-0520-2
    Schoups et al. 2001, Nature 412:549, doi:10.1038/35087601
    """
    if before.layers != after.layers:
        raise TrainingError(f"the networks have different layers: {before.layers} and {after.layers}")
    places = [at % HALF_TURN, (at + 90) % HALF_TURN]
    angles = _angles(stimuli, places, window)
    layers = before.inner
    shown = [*(activations(network, stimuli) for network in (before, after)), *_alone(before, after, stimuli)]
    curves = [_curves(responses, angles) for responses in shown]
    slopes = [np.stack([_slopes(curve, place, window) for place in places]) for curve in curves]
    first, last, alone = slopes[0], slopes[1], np.concatenate(slopes[2:], axis=1)
    area = curves[0][AREA].values
    responsive = np.stack([_responsive(curves[0], place, window, least) for place in places])
    units = [(area == layer) & responsive for layer in layers]
    change, local = (_changes(first, end, units) for end in (last, alone))
    weights = [_weight_change(before.params, after.params, layer) for layer in layers]
    found = {
        "slope_before": ((ORIENTATION, UNIT), first, "1/degree", "slope of tuning before"),
        "slope_after": ((ORIENTATION, UNIT), last, "1/degree", "slope of tuning after"),
        "responsive": ((ORIENTATION, UNIT), responsive, "1", "whether the unit is tuned and responds there"),
        "change": ((ORIENTATION, LAYER), change, "1", "change of the median slope of tuning"),
        "local_change": ((ORIENTATION, LAYER), local, "1", "change by the layer's own weights"),
        "weight_change": ((LAYER,), np.array(weights), "1", "norm of the weights' change over theirs"),
    }
    coords = {ORIENTATION: places, LAYER: list(layers), **{c: curves[0][c] for c in (UNIT_ID, AREA)}}
    return stamp(
        _labelled(found, coords),
        "nets.tuning_change",
        sources=[before.history, after.history, stimuli],
        references=SOURCES,
        at=at,
        window=window,
        least=least,
    )


def random_change(network: Network, *, rng: int | np.random.Generator | None = None) -> Network:
    """The control of a trained network: weights that changed as much as by training, in random directions.

    Parameters
    ----------
    network
        From ``nets.train``.
    rng
        Seed or generator of the directions.

    Returns
    -------
    Network
        It starts where ``network`` started; each tensor of its weights differs from there by normal noise
        whose norm is that of the tensor's change in training. How well it does is not measured.

    Examples
    --------
    >>> from neurofit import nets
    >>> net = nets.train("digits", steps=10, rng=0, progress=False)
    >>> control = random_change(net, rng=0)
    >>> moved = [n.params["hidden1"]["weight"] - n.initial["hidden1"]["weight"] for n in (net, control)]
    >>> bool(torch.isclose(*(change.norm() for change in moved)))
    True
    """
    generator = torch.Generator().manual_seed(int(np.random.default_rng(rng).integers(2**63)))
    changed = {
        layer: {name: _moved(w, network.params[layer][name], generator) for name, w in weights.items()}
        for layer, weights in network.initial.items()
    }
    ends = network.history.isel({STEP: [0, -1]})
    unknown = ends.where(ends[STEP] == 0)
    history = stamp(unknown, "nets.random_change", sources=[network.history], rng=rng)
    recipe = {**network.recipe, "rule": f"random change as large as by {said(network.recipe['rule'])}"}
    return replace(network, snapshots=(network.initial, changed), recipe=recipe, history=history)


def _moved(start: torch.Tensor, end: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    noise = torch.randn(start.shape, generator=generator).to(start)
    return start + noise * ((end - start).norm() / noise.norm())


def _alone(before: Network, after: Network, stimuli: xr.DataArray) -> Iterator[xr.DataArray]:
    """Activations of each layer where it alone has its weights of after."""
    for layer in before.inner:
        mixed = replace(before, snapshots=({**before.params, layer: after.params[layer]},))
        yield activations(mixed, stimuli, layers=[layer])


def _labelled(found: dict[str, tuple[Any, ...]], coords: dict[str, Any]) -> xr.Dataset:
    """Each variable from its dims, values, units and long name."""
    variables = {
        name: label(xr.DataArray(values, dims=dims), units=units, long_name=long_name)
        for name, (dims, values, units, long_name) in found.items()
    }
    result = xr.Dataset(variables, coords)
    result[ORIENTATION] = label(result[ORIENTATION], units="degree", long_name="orientation")
    return result


def _angles(stimuli: xr.DataArray, places: list[float], window: float) -> np.ndarray:
    """The orientation of each stimulus; raise unless lines can be drawn around both places."""
    if ORIENTATION not in stimuli.coords or stimuli[ORIENTATION].dims != (STIMULUS,):
        raise SchemaError(
            "stimuli need a coord 'orientation' (stimulus), in degrees; such as those of task 'orientation'"
        )
    angles = np.asarray(stimuli[ORIENTATION].values, float) % HALF_TURN
    for place in places:
        near = np.unique(angles[np.abs(_from(place, angles)) <= window])
        if len(near) < 3:
            raise SchemaError(
                f"{len(near)} orientations lie within {window} degrees of {place}, and a slope needs 3. Show "
                "more of them, or widen window="
            )
    return angles


def _from(place: float, angles: np.ndarray) -> np.ndarray:
    """Signed distance of orientations, in degrees."""
    return (angles - place + HALF_TURN / 2) % HALF_TURN - HALF_TURN / 2


def _curves(shown: xr.DataArray, angles: np.ndarray) -> xr.DataArray:
    """Mean activation (orientation, unit)."""
    by_angle = shown.astype(np.float64).assign_coords({ORIENTATION: (STIMULUS, angles)})
    return by_angle.groupby(ORIENTATION).mean()


def _slopes(curves: xr.DataArray, place: float, window: float) -> np.ndarray:
    """Slope of the least-squares line of each unit."""
    away = _from(place, curves[ORIENTATION].values)
    near = np.abs(away) <= window
    centred = away[near] - away[near].mean()
    return centred @ curves.transpose(ORIENTATION, UNIT).values[near] / (centred @ centred)


def _responsive(curves: xr.DataArray, place: float, window: float, least: float) -> np.ndarray:
    """Which units are tuned, and respond near a place."""
    near = np.abs(_from(place, curves[ORIENTATION].values)) <= window
    values = curves.transpose(ORIENTATION, UNIT).values
    span, reached, strongest = np.ptp(values, axis=0), abs(values[near]).max(0), abs(values).max(0)
    area = curves[AREA].values
    layers = {layer: area == layer for layer in np.unique(area)}
    largest, most = (
        np.select(list(layers.values()), [size[units].max() for units in layers.values()])
        for size in (span, strongest)
    )
    return (span > np.maximum(least * largest, 1e-9)) & (reached > least * most)


def _changes(before: np.ndarray, after: np.ndarray, layers: list[np.ndarray]) -> np.ndarray:
    """Change of the median slope at each place, in the responsive units of each layer."""
    return np.array(
        [
            [_change(before[at, units[at]], after[at, units[at]]) for units in layers]
            for at in range(len(before))
        ]
    )


def _change(before: np.ndarray, after: np.ndarray) -> float:
    return float(np.median(np.abs(after)) / np.median(np.abs(before)) - 1) if len(before) >= 3 else np.nan


def _weight_change(before: Params, after: Params, layer: str) -> float:
    old, new = (
        torch.cat([w.flatten().double() for w in params[layer].values()]) for params in (before, after)
    )
    return float((new - old).norm() / old.norm())
