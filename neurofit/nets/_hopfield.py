"""The classical content-addressable memory: Hebbian storage, recall by letting units settle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import TrainingError

if TYPE_CHECKING:
    Array = np.ndarray[Any, np.dtype[np.floating[Any]]]


def hopfield_store(patterns: Array) -> Array:
    r"""Weights of a Hopfield network in which patterns are stored by Hebb's rule.

    .. math:: W_{ij} = \frac{1}{N} \sum_{\mu=1}^{P} \xi_i^\mu \xi_j^\mu, \qquad W_{ii} = 0

    Parameters
    ----------
    patterns
        (pattern, unit) of -1 and 1.

    Returns
    -------
    array (unit, unit)

    Raises
    ------
    TrainingError
        If a pattern has other values than -1 and 1.

    References
    ----------
    Hopfield 1982, PNAS 79:2554, doi:10.1073/pnas.79.8.2554

    Examples
    --------
    >>> hopfield_store([[1, 1, -1, -1]])[0].tolist()
    [0.0, 0.25, -0.25, -0.25]
    """
    stored = _signs(patterns, "patterns")
    weights: Array = stored.T @ stored / stored.shape[1]
    np.fill_diagonal(weights, 0)
    return weights


def hopfield_recall(
    weights: Array, cues: Array, *, sweeps: int = 50, rng: int | np.random.Generator | None = None
) -> Array:
    r"""The patterns at which a Hopfield network settles from cues.

    .. math:: s_i \leftarrow \operatorname{sign} \sum_j W_{ij} s_j \quad\text{for one unit at a time}

    Units are visited in random order, and a unit without drive stays as it is. With symmetric weights each
    change lowers the energy :math:`-\tfrac12 s^\top W s`, so that every cue comes to rest. Random patterns
    are recalled, with a few units wrong, up to a load :math:`P / N` of 0.138; beyond, recall breaks down.

    Parameters
    ----------
    weights
        (unit, unit), symmetric and with zero diagonal: from ``hopfield_store``.
    cues
        (cue, unit) of -1 and 1: where to start from.
    sweeps
        Largest number of times that each unit is visited.
    rng
        Seed of the order.

    Returns
    -------
    array (cue, unit)
        Of -1 and 1.

    Raises
    ------
    TrainingError
        If a cue has other values than -1 and 1, or another number of units than the weights.

    References
    ----------
    Hopfield 1982, PNAS 79:2554, doi:10.1073/pnas.79.8.2554
    Amit, Gutfreund & Sompolinsky 1985, Physical Review Letters 55:1530, doi:10.1103/PhysRevLett.55.1530

    Examples
    --------
    >>> weights = hopfield_store([[1, 1, 1, -1, -1, -1]])
    >>> hopfield_recall(weights, [[-1, 1, 1, -1, -1, -1]], rng=0).tolist()
    [[1.0, 1.0, 1.0, -1.0, -1.0, -1.0]]
    """
    rng = np.random.default_rng(rng)
    weights = np.asarray(weights, float)
    state = _signs(cues, "cues").T.copy()
    if weights.shape != (len(state), len(state)):
        raise TrainingError(f"weights are {weights.shape} and cues have {len(state)} units")
    for _ in range(sweeps):
        before = state.copy()
        for unit in rng.permutation(len(state)):
            drive = weights[unit] @ state
            state[unit] = np.where(drive == 0, state[unit], np.sign(drive))
        if np.array_equal(state, before):
            break
    return state.T


def _signs(values: Array, what: str) -> Array:
    values = np.asarray(values, float)
    if values.ndim != 2 or not np.isin(values, (-1, 1)).all():
        raise TrainingError(f"{what} have two dims and hold -1 and 1 alone; got shape {values.shape}")
    return values
