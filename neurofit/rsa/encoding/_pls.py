"""Partial least squares, with a number of components that all targets share."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
from sklearn.cross_decomposition import PLSRegression
from sklearn.exceptions import ConvergenceWarning

from .. import _sources
from ._inner import INNER_FOLDS, inner_folds
from ._predictor import Learned, Predictor, predictors

if TYPE_CHECKING:
    from .._trials import Numbers


@predictors.register("pls")
class PLSPredictivity(Predictor):
    """Linear regression on a few components of the features, those that vary most with the targets.

    The number of components is that with the smallest squared error in an inner cross-validation, summed over
    targets of unit variance. It can be 0, which predicts the mean.

    Parameters
    ----------
    max_components
        The most components to try.
    inner_folds
        How many folds the inner cross-validation has.
    random_state
        Seed or generator of the inner folds.

    References
    ----------
    Wold et al. 1984, SIAM Journal on Scientific and Statistical Computing 5:735, doi:10.1137/0905052
    Yamins et al. 2014, PNAS 111:8619, doi:10.1073/pnas.1403112111

    Examples
    --------
    >>> features = np.linspace(-1, 1, 20)[:, None]
    >>> PLSPredictivity(random_state=0).fit(features, 3 * features).coef_.round(3)
    array([[3.]])
    """

    choice_name = "number of components"
    joint = True
    references = (_sources.PLS, _sources.HIERARCHICAL)

    def __init__(
        self,
        max_components: int = 25,
        *,
        inner_folds: int = INNER_FOLDS,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.max_components = max_components
        self.inner_folds = inner_folds
        self.random_state = random_state

    def _learn(self, features: Numbers, targets: Numbers) -> Learned:
        scale = targets.std(axis=0)
        scale[scale == 0] = 1.0
        scaled = targets / scale
        errors = self._errors(features, scaled)
        count = int(errors.sum(axis=1).argmin())
        slopes = np.zeros((features.shape[1], targets.shape[1]))
        if count:
            slopes = _fitted(features, scaled, count).coef_.T * scale
        chosen = np.full(targets.shape[1], float(count))
        return Learned(slopes, chosen, errors[count] * np.square(scale))

    def _errors(self, features: Numbers, targets: Numbers) -> Numbers:
        """Mean squared error (component count, target) in cross-validation, from 0 components up."""
        folds = list(inner_folds(len(features), self.inner_folds, self.random_state))
        most = min(_rank(features[train], self.max_components) for train, _ in folds)
        errors = np.zeros((most + 1, targets.shape[1]))
        for train, test in folds:
            left = targets[test] - targets[train].mean(axis=0)
            errors[0] += np.square(left).sum(axis=0)
            if not most:
                continue
            # Components are nested: one fit with the most of them holds all smaller ones.
            pls = _fitted(features[train], targets[train], most)
            for count, (score, loading) in enumerate(
                zip(pls.transform(features[test]).T, pls.y_loadings_.T, strict=True), start=1
            ):
                left = left - np.outer(score, loading)
                errors[count] += np.square(left).sum(axis=0)
        return errors / len(features)


def _rank(features: Numbers, most: int) -> int:
    """How many components there are, up to ``most``."""
    return min(most, int(np.linalg.matrix_rank(features - features.mean(axis=0))))


def _fitted(features: Numbers, targets: Numbers, components: int) -> PLSRegression:
    with warnings.catch_warnings():
        # Nothing is left to explain: the further components are zero, as they should be.
        warnings.filterwarnings("ignore", message="y residual is constant")
        # Two directions explain the same, so that either will do.
        warnings.simplefilter("ignore", ConvergenceWarning)
        return PLSRegression(components, scale=False).fit(features, targets)
