"""Line integrals of a field along a path of points, by rules of second order.

The rule that takes the field at the start of each step is of first order: of a gradient, round a loop, it
gives 0.5 tr(J sum dw dw') in place of 0.
"""

from __future__ import annotations

import numpy as np

Numbers = np.ndarray
SAME = 1e-8


def products(field: Numbers, path: Numbers) -> tuple[Numbers, Numbers]:
    """f.dw and |f||dw| of every step (..., step) of a path (..., point, synapse).

    The field is given at the midpoint of every step, or at every point: then its mean over both ends counts.
    """
    steps = np.diff(path, axis=-2)
    if field.shape[-2] == path.shape[-2]:
        field = (field[..., 1:, :] + field[..., :-1, :]) / 2
    lengths = np.linalg.norm(field, axis=-1) * np.linalg.norm(steps, axis=-1)
    return (field * steps).sum(axis=-1), lengths


def midpoints(path: Numbers) -> Numbers:
    """Midpoints (..., step, synapse) of the steps of a path."""
    return (path[..., 1:, :] + path[..., :-1, :]) / 2


def made_of_steps(field: Numbers, path: Numbers) -> bool:
    """Whether the field is, up to the scale of each row, the steps of the path: before, after, or both."""
    steps = np.diff(path, axis=0)
    around = np.concatenate([steps[:1], steps[1:] + steps[:-1], steps[-1:]])
    if len(field) == len(path):
        pairs = [(field[:-1], steps), (field[1:], steps), (field, around)]
    else:
        pairs = [(field, steps)]
    return path.shape[1] > 1 and len(steps) > 1 and any(_parallel(*pair) for pair in pairs)


def _parallel(one: Numbers, other: Numbers) -> bool:
    inner = abs((one * other).sum(axis=1))
    lengths = np.linalg.norm(one, axis=1) * np.linalg.norm(other, axis=1)
    return bool(lengths.any() and (inner >= (1 - SAME) * lengths).all())


def same_ends(paths: Numbers) -> bool:
    """Whether all paths (trajectory, point, synapse) start at one point, and end at one."""
    scale = np.abs(np.diff(paths, axis=1)).sum(axis=1).max()
    return bool(np.ptp(paths[:, [0, -1]], axis=0).max() <= SAME * scale)
