"""The integral of a field along paths: whether it depends on the path, and whether loops give 0."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import xarray as xr
from scipy import stats

from ... import provenance
from ...errors import RecordingError, SchemaError, listing
from ...names import BOUND, BOUNDS, SESSION_INDEX, STEP, SYNAPSE, TRAJECTORY, TRIAL
from ...provenance import label
from ._line import made_of_steps, midpoints, products, same_ends

Numbers = np.ndarray
Function = Callable[[Numbers], Numbers]
POINTS = (STEP, SESSION_INDEX)
MARBLESTONE = (
    "Marblestone, Wayne & Kording 2016, Frontiers in Computational Neuroscience 10:94, "
    "doi:10.3389/fncom.2016.00094"
)


def circulation(
    path: xr.DataArray, field: xr.DataArray | Callable[[Numbers], Numbers], *, close: bool = False
) -> xr.Dataset:
    r"""Integral of a field along a path, by the midpoint rule; 0 round every loop if it is a gradient.

    .. math:: \int f \cdot dw \approx \sum_k f\bigl((w_k + w_{k + 1}) / 2\bigr) \cdot (w_{k + 1} - w_k)

    It is exact for a linear field on straight steps. Along an open path a gradient gives the difference of
    its potential, the same for all paths between the same points.

    Parameters
    ----------
    path
        Points (``step`` or ``session_index``, ``synapse``), and ``trajectory`` for several paths.
    field
        A function of one vector of weights (synapse) that gives change per time (synapse); or samples with
        the dims of ``path``: at its points (then the mean of both ends of a step counts) or, one fewer, at
        the midpoints. Samples may have dim ``trial``, repeats measured independently. **Measured from other
        data than the path**: steps against themselves give their squared length, above 0 for any field.
    close
        Whether a step from the last point to the first belongs to each path.

    Returns
    -------
    Dataset
        Per path: ``circulation``; ``relative``, over the sum of \|f\|\|dw\|, in [-1, 1]; ``length`` of the
        path; ``closed``. With repeats, 95 % ``circulation_interval`` (bound) and ``p`` that it is 0 (two
        sided t). For several paths with the same ends: ``path_dependence``, the largest less the least
        integral over the mean sum of \|f\|\|dw\|, 0 for a gradient. ``coarse_change``: how much the integral
        changes with every other point left out, three times the error to be expected (functions only).
        Attr ``reason`` says what could not be told.

    Raises
    ------
    SchemaError
        If dims or sizes do not fit, values are NaN, or the field is the steps of the path itself.
    RecordingError
        If there are fewer than two points, or the path does not move.

    References
    ----------
    Marblestone, Wayne & Kording 2016, Frontiers in Computational Neuroscience 10:94,
    doi:10.3389/fncom.2016.00094

    Examples
    --------
    Round a circle of radius 1, a rotation at unit speed gives twice the area.

    >>> import numpy as np, xarray as xr
    >>> angle = np.linspace(0, 2 * np.pi, 1001)
    >>> circle = xr.DataArray(np.stack([np.cos(angle), np.sin(angle)], 1), dims=("step", "synapse"))
    >>> turning = circulation(circle, lambda w: np.array([-w[1], w[0]]))
    >>> round(float(turning.circulation), 3), round(float(turning.relative), 3)
    (6.283, 1.0)
    >>> round(abs(float(circulation(circle, lambda w: -w).circulation)), 9)
    0.0
    """
    paths = _paths(path, close)
    if isinstance(field, xr.DataArray):
        values = _samples(field, path, paths, close)
    else:
        values = np.stack([_evaluated(field, one) for one in paths])[None]
    integrals, sizes = (part.sum(axis=-1) for part in products(values, paths))
    told = _told(paths, integrals, sizes)
    if not isinstance(field, xr.DataArray):
        told["coarse_change"] = ((TRAJECTORY,), _coarse(field, paths) - integrals[0])
    result = _labelled(told, path).assign_attrs(reason=_reason(paths, sizes))
    return provenance.stamp(
        result, "fields.circulation", sources=[path], references=[MARBLESTONE], close=close
    )


def _paths(path: xr.DataArray, close: bool) -> Numbers:
    """Points (trajectory, point, synapse)."""
    along = [dim for dim in POINTS if dim in path.dims]
    if len(along) != 1 or set(path.dims) - {TRAJECTORY} != {along[0], SYNAPSE}:
        raise SchemaError(
            f"not valid 'path': got dims {path.dims}; it takes {SYNAPSE!r}, one of {listing(POINTS)}, and "
            f"{TRAJECTORY!r} where there are several. Rename with .rename(old='new')."
        )
    values = path.expand_dims(TRAJECTORY) if TRAJECTORY not in path.dims else path
    points = values.transpose(TRAJECTORY, along[0], SYNAPSE).values.astype(float)
    if not np.isfinite(points).all():
        raise SchemaError("'path' has NaN: leave out synapses or points with missing entries.")
    if points.shape[1] < 2 or not np.diff(points, axis=1).any(axis=(1, 2)).all():
        raise RecordingError("a path does not move: it takes two different points at least.")
    return np.concatenate([points, points[:, :1]], axis=1) if close else points


def _evaluated(field: Function, path: Numbers) -> Numbers:
    values = np.array([np.asarray(field(point), dtype=float) for point in midpoints(path)])
    if values.shape != (len(path) - 1, path.shape[1]):
        raise SchemaError(
            f"the field gives {values.shape[1:]} for weights of shape ({path.shape[1]},): it has to give one "
            "change for each weight."
        )
    return values


def _samples(field: xr.DataArray, path: xr.DataArray, paths: Numbers, close: bool) -> Numbers:
    """Samples (trial, trajectory, point or midpoint, synapse)."""
    if set(field.dims) - {TRIAL} != set(path.dims):
        raise SchemaError(f"not valid 'field': got dims {field.dims}; it takes those of 'path', {path.dims}.")
    for dim in (TRIAL, TRAJECTORY):
        field = field if dim in field.dims else field.expand_dims(dim)
    along = next(dim for dim in POINTS if dim in field.dims)
    values = field.transpose(TRIAL, TRAJECTORY, along, SYNAPSE).values.astype(float)
    if close and values.shape[2] == paths.shape[1] - 1 and _closes_at_points(field, path, along):
        values = np.concatenate([values, values[:, :, :1]], axis=2)
    trajectories, points, synapses = paths.shape
    if values.shape[1:] not in ((trajectories, points, synapses), (trajectories, points - 1, synapses)):
        raise SchemaError(
            f"'field' has {values.shape[1:]} (trajectory, point, synapse) for a path of {paths.shape}: give "
            "it at every point, or at every midpoint, one fewer."
        )
    if not np.isfinite(values).all():
        raise SchemaError("'field' has NaN: leave out what is missing from path and field.")
    if any(made_of_steps(part, one) for part, one in zip(values.mean(axis=0), paths, strict=True)):
        raise SchemaError(
            "the field is the steps of the path itself. Steps against themselves give their squared length, "
            "above 0 whatever the field. Use independent measurements: the path from some trials, the field "
            "from the others, or a fitted field as a function."
        )
    return values


def _closes_at_points(field: xr.DataArray, path: xr.DataArray, along: str) -> bool:
    """Whether as many samples as points mean the points: they do unless the coords say midpoints."""
    if along not in field.coords or along not in path.coords:
        return True
    return bool(np.array_equal(field[along], path[along]))


def _coarse(field: Function, paths: Numbers) -> Numbers:
    """Integrals (trajectory) with every other point left out, the last one kept."""
    kept = np.unique([*range(0, paths.shape[1], 2), paths.shape[1] - 1])
    coarse = paths[:, kept]
    return np.array([products(_evaluated(field, one), one)[0].sum() for one in coarse])


def _told(paths: Numbers, integrals: Numbers, sizes: Numbers) -> dict[str, tuple[tuple[str, ...], object]]:
    """The numbers of the result, from integrals and sums of lengths (trial, trajectory)."""
    mean, trials = integrals.mean(axis=0), len(integrals)
    size = sizes.mean(axis=0)
    lengths = np.linalg.norm(np.diff(paths, axis=1), axis=2).sum(axis=1)
    apart = np.linalg.norm(paths[:, -1] - paths[:, 0], axis=1)
    told: dict[str, tuple[tuple[str, ...], object]] = {
        "circulation": ((TRAJECTORY,), mean),
        "relative": ((TRAJECTORY,), np.divide(mean, size, out=np.zeros_like(mean), where=size > 0)),
        "length": ((TRAJECTORY,), lengths),
        "closed": ((TRAJECTORY,), apart <= 1e-8 * lengths),
    }
    if trials > 1:
        error = integrals.std(axis=0, ddof=1) / np.sqrt(trials)
        reach = stats.t.ppf(0.975, trials - 1) * error
        ratio = np.divide(mean, error, out=np.full_like(mean, np.inf), where=error > 0)
        told["circulation_interval"] = ((TRAJECTORY, BOUND), np.stack([mean - reach, mean + reach], axis=1))
        told["p"] = ((TRAJECTORY,), 2 * stats.t.sf(abs(ratio), trials - 1))
    if len(paths) > 1:
        known = same_ends(paths) and size.mean() > 0
        told["path_dependence"] = ((), np.ptp(mean) / size.mean() if known else np.nan)
    return told


def _labelled(told: dict[str, tuple[tuple[str, ...], object]], path: xr.DataArray) -> xr.Dataset:
    said = {
        "circulation": ("integral of the field along the path", "weight * field"),
        "circulation_interval": ("95 % interval of the integral", "weight * field"),
        "relative": ("integral over the sum of lengths of field times steps", "1"),
        "length": ("length of the path", "weight"),
        "closed": ("whether the path ends where it starts", "1"),
        "p": ("p that the integral is 0", "1"),
        "path_dependence": ("difference between paths with the same ends, over the sum of lengths", "1"),
        "coarse_change": ("change of the integral with every other point left out", "weight * field"),
    }
    result = xr.Dataset(
        {
            name: label(xr.DataArray(values, dims=dims), units=said[name][1], long_name=said[name][0])
            for name, (dims, values) in told.items()
        }
    )
    if any(BOUND in array.dims for array in result.values()):
        result = result.assign_coords({BOUND: list(BOUNDS)})
    if TRAJECTORY not in path.dims:
        return result.isel({TRAJECTORY: 0})
    return result.assign_coords({TRAJECTORY: path[TRAJECTORY]}) if TRAJECTORY in path.coords else result


def _reason(paths: Numbers, sizes: Numbers) -> str:
    told = []
    if len(paths) > 1 and not same_ends(paths):
        told.append("paths do not share their ends, so that integrals need not agree")
    if not sizes.any():
        told.append("the field is 0 along the path")
    return "; ".join(told)
