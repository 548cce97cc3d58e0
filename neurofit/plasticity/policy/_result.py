"""A fitted rule as labelled arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from scipy.special import expit

from ...names import BOUND, BOUNDS, REGRESSOR, TRIAL, WEIGHT
from ...provenance import label
from ._banded import inverse_blocks
from ._evidence import RATE_UNIT
from ._rules import policy_rules

if TYPE_CHECKING:
    from ._evidence import Fit
    from ._inputs import Behaviour, Numbers

WIDTH = 1.959964  # standard errors on either side of a 95 % interval
SURE = "95 % interval of the "


def labelled(kind: str, fit: Fit, behaviour: Behaviour) -> xr.Dataset:
    """Weights, probabilities and parameters, each with its error."""
    law, count = policy_rules[kind], behaviour.inputs.shape[1]
    weights = fit.posterior.weights
    deviations = weight_errors(fit, count)
    p = expit((weights * behaviour.inputs).sum(axis=1))
    arrays = {
        **_with_errors(WEIGHT, (TRIAL, REGRESSOR), weights, deviations, "weight of a regressor", "log odds"),
        "probability": _array((TRIAL,), p, "probability of choice 1 at the most probable weights", "1"),
        **_walk(fit, count),
    }
    if law.learns:
        rate, error = (part[count : 2 * count] * RATE_UNIT for part in (fit.values, fit.errors))
        arrays |= _with_errors(
            "learning_rate", (REGRESSOR,), rate, error, "learning rate", "log odds", low=0.0
        )
    if law.further:
        arrays |= _with_errors(law.further, (), fit.values[-1], fit.errors[-1], law.further, "1")
    arrays |= scores(fit, len(weights))
    return xr.Dataset(arrays, coords={REGRESSOR: behaviour.regressors})


def scores(fit: Fit, trials: int) -> dict[str, xr.DataArray]:
    """How well a rule does, with and without a price for its parameters."""
    evidence, count = fit.posterior.log_evidence, len(fit.values)
    told = {
        "log_evidence": (evidence, "log evidence at the best parameters", "nats"),
        "parameters": (count, "number of parameters", "1"),
        "aic": (2 * count - 2 * evidence, "Akaike's criterion on the evidence", "nats"),
        "bic": (count * np.log(trials) - 2 * evidence, "Bayesian criterion on the evidence", "nats"),
    }
    return {name: _array((), *entry) for name, entry in told.items()}


def weight_errors(fit: Fit, count: int) -> Numbers:
    """Standard deviations (trial, regressor) of the weights given the choices."""
    variances = np.diagonal(inverse_blocks(fit.posterior.hessian), axis1=1, axis2=2)
    return np.sqrt(variances[:, :count] + fit.added)


def _walk(fit: Fit, count: int) -> dict[str, xr.DataArray]:
    """Standard deviations, whose errors are those of their logarithms."""
    logs, errors = fit.values[:count], fit.errors[:count]
    told = "standard deviation of a weight's random step"
    interval = np.exp(logs[:, None] + np.array([-WIDTH, WIDTH]) * errors[:, None])
    return {
        "walk_sd": _array((REGRESSOR,), np.exp(logs), told, "log odds"),
        "walk_sd_interval": _bounds((REGRESSOR,), interval, SURE + told, "log odds"),
    }


def _with_errors(
    name: str, dims: tuple[str, ...], values: Any, errors: Any, told: str, units: str, *, low: float = -np.inf
) -> dict[str, xr.DataArray]:
    values, errors = np.asarray(values), np.asarray(errors)
    interval = np.maximum(values[..., None] + np.array([-WIDTH, WIDTH]) * errors[..., None], low)
    return {
        name: _array(dims, values, told, units),
        f"{name}_standard_error": _array(dims, errors, f"standard error of the {told}", units),
        f"{name}_interval": _bounds(dims, interval, SURE + told, units),
    }


def _array(dims: tuple[str, ...], values: Any, long_name: str, units: str) -> xr.DataArray:
    return label(xr.DataArray(values, dims=dims), units=units, long_name=long_name)


def _bounds(dims: tuple[str, ...], values: Numbers, long_name: str, units: str) -> xr.DataArray:
    array = xr.DataArray(values, dims=(*dims, BOUND), coords={BOUND: list(BOUNDS)})
    return label(array, units=units, long_name=long_name)
