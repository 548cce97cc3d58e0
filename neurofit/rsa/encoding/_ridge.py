"""Ridge regression, with a penalty for each target."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import RidgeCV

from .. import _sources
from ._predictor import Learned, Predictor, predictors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._trials import Numbers

PENALTIES = tuple(10.0 ** np.arange(-4.0, 4.5, 0.5))


@predictors.register("ridge")
class RidgePredictivity(Predictor):
    """Linear regression on all features with a squared penalty, chosen for each target.

    With standardised features Z (n stimuli, p features) and centred targets y, the slopes are
    ``(Z'Z + a p I)^-1 Z'y``. The penalty a is that with the smallest squared error when each training
    stimulus is left out in turn, in closed form. Times p, it means the same for any number of features.

    Parameters
    ----------
    penalties
        Values of a to choose from, each positive.

    References
    ----------
    Hoerl & Kennard 1970, Technometrics 12:55, doi:10.1080/00401706.1970.10488634
    Canatar et al. 2023, NeurIPS 36, arXiv:2309.12821

    Examples
    --------
    >>> features, targets = np.array([[-1.0], [1.0]]), np.array([[-2.0], [2.0]])
    >>> RidgePredictivity(penalties=(1.0,)).fit(features, targets).coef_
    array([[1.33333333]])

    which is Z'y / (Z'Z + 1) = 4 / 3.
    """

    choice_name = "penalty"
    joint = False
    references = (_sources.RIDGE, _sources.SPECTRAL)

    def __init__(self, penalties: Sequence[float] = PENALTIES) -> None:
        self.penalties = penalties

    def _learn(self, features: Numbers, targets: Numbers) -> Learned:
        count = features.shape[1]
        alphas = count * np.asarray(self.penalties, dtype=np.float64)
        ridge = RidgeCV(alphas=alphas, alpha_per_target=True).fit(features, targets)
        return Learned(
            np.atleast_2d(ridge.coef_).T,
            np.atleast_1d(ridge.alpha_) / count,
            -np.atleast_1d(ridge.best_score_),
        )
