"""From the labelled data of one field to the arrays that estimators take, in the coordinates of a metric."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..names import SYNAPSE, TRAJECTORY
from .jacobian import Steps, Trials

if TYPE_CHECKING:
    import xarray as xr

    from ._coordinates import Coordinates

Numbers = np.ndarray


def trials_of(cell: xr.Dataset, metric: Coordinates) -> Trials:
    """Changes, perturbations, and perturbations over their covariance."""
    delta, dw, w0 = cell["delta"].values, cell["dw"].values, cell["w0"].values
    dt = float(cell.attrs["dt"])
    x, y = metric.change(w0, delta), metric.change(w0 + delta, dw) / dt
    return Trials(y, x, _over(x, metric.slope(w0), cell["covariance"].values))


def _over(x: Numbers, slope: Numbers, covariance: Numbers) -> Numbers:
    """Perturbations over their covariance, which is told of those before the change of coordinates."""
    if slope.ndim == 1 and covariance.ndim < 2:
        return x / (slope**2 * covariance)
    full = np.diag(slope) if slope.ndim == 1 else slope
    told = covariance if covariance.ndim == 2 else covariance * np.eye(len(full))
    return np.linalg.solve(full @ told @ full.T, x.T).T


def steps_of(cell: xr.Dataset, metric: Coordinates) -> Steps:
    """Steps of all trajectories, one after the other, each with its instrument."""
    weights = metric.of(_by_trajectory(cell["weights"]))
    lag = int(cell.attrs["lag"])
    told = metric.of(_by_trajectory(cell["instrument"])) if "instrument" in cell else weights
    times = cell["times"].values
    rows = np.arange(lag, weights.shape[1] - 1)
    before = np.where((rows > lag)[None, :, None], told[:, np.maximum(rows - lag - 1, 0)], np.nan)
    many = len(weights)
    parts = (weights[:, rows], weights[:, rows + 1], told[:, rows - lag], before)
    now, after, instrument, before = (part.reshape(many * len(rows), -1) for part in parts)
    intervals = np.tile(times[rows + 1] - times[rows], many)
    return Steps(now, after, instrument, before, intervals, np.repeat(np.arange(many), len(rows)))


def samples_of(cell: xr.Dataset, metric: Coordinates) -> tuple[Numbers, Numbers]:
    """Weights and their changes per unit of time, of whichever kind the field is, without missing ones."""
    if "delta" in cell:
        given = trials_of(cell, metric)
        return metric.of(cell["w0"].values) + given.x, given.y
    if "dw" in cell:
        weights, dw, dt = cell["weights"].values, cell["dw"].values, float(cell.attrs["dt"])
        return metric.of(weights), metric.change(weights, dw) / dt
    steps = steps_of(cell, metric)
    change = (steps.after - steps.now) / steps.interval[:, None]
    rows = np.isfinite(steps.now).all(1) & np.isfinite(change).all(1)
    return steps.now[rows], change[rows]


def _by_trajectory(weights: xr.DataArray) -> Numbers:
    """(trajectory, session, synapse), of one trajectory where there is no such dim."""
    if TRAJECTORY not in weights.dims:
        return weights.values[None]
    return weights.transpose(TRAJECTORY, ..., SYNAPSE).values
