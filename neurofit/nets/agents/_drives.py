"""Drives: what an agent is after, as the reward that it feels for each decision."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import worlds
from ...errors import TrainingError
from ...registry import Registry
from ...worlds._information import LINDLEY, SUN
from .._choice import make

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...worlds import MDP
    from ._environment import Array, Environment, Move

    Felt = tuple[Array, Any]


def nothing() -> Any:
    """None: the drive remembers nothing."""
    return None


@dataclass(frozen=True)
class Drive:
    """A reward that an agent feels.

    Parameters
    ----------
    name
        Its name in ``nets.drives``.
    reward
        ``reward(move, state)``: the reward of each episode's decision, and the drive's state afterwards.
    begin
        ``begin()``: its state at the start.
    references
        Who said so.
    """

    name: str
    reward: Callable[[Move, Any], Felt]
    begin: Callable[[], Any] = nothing
    references: tuple[str, ...] = ()


drives: Registry[Callable[..., Drive]] = Registry("drive")


@drives.register("reward")
def reward(environment: Environment) -> Drive:
    """The environment's own reward.

    Parameters
    ----------
    environment
        Where the agent acts.

    Returns
    -------
    Drive
    """
    return Drive("reward", lambda move, state: (move.rewards, state))


@drives.register("empowerment")
def empowerment(environment: Environment, *, steps: int = 1) -> Drive:
    """Empowerment of the state that was reached, in bits: how much is up to the agent there.

    Parameters
    ----------
    environment
        Where the agent acts; its states must be those of a decision process.
    steps
        Number of actions ahead.

    Returns
    -------
    Drive

    References
    ----------
    Klyubin, Polani & Nehaniv 2005, Empowerment: a universal agent-centric measure of control, IEEE CEC
    """
    bits = worlds.empowerment(_world(environment, "empowerment"), steps=steps)

    def felt(move: Move, state: Any) -> Felt:
        return np.where(move.done, 0.0, bits.values[move.following]), state

    return Drive("empowerment", felt, references=tuple(bits.attrs["references"].splitlines()))


@drives.register("information_gain")
def information_gain(environment: Environment, *, pseudocount: float = 0.5) -> Drive:
    """What the transition was expected to teach about the world before it came, in bits.

    Beliefs are Dirichlet counts of all that was seen in all episodes: the reward fades as the world becomes
    known.

    Parameters
    ----------
    environment
        Where the agent acts; its states must be those of a decision process.
    pseudocount
        Dirichlet parameter of each transition at the start.

    Returns
    -------
    Drive

    References
    ----------
    Lindley 1956, Annals of Mathematical Statistics 27:986, doi:10.1214/aoms/1177728069

    Sun, Gomez & Schmidhuber 2011, Planning to be surprised, Artificial General Intelligence
    """
    world = _world(environment, "information_gain")
    shape = (world.n_states, world.n_actions, world.n_states)

    def felt(move: Move, counts: Array) -> Felt:
        known = counts[move.states, move.actions][:, None]
        gain = worlds.information_gain(known, pseudocount=pseudocount).values[:, 0]
        more, going = counts.copy(), ~move.done
        np.add.at(more, (move.states[going], move.actions[going], move.following[going]), 1)
        return np.where(going, gain, 0.0), more

    sources = (LINDLEY, SUN)
    return Drive("information_gain", felt, partial(np.zeros, shape), references=sources)


@drives.register("effort")
def effort(environment: Environment, *, cost: float = 0.1) -> Drive:
    r"""The environment's reward less the effort: :math:`r - c\, e(a)`.

    Every action but staying is an effort of 1; of a continuous action it is the mean square.

    Parameters
    ----------
    environment
        Where the agent acts.
    cost
        c, reward that an effort of 1 costs.

    Returns
    -------
    Drive

    References
    ----------
    Todorov & Jordan 2002, Nature Neuroscience 5:1226, doi:10.1038/nn963
    """
    source = "Todorov & Jordan 2002, Nature Neuroscience 5:1226, doi:10.1038/nn963"
    return Drive(
        "effort",
        lambda move, state: (move.rewards - cost * environment.effort(move.actions), state),
        references=(source,),
    )


@drives.register("risk")
def risk(environment: Environment, *, aversion: float = 1.0) -> Drive:
    r"""Exponential utility of each reward: :math:`(1 - e^{-\theta r}) / \theta`.

    Its expectation is, to second order, a reward's mean less :math:`\theta / 2` times its second moment: a
    sure thing is better than a gamble with the same mean. It values single outcomes; the risk of a return,
    which adds up over decisions, is another thing.

    Parameters
    ----------
    environment
        Where the agent acts.
    aversion
        :math:`\theta`; below 0 risk is sought, at 0 it is neither.

    Returns
    -------
    Drive

    References
    ----------
    Pratt 1964, Econometrica 32:122, doi:10.2307/1913738
    """
    source = "Pratt 1964, Econometrica 32:122, doi:10.2307/1913738"

    def felt(move: Move, state: Any) -> Felt:
        return -np.expm1(-aversion * move.rewards) / aversion if aversion else move.rewards, state

    return Drive("risk", felt, references=(source,))


@drives.register("weighted")
def weighted(environment: Environment, *, weights: Mapping[str, float]) -> Drive:
    """A weighted sum of drives.

    Parameters
    ----------
    environment
        Where the agent acts.
    weights
        Of each drive, by name: ``{"reward": 1.0, "empowerment": 0.1}``.

    Returns
    -------
    Drive
    """
    parts = [make(drives, name, environment) for name in weights]

    def felt(move: Move, states: list[Any]) -> Felt:
        each = [part.reward(move, state) for part, state in zip(parts, states, strict=True)]
        total = sum(weight * found for weight, (found, _) in zip(weights.values(), each, strict=True))
        return np.asarray(total), [state for _, state in each]

    references = tuple(line for part in parts for line in part.references)
    return Drive("weighted", felt, lambda: [part.begin() for part in parts], references)


def _world(environment: Environment, name: str) -> MDP:
    if environment.world is None:
        raise TrainingError(
            f"drive {name!r} needs to know which states there are, and those of environment "
            f"{environment.name!r} are not numbered; choose 'gridworld', 'labyrinth' or 'world'"
        )
    return environment.world
