"""What a trained agent does, and how surprised it is, in the shape of an animal's behaviour."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import xarray as xr

from ...names import ACTION, DECISION, LENGTH, STATE, SUBJECT, TRAJECTORY
from ...provenance import label, stamp
from .._choice import make
from .._threads import one_thread
from ._drives import drives
from ._environment import Episodes, environments
from ._rule import agent_rules
from ._train import Lesson, _decide

if TYPE_CHECKING:
    from .._choice import Choice
    from .._network import Network


def behaviour(
    network: Network,
    *,
    environment: Choice | None = None,
    snapshot: int = -1,
    n: int = 20,
    length: int = 50,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    r"""What an agent does without learning, and its reward-prediction error at each decision.

    The error, :math:`\delta_t = r_t + \gamma V(s_{t+1}) - V(s_t)`, is that of the agent's own rule, and about
    what its drive makes of the reward; it is what phasic dopamine is held to tell.

    Parameters
    ----------
    network
        From ``nets.train_agent``.
    environment
        Where it acts, if not where it learned; such as one without the reward that it expects.
    snapshot
        Which of its weights: an entry of ``network.history``, the last one by default.
    n
        Number of episodes.
    length
        Number of decisions of each, at most.
    rng
        Seed or generator.

    Returns
    -------
    Dataset
        ``reward`` and ``prediction_error`` (trajectory, decision), with coords ``subject`` and ``length``;
        NaN beyond the end. Where states are numbered also ``state`` and ``action``, whole numbers, -1 beyond
        the end: trajectories, as of an animal.

    References
    ----------
    Schultz, Dayan & Montague 1997, Science 275:1593, doi:10.1126/science.275.5306.1593

    Examples
    --------
    >>> from neurofit import nets
    >>> agent = nets.train_agent("gridworld", steps=10, rng=0, progress=False)
    >>> dict(behaviour(agent, n=3, length=8, rng=0).sizes)
    {'trajectory': 3, 'decision': 8}
    """
    rng = np.random.default_rng(rng)
    recipe = network.recipe
    place = make(environments, recipe["task"] if environment is None else environment)
    rule, drive = make(agent_rules, recipe["rule"]), make(drives, recipe["objective"], place)
    lesson = Lesson(place, drive, rule, network.stages, recipe["outputs"], 1.0, "")
    params, generator = network.snapshots[snapshot], torch.Generator().manual_seed(int(rng.integers(2**63)))
    numbered = place.world is not None
    told = {"reward": np.full((n, length), np.nan), "prediction_error": np.full((n, length), np.nan)}
    whole = {name: np.full((n, length), -1) for name in ((STATE, ACTION) if numbered else ())}
    running, going, felt = Episodes(place, n), np.ones(n, bool), drive.begin()
    seen, state = torch.from_numpy(running.reset(rng)), rule.begin(network.stages, params, n)
    seen = seen.to(network.device)
    with one_thread():
        for decision in range(length):
            experience, felt = _decide(lesson, params, running, seen, felt, generator)
            learned = rule.learn(network.stages, params, experience, state, place.discount)
            state, seen, move = learned.state, experience.following, running.last
            values = {STATE: move.states, ACTION: move.actions, "reward": move.rewards}
            values["prediction_error"] = learned.error.cpu().numpy()
            for name, array in {**whole, **told}.items():
                array[going, decision] = values[name][going]
            going &= ~move.done
    result = _labelled({**whole, **told}, network.name)
    return stamp(result, "nets.behaviour", sources=[network.history], n=n, length=length)


def _labelled(arrays: dict[str, np.ndarray], subject: str) -> xr.Dataset:
    """Arrays (trajectory, decision) with their names and lengths."""
    units = {STATE: "1", ACTION: "1"}
    labelled = {
        name: label(
            xr.DataArray(array, dims=(TRAJECTORY, DECISION)),
            units=units.get(name, "reward"),
            long_name=name.replace("_", " "),
        )
        for name, array in arrays.items()
    }
    lengths = np.isfinite(arrays["reward"]).sum(axis=1)
    coords = {SUBJECT: (TRAJECTORY, [subject] * len(lengths)), LENGTH: (TRAJECTORY, lengths)}
    return xr.Dataset(labelled, coords=coords)
