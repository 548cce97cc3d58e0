"""A fitted rule as labelled arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy.special import expit

from ...names import BOUND, BOUNDS, REGRESSOR, TRIAL, WEIGHT
from ...provenance import label
from ._banded import inverse_blocks
from ._rules import policy_rules

if TYPE_CHECKING:
    from ._evidence import Fit
    from ._inputs import Behaviour, Numbers
    from ._rules import PolicyLearning

SIDES = np.array([-1.959964, 1.959964])  # of a 95 % interval, in standard errors


def labelled(kind: str, fit: Fit, behaviour: Behaviour) -> xr.Dataset:
    """Weights, probabilities and parameters, each with its error."""
    law, count = policy_rules[kind], behaviour.inputs.shape[1]
    weights = fit.posterior.weights
    deviations = weight_errors(fit, count)
    p = expit((weights * behaviour.inputs).sum(axis=1))
    given = (weights, deviations)
    arrays = {
        **_with_errors(WEIGHT, (TRIAL, REGRESSOR), *given, "weight of a regressor", "log odds"),
        "probability": _array((TRIAL,), p, "probability of choice 1 at the most probable weights", "1"),
        **_scale("walk_sd", fit, slice(0, count), "standard deviation of a weight's random step"),
    }
    if law.learns:
        arrays |= _scale("learning_rate", fit, slice(count, 2 * count), "learning rate")
    if law.further:
        arrays |= _further(law, fit, behaviour)
    return xr.Dataset(arrays | scores(fit), coords={REGRESSOR: behaviour.regressors})


def scores(fit: Fit) -> dict[str, xr.DataArray]:
    """How well a rule does, at its best parameters and whatever they are."""
    told = {
        "parameters": (len(fit.values), "number of parameters", "1"),
        "log_evidence": (fit.posterior.log_evidence, "log evidence at the most probable parameters", "nats"),
        "log_marginal": (fit.log_marginal, "log evidence for the rule, whatever its parameters", "nats"),
    }
    return {name: _array((), *entry) for name, entry in told.items()}


def weight_errors(fit: Fit, count: int) -> Numbers:
    """Standard deviations (trial, regressor) of the weights given the choices."""
    variances = np.diagonal(inverse_blocks(fit.posterior.hessian), axis1=1, axis2=2)
    return np.sqrt(variances[:, :count] + fit.added)


def _scale(name: str, fit: Fit, part: slice, told: str) -> dict[str, xr.DataArray]:
    """What is above 0: its error is taken on the scale of logarithms."""
    logs, errors = fit.values[part], fit.errors[part]
    interval = np.exp(logs[:, None] + SIDES * errors[:, None])
    return _told(name, (REGRESSOR,), np.exp(logs), np.exp(logs) * errors, interval, told, "log odds")


def _further(law: type[PolicyLearning], fit: Fit, behaviour: Behaviour) -> dict[str, xr.DataArray]:
    """The further parameter, whose error is taken on the scale of its logit."""
    low, high = law.bounds(behaviour.rewards)
    logit, error = fit.values[-1], fit.errors[-1]
    share = expit(logit)
    interval = low + (high - low) * expit(logit + SIDES * error)
    near = (high - low) * share * (1 - share) * error
    name = str(law.further)
    return _told(name, (), low + (high - low) * share, near, interval, name, "1")


def _with_errors(
    name: str, dims: tuple[str, ...], values: Numbers, errors: Numbers, told: str, units: str
) -> dict[str, xr.DataArray]:
    return _told(name, dims, values, errors, values[..., None] + SIDES * errors[..., None], told, units)


def _told(
    name: str, dims: tuple[str, ...], values: Any, errors: Any, interval: Numbers, told: str, units: str
) -> dict[str, xr.DataArray]:
    return {
        name: _array(dims, values, told, units),
        f"{name}_standard_error": _array(dims, errors, f"standard error of the {told}", units),
        f"{name}_interval": _bounds(dims, interval, f"95 % interval of the {told}", units),
    }


def _array(dims: tuple[str, ...], values: Any, long_name: str, units: str) -> xr.DataArray:
    return label(xr.DataArray(values, dims=dims), units=units, long_name=long_name)


def _bounds(dims: tuple[str, ...], values: Numbers, long_name: str, units: str) -> xr.DataArray:
    array = xr.DataArray(values, dims=(*dims, BOUND), coords={BOUND: list(BOUNDS)})
    return label(array, units=units, long_name=long_name)
