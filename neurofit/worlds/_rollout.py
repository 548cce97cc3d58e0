"""Behaviour: what an agent that follows a policy does in a world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy import sparse

from .. import schema
from ..names import ACTION, DECISION, LENGTH, STATE, SUBJECT, TRAJECTORY
from ..provenance import label, stamp
from . import _kernels as kernels
from ._plan import policy_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import ArrayLike

    from ._mdp import MDP

ENDED = -1


def rollout(
    mdp: MDP,
    policy: ArrayLike,
    *,
    n: int = 100,
    length: int = 50,
    subject: str = "agent",
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    """States and actions of trajectories that follow a policy.

    Parameters
    ----------
    mdp
        The world.
    policy
        Probabilities (state, action), such as ``value_iteration(mdp).policy``.
    n
        Number of trajectories.
    length
        Number of decisions of each, at most.
    subject
        Who it is that does so.
    rng
        Seed or generator.

    Returns
    -------
    Dataset
        ``state`` and ``action``, whole numbers (trajectory, decision), with coords ``subject`` (trajectory)
        and, where the world has ends, ``length`` (trajectory), beyond which both are -1.

    Raises
    ------
    SchemaError
        If the policy does not fit the world.

    Examples
    --------
    >>> from neurofit import worlds
    >>> row = worlds.gridworld((1, 3), slip=0, rewards={(0, 2): 1}, ends=[(0, 2)])
    >>> behaviour = rollout(row, worlds.value_iteration(row).policy, n=2, length=5, rng=1)
    >>> behaviour.state.values.tolist()
    [[1, 2, -1, -1, -1], [2, -1, -1, -1, -1]]
    """
    rng = np.random.default_rng(rng)
    probabilities = policy_of(mdp, policy)
    ends = np.zeros(mdp.n_states, bool) if mdp.terminal is None else mdp.terminal
    seen, done = np.full((2, n, length), ENDED)
    now = first_states(mdp, n, rng)
    going = np.ones(n, bool)
    for decision in range(length):
        chosen = kernels.pick(probabilities[now], rng.random(n))
        seen[going, decision], done[going, decision] = now[going], chosen[going]
        going &= ~ends[now]
        now = next_states(mdp, now, chosen, rng)
    coords: dict[str, Any] = {SUBJECT: (TRAJECTORY, [subject] * n)}
    if ends.any():
        coords[LENGTH] = (TRAJECTORY, (seen >= 0).sum(axis=1))
    return labelled(seen, done, coords, step="worlds.rollout", n=n, length=length)


def labelled(
    state: np.ndarray,
    action: np.ndarray,
    coords: Mapping[str, object],
    *,
    step: str,
    **parameters: Any,
) -> xr.Dataset:
    """Whole numbers (trajectory, decision) as trajectories."""
    told = {STATE: (state, "number of a state"), ACTION: (action, "number of an action")}
    arrays = {
        name: label(xr.DataArray(values, dims=(TRAJECTORY, DECISION)), units="1", long_name=long_name)
        for name, (values, long_name) in told.items()
    }
    result = stamp(xr.Dataset(arrays, coords=coords), step, **parameters)
    schema.check(result, "trajectories")
    return result


def first_states(mdp: MDP, n: int, rng: np.random.Generator) -> np.ndarray:
    """``n`` states to begin in."""
    return kernels.pick(np.broadcast_to(mdp.initial, (n, mdp.n_states)), rng.random(n))


def next_states(mdp: MDP, state: np.ndarray, action: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Where each action led."""
    rows = mdp.flat[state * mdp.n_actions + action]
    return kernels.pick(rows.toarray() if sparse.issparse(rows) else rows, rng.random(len(state)))
