"""Each target from a single feature."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import numpy as np
from scipy.optimize import linear_sum_assignment

from .. import _sources
from ._inner import INNER_FOLDS, inner_folds
from ._predictor import Learned, Predictor, predictors

if TYPE_CHECKING:
    from .._trials import Codes, Flags, Numbers


@predictors.register("one_to_one")
class OneToOnePredictivity(Predictor):
    """The single feature that correlates best with each target; one feature may serve several targets.

    The correlation is signed: a feature that falls when the target rises is no match for it. Gain and offset
    are those of least squares. Where no correlation is positive the target has no match, and its mean is
    predicted.

    Parameters
    ----------
    inner_folds
        How many folds the inner cross-validation has, which says how well training data are predicted.
    random_state
        Seed or generator of the inner folds.

    References
    ----------
    Li et al. 2016, ICLR, arXiv:1511.07543

    Examples
    --------
    >>> features = np.array([[0.0, 0.0], [1.0, 1.0], [0.0, 2.0], [1.0, 3.0]])
    >>> OneToOnePredictivity(random_state=0).fit(features, [0.0, 10.0, 20.0, 30.0]).coef_.round(6)
    array([ 0., 10.])
    """

    choice_name = "position of the matched feature, -1 for none"
    joint = False
    references: ClassVar[tuple[str, ...]] = (_sources.CONVERGENT,)

    def __init__(
        self,
        *,
        inner_folds: int = INNER_FOLDS,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.inner_folds = inner_folds
        self.random_state = random_state

    def _learn(self, features: Numbers, targets: Numbers) -> Learned:
        error = np.zeros(targets.shape[1])
        for train, test in inner_folds(len(features), self.inner_folds, self.random_state):
            match, gain = self._matched(features[train], targets[train])
            deviation = features[test][:, match] - features[train][:, match].mean(axis=0)
            left = targets[test] - targets[train].mean(axis=0) - gain * deviation
            error += np.square(left).sum(axis=0)
        match, gain = self._matched(features, targets)
        slopes = np.zeros((features.shape[1], targets.shape[1]))
        slopes[match, np.arange(len(match))] = gain
        return Learned(slopes, np.where(gain > 0, match, -1).astype(np.float64), error / len(features))

    def _matched(self, features: Numbers, targets: Numbers) -> tuple[Codes, Numbers]:
        """The feature for each target, and its gain: 0 without a match."""
        feature_spread, target_spread = _spread(features), _spread(targets)
        centred = (features - features.mean(axis=0)) / feature_spread
        correlation = centred.T @ (targets - targets.mean(axis=0)) / target_spread / len(features)
        match, matched = self._assign(correlation)
        gain = correlation[match, np.arange(len(match))] * target_spread / feature_spread[match]
        return match, np.where(matched, np.maximum(gain, 0.0), 0.0)

    @staticmethod
    def _assign(similarity: Numbers) -> tuple[Codes, Flags]:
        """Feature for each target of ``similarity`` (feature, target), and whether there is one."""
        return similarity.argmax(axis=0), np.ones(similarity.shape[1], dtype=bool)

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        tags = super().__sklearn_tags__()
        tags.regressor_tags.poor_score = True
        return tags


@predictors.register("assignment")
class AssignmentPredictivity(OneToOnePredictivity):
    """One feature for each target and no feature twice, with the largest sum of correlations.

    With more targets than features, those that are left without a match are predicted by their mean.

    Parameters
    ----------
    inner_folds
        How many folds the inner cross-validation has, which says how well training data are predicted.
    random_state
        Seed or generator of the inner folds.

    References
    ----------
    Li et al. 2016, ICLR, arXiv:1511.07543
    Khosla & Williams 2024, UniReps, PMLR 243:326, arXiv:2311.09466

    Examples
    --------
    Both targets are most like the first feature; the sum is largest if the second target has it.

    >>> features = np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    >>> targets = features @ [[2.0, 1.0], [1.0, 0.0]]
    >>> AssignmentPredictivity(random_state=0).fit(features, targets).choice_
    array([1., 0.])
    """

    joint = True
    references = (_sources.CONVERGENT, _sources.SOFT_MATCHING)

    @staticmethod
    def _assign(similarity: Numbers) -> tuple[Codes, Flags]:
        feature, target = linear_sum_assignment(np.maximum(similarity, 0.0), maximize=True)
        match = np.zeros(similarity.shape[1], dtype=np.intp)
        matched = np.zeros(similarity.shape[1], dtype=bool)
        match[target], matched[target] = feature, True
        return match, matched


def _spread(values: Numbers) -> Numbers:
    """Standard deviation of each column; 1 where it does not vary, which has no covariance either."""
    spread: Numbers = values.std(axis=0)
    still = spread <= np.finfo(float).eps * np.abs(values).max(axis=0)
    return np.where(still, 1.0, spread)
