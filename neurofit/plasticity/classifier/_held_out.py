"""How well rules are told of networks that were not learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.stats import beta
from sklearn.base import clone
from sklearn.model_selection import StratifiedGroupKFold

from ._calibrate import FLOOR, log_of

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

Numbers = np.ndarray


class Bank(NamedTuple):
    """Samples of known rules."""

    features: Numbers  # (sample, feature)
    codes: Numbers  # (sample,), position of the rule
    groups: Numbers  # (sample,), position of the network
    rules: int

    def take(self, chosen: Numbers) -> Bank:
        """Some of the samples, by flags or positions."""
        return self._replace(
            features=self.features[chosen], codes=self.codes[chosen], groups=self.groups[chosen]
        )

    @property
    def chance(self) -> float:
        """Share of the commonest rule."""
        return float(np.bincount(self.codes).max() / len(self.codes))


class Accuracy(NamedTuple):
    """Share of right answers, with its 95 % interval over networks."""

    value: float
    interval: tuple[float, float]


UNKNOWN = Accuracy(np.nan, (np.nan, np.nan))


def folds_of(bank: Bank, folds: int, seed: int) -> Numbers | None:
    """The fold (sample,) in which each sample is held out; none where a rule has a single network."""
    networks = [len(np.unique(bank.groups[bank.codes == rule])) for rule in np.unique(bank.codes)]
    parts = min(folds, *networks) if len(networks) > 1 else 1
    if parts < 2:
        return None
    fold = np.zeros(len(bank.codes), int)
    splits = StratifiedGroupKFold(parts, shuffle=True, random_state=seed)
    for number, (_, held) in enumerate(splits.split(bank.features, bank.codes, bank.groups)):
        fold[held] = number
    return fold


def learned(model: ClassifierMixin, bank: Bank) -> ClassifierMixin:
    """A copy of the model that has learned the bank."""
    return clone(model).fit(bank.features, bank.codes)


def told(model: ClassifierMixin, features: Numbers, rules: int) -> Numbers:
    """Log probabilities (sample, rule); of rules that the model has not met, next to nothing."""
    found = np.full((len(features), rules), np.log(FLOOR))
    found[:, model.classes_] = log_of(model.predict_proba(features))
    return found


def held_out(model: ClassifierMixin, bank: Bank, fold: Numbers) -> Numbers:
    """Log probabilities (sample, rule) of each sample by a model that has not seen its network."""
    found = np.zeros((len(bank.codes), bank.rules))
    for number in np.unique(fold):
        out = fold == number
        found[out] = told(learned(model, bank.take(~out)), bank.features[out], bank.rules)
    return found


def accuracy(right: Numbers, groups: Numbers) -> Accuracy:
    """Mean of ``right`` (sample,), with Jeffreys' interval as if each network were one answer."""
    networks = len(np.unique(groups))
    hits = float(np.mean(right)) * networks
    low, high = beta.ppf([0.025, 0.975], hits + 0.5, networks - hits + 0.5)
    return Accuracy(float(np.mean(right)), (float(low), float(high)))


def pooled(log_probability: Numbers, groups: Numbers) -> Numbers:
    """Mean log probability (network, rule) of a network's samples; networks in order of their number."""
    sums = np.zeros((groups.max() + 1, log_probability.shape[1]))
    np.add.at(sums, groups, log_probability)
    return sums / np.bincount(groups)[:, None]
