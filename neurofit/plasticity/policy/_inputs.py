"""Choices, rewards and stimuli as plain numbers, checked."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...errors import RecordingError, SchemaError, listing
from ...names import REGRESSOR, SESSION_ID, TRIAL

if TYPE_CHECKING:
    import xarray as xr

Numbers = np.ndarray[Any, np.dtype[np.float64]]

FEWEST_FOR_EACH = 20  # trials for each regressor: fewer do not tell a weight from its drift


class Behaviour(NamedTuple):
    """What was seen, chosen and rewarded on each trial."""

    inputs: Numbers  # (trial, regressor)
    choices: Numbers  # (trial,), 0 or 1
    rewards: Numbers  # (trial,)
    first: np.ndarray[Any, np.dtype[np.bool_]]  # (trial,), whether a session begins with it
    regressors: list[str]


def behaviour_of(
    choices: xr.DataArray, rewards: xr.DataArray | None, stimuli: xr.DataArray, *, learns: bool
) -> Behaviour:
    """Checked numbers; all that is wrong is told at once."""
    problems = _shape_problems(choices, rewards, stimuli, learns)
    if problems:
        raise SchemaError(
            f"not valid behaviour: {'; '.join(problems)}. PolicyRule takes choices (trial) of 0 and 1, "
            "rewards (trial), and stimuli (trial, regressor) with a column of ones where there is a bias."
        )
    inputs = stimuli.transpose(TRIAL, REGRESSOR).values.astype(float)
    chosen = choices.values.astype(float)
    paid = np.zeros_like(chosen) if rewards is None else rewards.values.astype(float)
    names = [str(name) for name in stimuli[REGRESSOR].values]
    problems = [
        *_missing(choices=chosen, rewards=paid, stimuli=inputs),
        *_value_problems(inputs, chosen, paid if learns else None, names),
    ]
    if problems:
        raise RecordingError(f"this behaviour cannot be analysed: {'; '.join(problems)}.")
    return Behaviour(inputs, chosen, paid, _first(choices), names)


def _shape_problems(
    choices: xr.DataArray, rewards: xr.DataArray | None, stimuli: xr.DataArray, learns: bool
) -> list[str]:
    problems = []
    if choices.dims != (TRIAL,):
        problems.append(f"choices have dims {choices.dims}, not ('{TRIAL}',)")
    if set(stimuli.dims) != {TRIAL, REGRESSOR}:
        problems.append(f"stimuli have dims {stimuli.dims}, not ('{TRIAL}', '{REGRESSOR}')")
    if rewards is None and learns:
        problems.append("rewards are missing, and this rule learns from them")
    if rewards is not None and rewards.dims != (TRIAL,):
        problems.append(f"rewards have dims {rewards.dims}, not ('{TRIAL}',)")
    given = {"choices": choices, "stimuli": stimuli} | ({} if rewards is None else {"rewards": rewards})
    sizes = {name: array.sizes.get(TRIAL) for name, array in given.items()}
    if len(set(sizes.values())) > 1:
        problems.append(
            "numbers of trials differ: " + listing(f"{count} {name}" for name, count in sizes.items())
        )
    return problems


def _missing(**arrays: Numbers) -> list[str]:
    problems = []
    for name, values in arrays.items():
        lacking = np.flatnonzero(~np.isfinite(values.reshape(len(values), -1)).all(axis=1))
        if len(lacking):
            problems.append(
                f"{name} are missing on {len(lacking)} trials ({listing(lacking, limit=5)}); leave those "
                "trials out of choices, rewards and stimuli alike"
            )
    return problems


def _value_problems(
    inputs: Numbers, choices: Numbers, rewards: Numbers | None, names: list[str]
) -> list[str]:
    problems = []
    values = np.unique(choices[np.isfinite(choices)])
    if not np.isin(values, [0, 1]).all():
        problems.append(
            f"choices are {listing((f'{value:g}' for value in values), limit=5)}, not 0 and 1; code one side "
            "as 0, the other as 1"
        )
    elif len(values) < 2:
        problems.append("the same choice was made on every trial, which tells nothing of weights")
    if rewards is not None and np.isfinite(rewards).all() and np.ptp(rewards) == 0:
        problems.append(
            f"every reward is {rewards[0]:g}, so rules that differ in rewards cannot be told apart"
        )
    problems += _alike(inputs, names)
    fewest = FEWEST_FOR_EACH * len(names)
    if len(choices) < fewest:
        problems.append(
            f"there are {len(choices)} trials, and {len(names)} regressors need {fewest}; add sessions or "
            "leave out regressors"
        )
    return problems


def _alike(inputs: Numbers, names: list[str]) -> list[str]:
    """Regressors that are zero throughout, or that others add up to: their weights are not told apart."""
    if not np.isfinite(inputs).all():
        return []
    constant = [name for name, column in zip(names, inputs.T, strict=True) if np.ptp(column) == 0]
    zero = [name for name in constant if not inputs[:, names.index(name)].any()]
    if zero or len(constant) > 1:
        return [
            f"regressors do not vary: {listing(zero or constant)}; one constant column, the bias, is enough"
        ]
    if np.linalg.matrix_rank(inputs) < len(names):
        return [f"some of the regressors {listing(names)} add up to another; leave it out"]
    return []


def _first(choices: xr.DataArray) -> np.ndarray[Any, np.dtype[np.bool_]]:
    first = np.zeros(choices.sizes[TRIAL], dtype=bool)
    first[0] = True
    if SESSION_ID in choices.coords:
        session = choices[SESSION_ID].values
        first[1:] = session[1:] != session[:-1]
    return first
