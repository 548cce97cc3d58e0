"""How well a rule predicts trajectories that it was not fitted to."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ... import provenance
from ...provenance import label
from ._generate import MEHTA
from ._inputs import complete, observed
from ._unroll import bernoulli

if TYPE_CHECKING:
    from ._terms import Numbers
    from ._unroll import Observed

    Prediction = tuple[Numbers, Numbers]  # activity, weights

MEANINGS = {
    "r2_activity": ("1", "share of the variance of activity predicted"),
    "r2_weights": ("1", "share of the variance of weights predicted"),
    "r2_weight_changes": ("1", "share of the squared changes of weights since the first step predicted"),
    "deviance_explained": ("%", "deviance less than that of weights that never change"),
}


class Predictor(ABC):
    """A rule that predicts activity and weights from the first weights on."""

    learning_rate: float
    activation: str

    @abstractmethod
    def _predicted(self, seen: Observed, first: Numbers) -> tuple[Prediction, Prediction]:
        """Activity and weights under the rule, and those of a network that does not learn."""

    def _observed(self, **arrays: xr.DataArray | None) -> tuple[Observed, Numbers | None]:
        return observed(arrays, activation=self.activation, learning_rate=self.learning_rate)

    def score(
        self,
        pre: xr.DataArray,
        *,
        initial_weights: xr.DataArray,
        activity: xr.DataArray | None = None,
        weights: xr.DataArray | None = None,
        choices: xr.DataArray | None = None,
        reward: xr.DataArray | None = None,
        recorded: xr.DataArray | None = None,
    ) -> xr.Dataset:
        """How well the rule predicts trajectories; give some that were held out of ``fit``.

        A high share of variance is no proof of a rule: weights that hardly change are predicted by any.

        Parameters
        ----------
        pre, activity, weights, choices, reward, recorded
            As for ``fit``.
        initial_weights
            Weights (trajectory, post, pre) before the first step.

        Returns
        -------
        Dataset
            ``r2_activity`` and ``r2_weights``, against their means; ``r2_weight_changes``, against weights
            that never change; ``deviance_explained``, in percent, of activity or choices (of weights where
            there are neither) against weights that never change. NaN where nothing was observed.

        Raises
        ------
        SchemaError
            If shapes do not fit, or first weights have NaN.
        """
        seen, first = self._observed(
            pre=pre,
            activity=activity,
            weights=weights,
            choices=choices,
            reward=reward,
            initial_weights=initial_weights,
            recorded=recorded,
        )
        learned, still = self._predicted(seen, complete(first, of="a score"))
        return score(seen, learned, still, step=f"plasticity.{type(self).__name__}.score")


def score(seen: Observed, rule: Prediction, still: Prediction, *, step: str) -> xr.Dataset:
    """Scores of predicted activity and weights, beside those of the same network that does not learn."""
    first = still[1][:, :1]
    values = {
        "r2_activity": np.nan if seen.binary else _r2(seen.activity, rule[0]),
        "r2_weights": _r2(seen.weights, rule[1]),
        "r2_weight_changes": _r2(seen.weights, rule[1], baseline=first),
        "deviance_explained": _explained(seen, rule, still),
    }
    result = xr.Dataset(
        {
            name: label(xr.DataArray(values[name]), units=units, long_name=what)
            for name, (units, what) in MEANINGS.items()
        }
    )
    return provenance.stamp(result, step, references=[MEHTA])


def _r2(values: Numbers, predicted: Numbers, *, baseline: Numbers | None = None) -> float:
    """Against the mean of all values, or against a baseline."""
    if np.isnan(values).all():
        return np.nan
    least = np.nanmean(values) if baseline is None else baseline
    return float(1 - np.nansum((values - predicted) ** 2) / np.nansum((values - least) ** 2))


def _explained(seen: Observed, rule: Prediction, still: Prediction) -> float:
    at = 0 if not np.isnan(seen.activity).all() else 1
    values = (seen.activity, seen.weights)[at]
    ours, theirs = (_deviance(values, some[at], binary=seen.binary) for some in (rule, still))
    return 100 * (1 - ours / theirs)


def _deviance(values: Numbers, predicted: Numbers, *, binary: bool) -> float:
    return bernoulli(values, predicted) if binary else float(np.nansum((values - predicted) ** 2))
