"""Worlds that agents and animals move in: a grid, and a labyrinth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from ..errors import SchemaError
from ._mdp import MDP

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    Cell = tuple[int, int]

MOVES = {"up": (-1, 0), "right": (0, 1), "down": (1, 0), "left": (0, -1), "stay": (0, 0)}
DENSE_UP_TO = 500  # states: 8 MB for each action


def gridworld(
    size: int | Cell,
    *,
    slip: float = 0.1,
    walls: Iterable[Cell] = (),
    rewards: Mapping[Cell, float] | None = None,
    ends: Iterable[Cell] = (),
    stay: bool = False,
    discount: float = 0.95,
) -> MDP:
    """A grid of cells; an action moves to the next cell, unless a wall is there.

    Parameters
    ----------
    size
        Number of rows and columns, or (rows, columns).
    slip
        Share of decisions after which a direction is drawn at random from all actions instead.
    walls
        Cells (row, column) that nobody can enter; they are no states.
    rewards
        What a decision taken in a cell earns, by (row, column); 0 elsewhere.
    ends
        Cells in which an episode ends: the decision taken there is the last one.
    stay
        Whether staying is an action.
    discount
        Of the future.

    Returns
    -------
    MDP
        States in the order of rows, with coords ``x`` (column) and ``y`` (row); actions ``up``, ``right``,
        ``down``, ``left`` and, if asked for, ``stay``. It begins in any cell.

    Raises
    ------
    SchemaError
        If ``slip`` is no probability, or a cell is not in the grid; all are named.

    Examples
    --------
    >>> gridworld(3, walls=[(1, 1)], rewards={(2, 2): 1.0})
    MDP: 8 states, 4 actions, discount 0.95, with rewards
    """
    rows, columns = (size, size) if isinstance(size, int) else size
    walls, ends, worth = set(walls), set(ends), dict(rewards or {})
    free = [(y, x) for y in range(rows) for x in range(columns) if (y, x) not in walls]
    _check(free, {"wall": walls, "end": ends, "reward": worth}, (rows, columns), slip)
    index = {cell: state for state, cell in enumerate(free)}
    actions = tuple(MOVES if stay else list(MOVES)[:-1])
    ahead = np.array(
        [
            [index.get((y + dy, x + dx), here) for dy, dx in map(MOVES.__getitem__, actions)]
            for (y, x), here in index.items()
        ]
    )
    world = MDP.from_arrays(
        _slipping(ahead, slip),
        terminal=[cell in ends for cell in free],
        actions=actions,
        coords={"x": np.array(free)[:, 1], "y": np.array(free)[:, 0]},
        discount=discount,
    )
    return world if rewards is None else world.with_rewards([worth.get(cell, 0.0) for cell in free])


def labyrinth(
    *,
    levels: int = 6,
    rewards: Mapping[int, float] | None = None,
    ends: Iterable[int] = (),
    discount: float = 0.95,
) -> MDP:
    """The binary labyrinth of Rosenberg et al. 2021: a tunnel from home, then six levels of branches.

    Nodes are numbered level by level: 0 is the junction at the end of the tunnel, and node ``k`` leads to
    ``2 k + 1`` (left of who comes from outside) and ``2 k + 2`` (right). With six levels there are 127 nodes:
    63 junctions of three ways and 64 ends, all of which are alike but for left and right. The last state is
    home. From an end, or from home, every action leads the one way that there is.

    Parameters
    ----------
    levels
        Number of times that ways branch.
    rewards
        What a decision taken at a node earns, such as ``{116: 1.0}`` for water at one end; 0 elsewhere.
    ends
        Nodes in which an episode ends: the decision taken there is the last one.
    discount
        Of the future.

    Returns
    -------
    MDP
        Actions ``out``, ``left``, ``right``; coords ``x`` and ``y``, in units of the shortest way between
        nodes, and ``level`` (-1 is home). It begins at home.

    Raises
    ------
    SchemaError
        If there is no such node.

    References
    ----------
    Rosenberg, Zhang, Perona & Meister 2021, eLife 10:e66175, doi:10.7554/eLife.66175

    Examples
    --------
    >>> world = labyrinth()
    >>> world.n_states, int((world.coords["level"] == 6).sum())
    (128, 64)
    """
    nodes, junctions = 2 ** (levels + 1) - 1, 2**levels - 1
    strange = sorted(node for node in {*ends, *(rewards or {})} if not 0 <= node <= nodes)
    if levels < 1 or strange:
        raise SchemaError(
            f"a labyrinth of {levels} levels (at least 1) has no nodes {strange}: "
            f"they go from 0 to {nodes - 1}, and home is {nodes}"
        )
    node = np.arange(nodes)
    out = np.where(node == 0, nodes, (node - 1) // 2)
    left, right = (np.where(node < junctions, 2 * node + turn, out) for turn in (1, 2))
    ahead = np.vstack([np.stack([out, left, right], axis=1), np.zeros((1, 3), int)])
    x, y = _tree(levels)
    level = np.append(np.log2(node + 1).astype(int), -1)
    worth = np.zeros(nodes + 1)
    worth[list(rewards or {})] = list((rewards or {}).values())
    return MDP.from_arrays(
        _slipping(ahead, 0.0),
        initial=np.arange(nodes + 1) == nodes,
        rewards=None if rewards is None else worth,
        terminal=np.isin(np.arange(nodes + 1), list(ends)),
        actions=("out", "left", "right"),
        coords={"x": x, "y": y, "level": level},
        discount=discount,
    )


def _slipping(ahead: np.ndarray, slip: float) -> np.ndarray | sparse.coo_array:
    """Transitions from where each action (state, action) leads, if one action in ``slip`` is another."""
    states, actions = ahead.shape
    state, action, drawn = np.indices((states, actions, actions))
    chance = np.where(action == drawn, 1 - slip, 0.0) + slip / actions
    at = (state.ravel(), action.ravel(), ahead[state, drawn].ravel())
    table = sparse.coo_array((chance.ravel(), at), shape=(states, actions, states))
    table.sum_duplicates()
    return table.todense() if states <= DENSE_UP_TO else table


def _tree(levels: int) -> tuple[np.ndarray, np.ndarray]:
    """Where nodes are and, last, home: each level turns by 90 degrees, and every second one halves."""
    place = np.zeros((2 ** (levels + 1) - 1, 2), dtype=int)
    longest = 2 ** ((levels + 1) // 2 - 1)
    heading = np.zeros_like(place)
    heading[0] = (1, 0)
    for node in range(1, len(place)):
        parent, level = (node - 1) // 2, int(np.log2(node + 1))
        dx, dy = heading[parent]
        heading[node] = (-dy, dx) if node % 2 else (dy, -dx)
        place[node] = place[parent] + heading[node] * (longest >> ((level - 1) // 2))
    home = (-2 * longest, 0)
    x, y = np.vstack([place, home]).T
    return x, y


def _check(free: list[Cell], cells: Mapping[str, Iterable[Cell]], size: Cell, slip: float) -> None:
    problems = [] if 0 <= slip <= 1 else [f"slip must be in [0, 1], not {slip}"]
    if not free:
        problems.append("no cell is free")
    inside = {(y, x) for y in range(size[0]) for x in range(size[1])}
    for what, given in cells.items():
        allowed = inside if what == "wall" else set(free)
        strange = sorted(cell for cell in given if cell not in allowed)
        if strange:
            problems.append(
                f"no free cell for {what} at {strange}" if what != "wall" else f"no cell {strange}"
            )
    if problems:
        raise SchemaError(f"no gridworld of {size[0]} x {size[1]}: {'; '.join(problems)}")
