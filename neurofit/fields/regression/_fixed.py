"""Points where a field is 0, by Newton's method, and what the field does around them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ...names import POINT, SYNAPSE
from ...provenance import label

if TYPE_CHECKING:
    from collections.abc import Callable

Numbers = np.ndarray
STEPS = 60
LONGEST_STEP = 0.5  # in units in which samples are 1 from their mean
CLOSE = 1e-4  # within which two points are one
REAL = 1e-3  # of the largest eigenvalue, below which a part counts as 0


def fixed_points(
    values: Callable[[Numbers], Numbers],
    jacobian: Callable[[Numbers], Numbers],
    starts: Numbers,
    box: tuple[Numbers, Numbers],
    unit: float,
) -> xr.Dataset:
    """Those reached from ``starts`` (point, synapse) within the box.

    ``values`` and ``jacobian`` are those of the field at points; eigenvalues are those of the Jacobian
    in weights of which ``unit`` is 1.
    """
    scale = float(np.sqrt(np.square(values(starts)).sum(axis=1).mean()))
    found = _newton(values, jacobian, starts)
    inside = ((found >= box[0]) & (found <= box[1])).all(axis=1)
    found = found[inside]
    if len(found):
        size = np.sqrt(np.square(values(found)).sum(axis=1))
        found = _distinct(found[size <= 1e-8 * scale])
    roots = np.linalg.eigvals(jacobian(found) / unit) if len(found) else np.zeros((0, starts.shape[1]))
    types = np.array([type_of(each) for each in roots], dtype="<U17")
    told = {
        "position": ((POINT, SYNAPSE), found, "weights at the fixed point"),
        "type": ((POINT,), types, "type of the fixed point"),
        "growth": ((POINT,), roots.real.max(axis=1), "largest real part of the eigenvalues"),
        "frequency": ((POINT,), np.abs(roots.imag).max(axis=1), "largest imaginary part of the eigenvalues"),
    }
    return xr.Dataset(
        {
            name: label(xr.DataArray(values, dims=dims), units="1", long_name=what)
            for name, (dims, values, what) in told.items()
        }
    )


def _newton(
    values: Callable[[Numbers], Numbers], jacobian: Callable[[Numbers], Numbers], points: Numbers
) -> Numbers:
    """All points at once, with steps that are cut where they are long."""
    for _ in range(STEPS):
        step = -np.einsum("pij,pj->pi", np.linalg.pinv(jacobian(points)), values(points))
        length = np.sqrt(np.square(step).sum(axis=1, keepdims=True))
        points = points + step * np.minimum(1.0, LONGEST_STEP / np.maximum(length, 1e-300))
        if length.max() < 1e-12:
            break
    return points


def _distinct(points: Numbers) -> Numbers:
    """One of each that are close to one another."""
    kept: list[Numbers] = []
    for point in points:
        if all(np.square(point - other).sum() > CLOSE**2 for other in kept):
            kept.append(point)
    return np.array(kept).reshape(-1, points.shape[1])


def type_of(roots: Numbers) -> str:
    """Name of the flow around a point with these eigenvalues."""
    size = np.abs(roots).max()
    turns = np.abs(roots.imag).max() > REAL * size
    growing, falling = (roots.real > REAL * size).any(), (roots.real < -REAL * size).any()
    if growing and falling:
        return "saddle"
    if not (growing or falling):
        return "centre" if turns else "flat"
    way = ("repelling spiral", "repeller") if growing else ("attracting spiral", "attractor")
    return way[0] if turns else way[1]
