"""How often each action led from each state to each other, in what was seen."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ..errors import SchemaError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike


def count_transitions(
    state: ArrayLike,
    action: ArrayLike,
    *,
    length: ArrayLike | None = None,
    n_states: int | None = None,
    n_actions: int | None = None,
) -> np.ndarray:
    """Number of times that each action led from each state to each other.

    Parameters
    ----------
    state, action
        Whole numbers (trajectory, decision), or (decision,) for one trajectory; below 0 where a trajectory
        has ended. Where the last action led is not known: it is not counted.
    length
        Number of decisions of each trajectory.
    n_states, n_actions
        How many there are; by default as many as were seen.

    Returns
    -------
    ndarray
        Counts (state, action, next_state), float.

    Raises
    ------
    SchemaError
        If states and actions do not go together, or are not whole numbers.

    Examples
    --------
    >>> count_transitions([0, 1, 0], [0, 0, 0])[:, 0].tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    seen, done = checked(state, action, length)
    states = int(seen.max()) + 1 if n_states is None else n_states
    actions = int(done.max()) + 1 if n_actions is None else n_actions
    if seen.max() >= states or done.max() >= actions:
        raise SchemaError(
            f"there are {states} states and {actions} actions, and the data hold state {seen.max()} and "
            f"action {done.max()}: numbers start at 0; raise n_states or n_actions"
        )
    whole = (seen[:, :-1] >= 0) & (seen[:, 1:] >= 0) & (done[:, :-1] >= 0)
    counts = np.zeros((states, actions, states))
    np.add.at(counts, (seen[:, :-1][whole], done[:, :-1][whole], seen[:, 1:][whole]), 1.0)
    return counts


def checked(state: ArrayLike, action: ArrayLike, length: ArrayLike | None) -> tuple[np.ndarray, np.ndarray]:
    """States and actions (trajectory, decision) as whole numbers, -1 beyond the end of each trajectory."""
    both = [np.atleast_2d(np.asarray(values)) for values in (state, action)]
    problems = []
    if both[0].shape != both[1].shape or both[0].ndim != 2:
        problems.append(f"states are {both[0].shape} and actions {both[1].shape} (trajectory, decision)")
    problems += [
        f"{name} must be whole numbers, not {values.dtype}"
        for name, values in zip(("states", "actions"), both, strict=True)
        if values.dtype.kind not in "iu"
    ]
    if not problems and (both[0] < 0).all():
        problems.append("there is no decision")
    if problems:
        raise SchemaError(f"cannot count transitions: {'; '.join(problems)}")
    seen, done = (values.astype(np.int64) for values in both)
    if length is not None:
        beyond = np.arange(seen.shape[1]) >= np.asarray(length).reshape(-1, 1)
        seen, done = (np.where(beyond, -1, values) for values in (seen, done))
    return seen, done
