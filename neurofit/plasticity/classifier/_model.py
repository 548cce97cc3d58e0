"""What tells rules apart: robustly scaled logarithms, and one linear boundary between each two rules."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import RobustScaler

Numbers = np.ndarray
SMALL = 0.01  # of a feature's median magnitude: below it the scale is linear, above it logarithmic


class SignedLog(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """asinh(x / s), where s is a hundredth of the feature's median magnitude.

    Statistics of weights span orders of magnitude over networks, and rules differ in ratios.
    """

    def fit(self, X: Numbers, y: Any = None) -> Self:
        """Learn the scale of each feature of ``X`` (sample, feature)."""
        middle = SMALL * np.median(np.abs(X), axis=0)
        self.scale_ = np.where(middle > 0, middle, 1.0)
        return self

    def transform(self, X: Numbers) -> Numbers:
        """Scaled features (sample, feature)."""
        return np.arcsinh(X / self.scale_)


def default_model() -> Pipeline:
    """Linear discriminant with a shrunken covariance, for more features than networks."""
    return make_pipeline(
        SignedLog(), RobustScaler(), LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    )
