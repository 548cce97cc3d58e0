"""Choices of an agent whose learning rule is known."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy.special import expit

from ...errors import SchemaError, listing
from ...names import CHOICE, CONTRAST, REGRESSOR, REWARD, SESSION_ID, TRIAL, WEIGHT
from ...provenance import label, stamp
from ._rules import policy_rules

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import ArrayLike

    Numbers = np.ndarray[Any, Any]

CONTRASTS = np.array([-1.0, -0.5, -0.25, -0.125, 0.125, 0.25, 0.5, 1.0])
COLUMNS: dict[str, Callable[[Numbers], Numbers]] = {
    "bias": np.ones_like,
    "contrast": np.asarray,
    "left": lambda contrast: np.maximum(-contrast, 0.0),
    "right": lambda contrast: np.maximum(contrast, 0.0),
}


def simulate_choices(
    rule: str,
    *,
    rates: ArrayLike = 0.1,
    walk_sd: ArrayLike = 0.02,
    further: float = 0.0,
    regressors: Sequence[str] = ("bias", "contrast"),
    trials: int = 2000,
    sessions: int = 4,
    reversal: int | None = None,
    rng: int | np.random.Generator | None = None,
) -> xr.Dataset:
    """Choices between left (0) and right (1), of an agent that learns which side has the grating.

    y_t ~ Bernoulli(logistic(w_t . x_t)), and w_{t+1} = w_t + rule(w_t, x_t, y_t, r_t) + N(0, walk_sd^2) for
    each weight, from 0. The choice of the side with the grating is rewarded by 1, the other one by 0.
    Weights go on from one session to the next; traces end with a session.

    Parameters
    ----------
    rule
        Name of one of ``policy_rules``.
    rates
        Learning rates, one for each weight or one for all.
    walk_sd
        Standard deviation of the random part of each weight's step.
    further
        The baseline of ``"reinforce_baseline"``, the decay of ``"eligibility"``.
    regressors
        Some of ``"bias"`` (always 1), ``"contrast"`` (negative on the left), and ``"left"`` and ``"right"``
        (the contrast on that side).
    trials
        Number of trials.
    sessions
        Into how many sessions of about equal length they fall.
    reversal
        After how many trials the rewarded side swaps, each time; by default never. Rules differ most in what
        they do where rewards fail to come.
    rng
        Seed or generator.

    Returns
    -------
    Dataset
        ``choice`` and ``reward`` (trial), ``contrast`` (trial) with the regressors made of it, and the true
        ``weight`` (trial, regressor); coord ``session_id`` (trial).

    Raises
    ------
    SchemaError
        If a regressor is not one of those named above.

    References
    ----------
    Ashwood, Roy, Bak & Pillow 2020, Advances in Neural Information Processing Systems 33:3442

    Examples
    --------
    >>> behaviour = simulate_choices("reinforce", trials=500, rng=0)
    >>> early, late = behaviour.reward[:100].mean().item(), behaviour.reward[-100:].mean().item()
    >>> early < late
    True
    """
    rng = np.random.default_rng(rng)
    contrast = rng.choice(CONTRASTS, size=trials)
    inputs = _columns(contrast, regressors)
    sd, rate = (np.broadcast_to(value, inputs.shape[1:]) for value in (walk_sd, rates))
    session = np.arange(trials) * sessions // trials
    steps = rng.normal(size=inputs.shape) * sd
    chance = rng.random(trials)
    right = (contrast > 0) ^ (np.arange(trials) // (reversal or trials) % 2 == 1)
    found = _play(rule, inputs, right, session, rate, further, steps, chance)
    return _labelled(
        *found, contrast, inputs, session, list(regressors), rule=rule, further=further, trials=trials
    )


def _columns(contrast: Numbers, regressors: Sequence[str]) -> Numbers:
    wrong = [name for name in regressors if name not in COLUMNS]
    if wrong or not regressors:
        raise SchemaError(
            f"no regressors called {listing(wrong)}. There is: {listing(COLUMNS)}."
            if wrong
            else f"there is no regressor. Name one or more of: {listing(COLUMNS)}."
        )
    return np.stack([COLUMNS[name](contrast) for name in regressors], axis=1)


def _play(
    rule: str,
    inputs: Numbers,
    right: Numbers,
    session: Numbers,
    rate: Numbers,
    further: float,
    steps: Numbers,
    chance: Numbers,
) -> tuple[Numbers, Numbers, Numbers]:
    """Choices, rewards and weights, one trial after the other."""
    law = policy_rules[rule]
    choices, rewards, weights = np.zeros(len(inputs)), np.zeros(len(inputs)), np.zeros_like(inputs)
    now = trace = np.zeros(inputs.shape[1])
    for trial, x in enumerate(inputs):
        weights[trial] = now
        p = expit(now @ x)
        y = float(chance[trial] < p)
        r = float(y == right[trial])
        choices[trial], rewards[trial] = y, r
        if trial and session[trial] != session[trial - 1]:
            trace = np.zeros_like(trace)
        reward = np.array(r)
        trace = law.decay(further) * trace + (law.target(np.array(y), reward) - p) * x
        now = now + rate * law.gain(reward, further) * trace + steps[trial]
    return choices, rewards, weights


def _labelled(
    choices: Numbers,
    rewards: Numbers,
    weights: Numbers,
    contrast: Numbers,
    inputs: Numbers,
    session: Numbers,
    regressors: list[str],
    **parameters: Any,
) -> xr.Dataset:
    told = {
        CHOICE: ((TRIAL,), choices.astype(int), "choice: 1 is right"),
        REWARD: ((TRIAL,), rewards, "reward"),
        CONTRAST: ((TRIAL,), contrast, "contrast, negative on the left"),
        "stimuli": ((TRIAL, REGRESSOR), inputs, "regressors of choice"),
        WEIGHT: ((TRIAL, REGRESSOR), weights, "true weight"),
    }
    arrays = {
        name: label(xr.DataArray(values, dims=dims), units="1", long_name=long_name)
        for name, (dims, values, long_name) in told.items()
    }
    names = [f"session {number}" for number in session]
    coords = {REGRESSOR: regressors, SESSION_ID: (TRIAL, names)}
    return stamp(xr.Dataset(arrays, coords=coords), "plasticity.simulate_choices", **parameters)
