"""The estimator that users call."""

from __future__ import annotations

import warnings
from typing import Any, Self

import numpy as np
import xarray as xr
from sklearn.utils.validation import check_is_fitted

from ...errors import RecordingError, SchemaError, listing
from ...names import ARCHITECTURE, RULE, STATISTIC
from ._held_out import Bank, folds_of, told
from ._importance import importance_of
from ._inputs import bank_of, feature_names, features_of, texts
from ._label import answers_of
from ._plain import PlainClassifier
from ._transfer import TRANSFERS, transfer_of

Numbers = np.ndarray
UNNAMED = "unknown"  # an architecture that is not told


class RuleClassifier(PlainClassifier):
    r"""Which learning rule made a network's trajectory, from its observables.

    Takes what ``plasticity.observables`` gives, with the coord ``rule``, or plain arrays as any classifier
    of scikit-learn does. By default a linear discriminant with a shrunken covariance, on robustly scaled
    logarithms. Its probabilities are calibrated on samples of networks that were held out,

    .. math:: p_k = \frac{e^{l_k / T}}{\sum_j e^{l_j / T}}

    with :math:`l` the logarithms of the model's own and :math:`T` the temperature of lowest Brier score.
    Samples of one network are never on both sides of a split.

    What is learned from some architectures may say nothing of others. From labelled observables it is
    always found out: each architecture is held out in turn, and where rules are not told then, the answer
    for an architecture that was not learned from is ``"cannot tell"``, as it is for any network where
    rules are not told of held-out networks of the same kind.

    Parameters
    ----------
    model
        A classifier of scikit-learn with ``predict_proba``, instead of the default one.
    folds
        Parts of the networks, held out in turn; fewer where a rule has fewer networks.
    random_state
        Seed of the folds and of permutations.

    Attributes
    ----------
    classes_
        The rules, in alphabetical order.
    model_
        The model, fitted to all samples.
    temperature_
        The temperature; 1 where a rule has a single network, so that none can be held out.
    held_out_
        Dataset, of networks that were held out: ``accuracy`` over samples and ``network_accuracy``, where a
        network's samples answer together, each with an interval; ``chance``; ``confusion`` (rule,
        alternative); ``calibration_error``, the mean distance of probabilities from accuracies, and the
        ``raw_calibration_error`` without temperature. None where none can be held out.
    transfer_
        From labelled observables: what ``transfer(holdout="architecture")`` gives.

    References
    ----------
    Nayebi, Srivastava, Ganguli & Yamins 2020, Advances in Neural Information Processing Systems 33:2639,
    arXiv:2010.11765
    Guo, Pleiss, Sun & Weinberger 2017, Proceedings of Machine Learning Research 70:1321
    Brier 1950, Monthly Weather Review 78:1, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> rule = np.repeat(["hebb", "oja"], 40)
    >>> X = rng.normal(size=(80, 3)) + 4 * (rule == "oja")[:, None]
    >>> classifier = RuleClassifier(random_state=0).fit(X, rule, groups=np.arange(80) // 2)
    >>> str(classifier.predict([[4.0, 4.0, 4.0]])[0])
    'oja'
    """

    def fit(self, X: Any, y: Any = None, groups: Any = None) -> Self:
        """Learn to tell the rules.

        Parameters
        ----------
        X
            Labelled observables (sample, feature) with coords ``rule``, ``group`` and ``architecture``; or
            features (sample, feature).
        y
            The rule of each sample, for plain features.
        groups
            The network of each sample: labels, or the name of a coord of ``X``. By default the coord
            ``group``; for plain features, each sample is a network of its own.

        Returns
        -------
        RuleClassifier
            Itself.

        Raises
        ------
        SchemaError
            If observables lack coords, or a group has more than one rule.
        ValueError
            If there is only one rule, or fewer than two folds.

        Warns
        -----
        UserWarning
            If there is one architecture, or none is told: nothing can be said of others then.
        """
        if isinstance(X, xr.DataArray):
            return self._fit_labelled(X, groups)
        return self._fit_plain(X, y, groups)

    def predict(self, X: Any) -> Any:
        """The rule of each sample.

        Parameters
        ----------
        X
            As in ``fit``; no rule needs to be told.

        Returns
        -------
        array or Dataset
            For plain features, rules (sample,). For labelled observables, ``answer`` (sample), a rule or
            ``"cannot tell"``, and ``probability`` (sample, rule); with the coord ``group``, the same for
            whole networks: ``network_answer`` (network) and ``network_probability`` (network, rule).
        """
        if isinstance(X, xr.DataArray):
            return self._answer(X)
        best = self._probabilities(X).argmax(axis=1)
        return self.classes_[best]

    def predict_proba(self, X: Any) -> Any:
        """Calibrated probabilities of the rules.

        Parameters
        ----------
        X
            As in ``predict``.

        Returns
        -------
        array or Dataset
            For plain features, probabilities (sample, rule) in the order of ``classes_``. For labelled
            observables the Dataset that ``predict`` gives: no probability comes without its answer.
        """
        if isinstance(X, xr.DataArray):
            return self._answer(X)
        return self._probabilities(X)

    def score(self, X: Any, y: Any = None, sample_weight: Any = None) -> float:
        """Share of right answers; "cannot tell" is not right.

        Parameters
        ----------
        X
            As in ``predict``; labelled observables need the coord ``rule``.
        y
            The rule of each sample, for plain features.
        sample_weight
            How much each sample counts.

        Returns
        -------
        float
            Between 0 and 1.
        """
        if not isinstance(X, xr.DataArray):
            return float(super().score(X, y, sample_weight))
        right = self.predict(X).answer.values == texts(X, RULE)
        return float(np.average(right, weights=sample_weight))

    def transfer(self, *, holdout: str = ARCHITECTURE) -> xr.Dataset:
        """Whether rules are told of networks of a kind that was not learned from.

        Parameters
        ----------
        holdout
            A coord of the observables that ``fit`` was given: ``"architecture"``, ``"task"`` or another.

        Returns
        -------
        Dataset
            For each kind that was held out in turn: ``accuracy`` of what was learned from all others, with
            its ``interval`` over held-out networks; ``within``, the accuracy for held-out networks when
            learned from networks of that kind alone; ``included``, that when learned from networks of all
            kinds, each with its interval; ``chance``; ``networks``; and ``verdict``: ``"transfers"`` where
            the interval is above chance and at least half of what ``within`` is above chance remains, else
            ``"cannot tell"``. Attr ``verdict`` says whether all kinds do. Accuracies are NaN where there is
            nothing to learn from.

        Raises
        ------
        SchemaError
            If the classifier was fitted to plain arrays, or there is no such coord.
        """
        bank, observables = self._bank()
        kind = texts(observables, holdout)
        if kind is None:
            raise SchemaError(
                f"the observables have no coord {holdout!r} to hold out. Got {listing(observables.coords)}."
            )
        return self._transfer(bank, kind, holdout)

    def importance(self, *, by: str = STATISTIC, repeats: int = 5) -> xr.Dataset:
        """Which observables the answers rest on, for networks that were held out.

        Parameters
        ----------
        by
            ``"statistic"``, ``"kind"`` or another coord of the features: those of one name are shuffled
            together. Statistics that say the same stand in for each other, so that each may seem to matter
            little; kinds do so less.
        repeats
            Permutations of each.

        Returns
        -------
        Dataset
            ``importance``, the accuracy that is lost, and its ``interval`` over networks, highest first.

        Raises
        ------
        SchemaError
            If the classifier was fitted to plain arrays, or there is no such coord.
        RecordingError
            If a rule has a single network, so that none can be held out.
        """
        bank, observables = self._bank()
        if by not in observables.coords:
            raise SchemaError(f"features have no coord {by!r}. Got {listing(observables.coords)}.")
        fold = folds_of(bank, self.folds, self._seed)
        if fold is None:
            raise RecordingError("a rule has a single network: none can be held out. Add networks.")
        names = observables[by].values.astype(str)
        result = importance_of(self._model(), bank, fold, by, names, repeats, self._seed)
        return self._stamped(result, "importance", by=by, repeats=repeats)

    def _fit_labelled(self, observables: xr.DataArray, groups: Any) -> Self:
        bank, self.classes_ = bank_of(observables, groups)
        self.n_features_in_ = bank.features.shape[1]
        self._observables = observables
        self._learn(bank)
        kind = texts(observables, ARCHITECTURE)
        self.transfer_ = self._transfer(bank, np.repeat(UNNAMED, len(bank.codes)) if kind is None else kind)
        if self.transfer_.sizes[ARCHITECTURE] == 1:
            one = self.transfer_[ARCHITECTURE].values[0]
            warnings.warn(
                f"all samples are of one architecture ({one}): nothing can be said of others, and for them "
                "the answer will be 'cannot tell'. Add networks of another, with the coord 'architecture'.",
                stacklevel=3,
            )
        return self

    def _transfer(self, bank: Bank, kind: Numbers, holdout: str = ARCHITECTURE) -> xr.Dataset:
        result = transfer_of(self._model(), bank, kind, holdout, self._known, self.folds, self._seed)
        return self._stamped(result, "transfer", holdout=holdout)

    def _answer(self, observables: xr.DataArray) -> xr.Dataset:
        """Answers for labelled observables, where the architecture allows one."""
        _, learned_from = self._bank()
        X, names = features_of(observables), feature_names(learned_from)
        if feature_names(observables) != names:
            raise SchemaError(
                f"these {X.shape[1]} features are not the {len(names)} that were learned from. Take as many "
                "points, and where something was not recorded learn without it: "
                "RuleClassifier().fit(bank[:, np.isin(bank.statistic, recorded.statistic)])."
            )
        kind = texts(observables, ARCHITECTURE)
        tells = self._tells(np.repeat(UNNAMED, len(X)) if kind is None else kind)
        log_probability = told(self.model_, X, len(self.classes_))
        result = answers_of(log_probability, self.temperature_, observables, self.classes_, tells)
        return self._stamped(result, "predict", sources=[observables, learned_from])

    def _tells(self, kind: Numbers) -> Numbers:
        """Whether there is an answer for each sample, by its architecture."""
        found = self.transfer_
        known = (found.included_interval[:, 0] > found.chance).values
        by_kind = dict(zip(found[ARCHITECTURE].values, known, strict=True))
        by_kind.pop(UNNAMED, None)
        return np.array([by_kind.get(one, found.attrs["verdict"] == TRANSFERS) for one in kind], bool)

    def _bank(self) -> tuple[Bank, xr.DataArray]:
        check_is_fitted(self)
        if self._observables is None:
            raise SchemaError(
                "the classifier was fitted to plain arrays, which have no architectures and no names: "
                "fit it to the labelled observables that plasticity.observables gives."
            )
        return self._arrays, self._observables
