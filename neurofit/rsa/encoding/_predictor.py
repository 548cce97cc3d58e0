"""What mappings from features to targets have in common: they are linear, and know training data alone."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted, validate_data

from ...registry import Registry

if TYPE_CHECKING:
    from .._trials import Numbers


class Learned(NamedTuple):
    """A mapping from standardised features to centred targets."""

    slopes: Numbers  # (feature, target)
    choice: Numbers  # (target,), what inner cross-validation or matching chose
    error: Numbers  # (target,), mean squared error in inner cross-validation


class Predictor(MultiOutputMixin, RegressorMixin, BaseEstimator, ABC):  # type: ignore[misc]
    """A linear mapping of features to targets: predictions are ``features @ coef_.T + intercept_``.

    Features are centred and scaled to unit variance, and targets centred, by what the training data say.

    Attributes
    ----------
    coef_
        Slopes (target, feature) in units of the data; (feature,) for a single target given as a vector.
    intercept_
        Offset of each target.
    choice_
        What was chosen for each target from the training data.
    inner_score_
        Explained variance of each target in the inner cross-validation, on training data alone; 0 where a
        target does not vary.
    """

    choice_name: ClassVar[str]  # what `choice_` is
    joint: ClassVar[bool]  # whether targets have a say in how each other is predicted
    references: ClassVar[tuple[str, ...]]

    def fit(self, X: Any, y: Any) -> Self:
        """Learn the mapping.

        Parameters
        ----------
        X
            Features (stimulus, feature).
        y
            Targets (stimulus, target) or (stimulus,).

        Returns
        -------
        Predictor
            Itself.
        """
        X, y = validate_data(
            self, X, y, dtype=np.float64, multi_output=True, y_numeric=True, ensure_min_samples=2
        )
        targets = np.asarray(y, dtype=np.float64).reshape(len(X), -1)
        offset = targets.mean(axis=0)
        scaler = StandardScaler().fit(X)
        learned = self._learn(scaler.transform(X), targets - offset)
        variance = targets.var(axis=0)
        flat = variance <= np.finfo(float).eps * np.square(offset)
        coef = (learned.slopes / scaler.scale_[:, None]).T
        self.choice_ = learned.choice
        self.inner_score_ = np.where(flat, 0.0, 1.0 - learned.error / np.where(flat, 1.0, variance))
        self.coef_ = coef[0] if np.ndim(y) == 1 else coef
        intercept = offset - coef @ scaler.mean_
        self.intercept_ = intercept[0] if np.ndim(y) == 1 else intercept
        return self

    def predict(self, X: Any) -> Numbers:
        """Targets of other stimuli.

        Parameters
        ----------
        X
            Features (stimulus, feature).

        Returns
        -------
        array
            Targets (stimulus, target), or (stimulus,) if they were learned from a vector.
        """
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return X @ self.coef_.T + self.intercept_

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Explained variance of other stimuli, mean over targets; it is negative where the mean does better.

        Parameters
        ----------
        X
            Features (stimulus, feature).
        y
            Targets (stimulus, target) or (stimulus,).
        sample_weight
            How much each stimulus counts.

        Returns
        -------
        float
            ``1 - sum((y - predicted)^2) / sum((y - mean y)^2)``.
        """
        return float(super().score(X, y, sample_weight))

    @abstractmethod
    def _learn(self, features: Numbers, targets: Numbers) -> Learned:
        """Slopes for standardised features and centred targets."""


predictors: Registry[type[Predictor]] = Registry("predictor")
