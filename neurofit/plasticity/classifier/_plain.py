"""The part of the estimator that knows plain arrays only."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from ...provenance import stamp
from ._calibrate import temperature, tempered
from ._held_out import Bank, folds_of, held_out, learned, told
from ._inputs import numbered
from ._label import held_out_of
from ._model import default_model
from ._observables import SOURCE

if TYPE_CHECKING:
    import xarray as xr

    Numbers = np.ndarray

CALIBRATION = (
    "Guo, Pleiss, Sun & Weinberger 2017, Proceedings of Machine Learning Research 70:1321",
    "Brier 1950, Monthly Weather Review 78:1, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2",
)


class PlainClassifier(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier of scikit-learn whose probabilities are calibrated on groups that were held out."""

    _observables: xr.DataArray | None = None

    def __init__(self, model: Any = None, *, folds: int = 5, random_state: Any = None) -> None:
        self.model = model
        self.folds = folds
        self.random_state = random_state

    def _fit_plain(self, X: Any, y: Any, groups: Any) -> Self:
        X, y = validate_data(self, X, y, dtype=np.float64, ensure_min_samples=2)
        check_classification_targets(y)
        self.classes_, codes = np.unique(y, return_inverse=True)
        numbers = numbered(np.arange(len(X)) if groups is None else groups, codes)
        self._observables = None
        self._learn(Bank(X, codes, numbers, len(self.classes_)))
        return self

    def _probabilities(self, X: Any) -> Numbers:
        check_is_fitted(self)
        X = validate_data(self, X, dtype=np.float64, reset=False)
        return tempered(told(self.model_, X, len(self.classes_)), self.temperature_)

    def _learn(self, bank: Bank) -> None:
        """Fit the model to all samples, and find out how well it does on networks that were held out."""
        if bank.rules < 2:
            raise ValueError(f"there is one class, {self.classes_[0]}: give samples of two or more.")
        if self.folds < 2:
            raise ValueError(f"folds must be 2 or more, not {self.folds}")
        # Drawn once: what is held out must not change from one method to the next.
        self._seed = int(np.random.default_rng(self.random_state).integers(2**31))
        self._arrays, self.model_ = bank, learned(self._model(), bank)
        self._known, self.temperature_, self.held_out_ = None, 1.0, None
        fold = folds_of(bank, self.folds, self._seed)
        if fold is None:
            return
        self._known = held_out(self._model(), bank, fold)
        self.temperature_ = temperature(self._known, bank.codes)
        found = held_out_of(self._known, bank, fold, self.classes_)
        self.held_out_ = self._stamped(found, "held_out")

    def _model(self) -> Any:
        return default_model() if self.model is None else self.model

    def _stamped(self, result: xr.Dataset, step: str, *, sources: Any = None, **options: Any) -> xr.Dataset:
        if sources is None:
            sources = [] if self._observables is None else [self._observables]
        return stamp(
            result,
            f"plasticity.RuleClassifier.{step}",
            sources=sources,
            references=[SOURCE, *CALIBRATION],
            folds=self.folds,
            random_state=self.random_state,
            **options,
        )
