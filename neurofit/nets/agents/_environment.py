"""What an environment is, and episodes in it side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from ...registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    import xarray as xr

    from ...worlds import MDP

    Array = np.ndarray[Any, Any]


class Move(NamedTuple):
    """One decision in each of several episodes: arrays, one entry for each episode.

    ``following`` are the states that the actions led to; where ``done``, the episode ended with the action.
    """

    states: Array
    actions: Array
    rewards: Array
    following: Array
    done: Array


@dataclass(frozen=True)
class Environment:
    """Something to act in: pure functions of states, of which there is one for each episode.

    Parameters
    ----------
    name
        Its name in ``nets.environments``.
    input_shape
        Of an observation.
    outputs
        Number of actions or, where actions are continuous, of the numbers that make one.
    begin
        ``begin(n, rng)``: states of ``n`` fresh episodes.
    observe
        ``observe(states)``: what is seen of them, (n, ...) float32.
    advance
        ``advance(states, actions, rng)``: the states after, the rewards, and whether episodes ended.
    stimuli
        ``stimuli()`` is the brain set, what an animal would be shown: DataArray (stimulus, ...).
    effort
        ``effort(actions)``: what each action costs, in units of its own.
    discount
        Of a reward one decision ahead.
    continuous
        Whether an action is a vector of numbers.
    world
        The decision process, where states are its numbers.
    references
        Where it comes from.
    dims
        Of an observation.
    """

    name: str
    input_shape: tuple[int, ...]
    outputs: int
    begin: Callable[[int, np.random.Generator], Array]
    observe: Callable[[Array], Array]
    advance: Callable[[Array, Array, np.random.Generator], tuple[Array, Array, Array]]
    stimuli: Callable[[], xr.DataArray]
    effort: Callable[[Array], Array]
    discount: float = 0.95
    continuous: bool = False
    world: MDP | None = None
    references: tuple[str, ...] = ()
    dims: tuple[str, ...] = ("feature",)


class Episodes:
    """Episodes side by side, each begun afresh when it ends; ``last`` is the latest decision in each.

    Parameters
    ----------
    environment
        What to act in.
    n
        Number of episodes.

    Examples
    --------
    >>> import numpy as np
    >>> from neurofit import nets
    >>> episodes = Episodes(nets.environments["gridworld"](size=2), 3)
    >>> episodes.reset(np.random.default_rng(0)).shape
    (3, 4)
    >>> observation, reward, done = episodes.step(np.array([0, 1, 2]))
    """

    last: Move

    def __init__(self, environment: Environment, n: int) -> None:
        self.environment = environment
        self.n = n

    def reset(self, rng: np.random.Generator) -> Array:
        """Begin all episodes: what is seen in each."""
        self._rng = rng
        self._states = self.environment.begin(self.n, rng)
        return self.environment.observe(self._states)

    def step(self, action: Array) -> tuple[Array, Array, Array]:
        """Act: what is seen then, the rewards, and which episodes ended; those show the start of the next."""
        before = self._states
        following, rewards, done = self.environment.advance(before, action, self._rng)
        self.last = Move(before, action, rewards, following, done)
        self._states = following.copy()
        if done.any():
            self._states[done] = self.environment.begin(int(done.sum()), self._rng)
        return self.environment.observe(self._states), rewards, done


environments: Registry[Callable[..., Environment]] = Registry("environment")
