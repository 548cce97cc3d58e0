"""Environments whose states are those of a decision process: each looks different, and alike to no other."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from ...errors import SchemaError
from ...names import FEATURE, STIMULUS, STIMULUS_ID
from ...provenance import label
from ...worlds import MDP
from ...worlds import gridworld as grid
from ...worlds import labyrinth as maze
from ...worlds._rollout import first_states, next_states
from ._environment import Environment, environments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike

    from ._environment import Array

    Cell = Sequence[int]


@environments.register("gridworld")
def gridworld(
    *,
    size: int = 5,
    goal: Cell | None = None,
    start: Cell | None = None,
    slip: float = 0.0,
    walls: Sequence[Cell] = (),
    stay: bool = False,
    discount: float = 0.95,
) -> Environment:
    """A grid in which the decision taken at the goal earns 1 and ends the episode.

    Parameters
    ----------
    size
        Number of rows and columns.
    goal
        (row, column); by default the last cell.
    start
        (row, column); by default any cell.
    slip
        Share of decisions after which a random action is taken instead.
    walls
        Cells that nobody can enter.
    stay
        Whether staying is an action.
    discount
        Of the future.

    Returns
    -------
    Environment
        Its ``world`` is ``neurofit.worlds.gridworld``'s.
    """
    at = (size - 1, size - 1) if goal is None else _cell(goal)
    closed = [_cell(wall) for wall in walls]
    world = grid(size, slip=slip, walls=closed, rewards={at: 1.0}, ends=[at], stay=stay, discount=discount)
    if start is not None:
        here = (world.coords["y"] == start[0]) & (world.coords["x"] == start[1])
        if not here.any():
            raise SchemaError(f"no free cell to start from at {_cell(start)}")
        world = replace(world, initial=here.astype(float))
    return _environment("gridworld", world)


@environments.register("labyrinth")
def labyrinth(*, levels: int = 6, port: int | None = None, discount: float = 0.95) -> Environment:
    """The labyrinth of Rosenberg et al. 2021, from home to water at one of its ends.

    Parameters
    ----------
    levels
        Number of times that ways branch.
    port
        Node of the water, whose decision earns 1 and ends the bout; by default the last one.
    discount
        Of the future.

    Returns
    -------
    Environment
        Its ``world`` is ``neurofit.worlds.labyrinth``'s.

    References
    ----------
    Rosenberg, Zhang, Perona & Meister 2021, eLife 10:e66175, doi:10.7554/eLife.66175
    """
    water = 2 ** (levels + 1) - 2 if port is None else port
    world = maze(levels=levels, rewards={water: 1.0}, ends=[water], discount=discount)
    source = "Rosenberg et al. 2021, eLife 10:e66175, doi:10.7554/eLife.66175"
    return _environment("labyrinth", world, source)


@environments.register("world")
def world(
    *,
    transitions: ArrayLike,
    rewards: ArrayLike,
    initial: ArrayLike | None = None,
    terminal: ArrayLike | None = None,
    discount: float = 0.95,
) -> Environment:
    """Any decision process, given by its arrays.

    Parameters
    ----------
    transitions
        (state, action, next_state).
    rewards
        (state,), (state, action) or (state, action, next_state).
    initial
        Probability of each state at the first decision; by default all are as likely.
    terminal
        Whether an episode ends with the decision taken in each state.
    discount
        Of the future.

    Returns
    -------
    Environment
    """
    given = MDP.from_arrays(
        transitions, rewards=rewards, initial=initial, terminal=terminal, discount=discount
    )
    return _environment("world", given)


def _environment(name: str, world: MDP, *references: str) -> Environment:
    still = [name == "stay" for name in world.actions or ()] or [False] * world.n_actions
    return Environment(
        name=name,
        input_shape=(world.n_states,),
        outputs=world.n_actions,
        begin=partial(first_states, world),
        observe=partial(_one_hot, world.n_states),
        advance=partial(_advance, world),
        stimuli=partial(_stimuli, world),
        effort=partial(np.take, 1.0 - np.array(still)),
        discount=world.discount,
        world=world,
        references=references,
    )


def _one_hot(n: int, states: Array) -> Array:
    return np.eye(n, dtype=np.float32)[states]


def _advance(
    world: MDP, states: Array, actions: Array, rng: np.random.Generator
) -> tuple[Array, Array, Array]:
    rewards: Any = world.rewards
    done = np.zeros(len(states), bool) if world.terminal is None else world.terminal[states]
    return next_states(world, states, actions, rng), rewards[states, actions], done


def _stimuli(world: MDP) -> xr.DataArray:
    """Every state once."""
    states = np.arange(world.n_states)
    coords: dict[str, Any] = {STIMULUS_ID: (STIMULUS, [f"state{state:04d}" for state in states])}
    coords |= {name: (STIMULUS, np.asarray(values)) for name, values in world.coords.items()}
    shown = xr.DataArray(_one_hot(len(states), states), coords, (STIMULUS, FEATURE), name="stimuli")
    return label(shown, units="1", long_name="states, one input each")


def _cell(cell: Cell) -> tuple[int, int]:
    row, column = cell
    return int(row), int(column)
