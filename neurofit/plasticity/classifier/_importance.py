"""Which observables matter: what is lost when one of them is shuffled over held-out networks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import xarray as xr

from ...names import BOUND, BOUNDS
from ._held_out import Bank, learned, told
from ._label import said

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

Numbers = np.ndarray


def importance_of(
    model: ClassifierMixin, bank: Bank, fold: Numbers, name: str, of_feature: Numbers, repeats: int, seed: int
) -> xr.Dataset:
    """Drop in held-out accuracy for each group of features (feature,) that a coord ``name`` tells."""
    names = list(dict.fromkeys(of_feature))
    rng = np.random.default_rng(seed)
    lost = np.zeros((len(names), len(bank.codes)))
    for number in np.unique(fold):
        out = fold == number
        fitted, held = learned(model, bank.take(~out)), bank.take(out)
        whole = _right(fitted, held)
        for at, one in enumerate(names):
            shuffled = [_right(fitted, _shuffled(held, of_feature == one, rng)) for _ in range(repeats)]
            lost[at, out] = whole - np.mean(shuffled, axis=0)
    networks = np.stack([np.bincount(bank.groups, row) for row in lost]) / np.bincount(bank.groups)
    error = networks.std(axis=1, ddof=1) / np.sqrt(networks.shape[1])
    mean = networks.mean(axis=1)
    interval = np.stack([mean - 1.96 * error, mean + 1.96 * error], axis=1)
    about = f"accuracy lost when the {name} is shuffled over held-out samples"
    result = xr.Dataset(
        {
            "importance": said(mean, about, name),
            "interval": said(interval, "95 % interval over networks", name, BOUND),
        },
        {name: names, BOUND: list(BOUNDS)},
    )
    return result.isel({name: np.argsort(-mean, kind="stable")})


def _right(model: ClassifierMixin, bank: Bank) -> Numbers:
    return (told(model, bank.features, bank.rules).argmax(axis=1) == bank.codes).astype(float)


def _shuffled(bank: Bank, columns: Numbers, rng: np.random.Generator) -> Bank:
    """With some features, all together, taken from another sample."""
    features = bank.features.copy()
    features[:, columns] = features[rng.permutation(len(features))][:, columns]
    return bank._replace(features=features)
