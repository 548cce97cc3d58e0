"""Choices of an animal whose preferences change by a known rule of reward."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ... import provenance
from ...names import PRE, STEP, TRAJECTORY
from ...provenance import label
from ._generate import MEHTA
from ._terms import FACTORS, activations, powers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ._terms import Counts, Numbers, Term

CHANCES = (0.2, 0.8)
REMEMBERED = 10  # trials over which reward is averaged to be expected


def choice_trajectories(
    rule: Mapping[Term, float],
    *,
    odours: int = 2,
    steps: int = 240,
    trajectories: int = 3,
    block: int = 40,
    learning_rate: float = 0.2,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    r"""Choices to accept or decline an odour, learned by a rule of reward that is known.

    One odour is shown at each trial, x_j = 1 for it and 0 for others, and accepted with probability
    :math:`y = 1 / (1 + e^{-w x})`. Odours accepted are rewarded with chance .2 or .8, which swap at
    the end of each block. Reward r is less the mean of the last ten trials. Weights begin at 0 and change by

    .. math:: w'_j = w_j + \eta \sum_{abcd} \theta_{abcd}\, x_j^a\, y^b\, w_j^c\, r^d .

    Parameters
    ----------
    rule
        Coefficient of each term, by its powers of pre, post, weight and reward.
    odours
        How many there are.
    steps
        Trials of a trajectory.
    trajectories
        How many animals.
    block
        Trials after which chances swap.
    learning_rate
        eta.
    rng
        Seed or generator.

    Returns
    -------
    Dataset
        ``inputs`` (trajectory, step, pre), ``choices`` and ``reward`` (trajectory, step), and the true
        ``weights`` (trajectory, step, pre) before each trial.

    References
    ----------
    Mehta et al. 2024, Advances in Neural Information Processing Systems 37:48519,
    doi:10.1101/2023.12.11.571103

    Examples
    --------
    >>> data = choice_trajectories({(1, 0, 0, 1): 1.0}, steps=5, trajectories=2, rng=0)
    >>> dict(data.choices.sizes)
    {'trajectory': 2, 'step': 5}
    """
    rng = np.random.default_rng(rng)
    shown = rng.integers(odours, size=(trajectories, steps))
    inputs = np.eye(odours)[shown]
    swapped = (np.arange(steps) // block + shown) % 2
    luck = rng.uniform(size=shown.shape) < np.array(CHANCES)[swapped]
    draws = rng.uniform(size=shown.shape)
    table, theta = powers(rule), np.array(list(rule.values()), dtype=float)
    weights = np.zeros((trajectories, steps, odours))
    accepted, earned, reward = (np.zeros(shown.shape) for _ in range(3))
    now = np.zeros((trajectories, odours))
    for step in range(steps):
        weights[:, step] = now
        chance = activations["sigmoid"].rate((now * inputs[:, step]).sum(1))
        accepted[:, step] = draws[:, step] < chance
        earned[:, step] = accepted[:, step] * luck[:, step]
        past = earned[:, max(step - REMEMBERED, 0) : step]
        reward[:, step] = earned[:, step] - (past.mean(1) if step else 0.0)
        factors = (inputs[:, step], chance[:, None], now, reward[:, step, None])
        now = now + learning_rate * _change(table, theta, factors)
    result = _labelled(inputs=inputs, choices=accepted, reward=reward, weights=weights)
    return provenance.stamp(
        result,
        "plasticity.choice_trajectories",
        references=[MEHTA],
        rule={str(term): value for term, value in rule.items()},
        learning_rate=learning_rate,
        block=block,
    )


COLUMNS = {
    "inputs": ((TRAJECTORY, STEP, PRE), "whether the odour was shown"),
    "choices": ((TRAJECTORY, STEP), "whether the odour was accepted"),
    "reward": ((TRAJECTORY, STEP), "reward less what was expected"),
    "weights": ((TRAJECTORY, STEP, PRE), "preference for the odour"),
}


def _labelled(**arrays: Numbers) -> xr.Dataset:
    sizes = zip(COLUMNS["weights"][0], arrays["weights"].shape, strict=True)
    return xr.Dataset(
        {
            name: label(xr.DataArray(arrays[name], dims=dims), units="1", long_name=what)
            for name, (dims, what) in COLUMNS.items()
        },
        coords={dim: range(size) for dim, size in sizes},
    )


def _change(table: Counts, theta: Numbers, factors: tuple[Numbers, ...]) -> Numbers:
    changes = [
        coefficient * np.prod(np.broadcast_arrays(*(f**p for f, p in zip(factors, row, strict=True))), axis=0)
        for coefficient, row in zip(theta, table[:, : len(FACTORS)], strict=True)
    ]
    return np.sum(changes, axis=0)
