"""Whether rules are told in networks of a kind that was not learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

from ...names import BOUND, BOUNDS
from ._held_out import UNKNOWN, Accuracy, Bank, accuracy, folds_of, held_out, learned, told
from ._label import CANNOT_TELL, said

if TYPE_CHECKING:
    from sklearn.base import ClassifierMixin

Numbers = np.ndarray
TRANSFERS = "transfers"
KEPT = 0.5  # share of what is above chance within a kind that must remain on a kind held out


class _Row(NamedTuple):
    transfer: Accuracy
    within: Accuracy
    included: Accuracy
    chance: float
    networks: int

    @property
    def verdict(self) -> str:
        above = self.transfer.interval[0] > self.chance
        fell = self.transfer.value - self.chance < KEPT * (self.within.value - self.chance)
        return TRANSFERS if above and not fell else CANNOT_TELL


def transfer_of(
    model: ClassifierMixin, bank: Bank, kind: Numbers, name: str, known: Numbers | None, folds: int, seed: int
) -> xr.Dataset:
    """Accuracy on each of the kinds (sample,) that a coord ``name`` tells, when it is held out.

    ``known`` are the log probabilities (sample, rule) of networks held out of all kinds together.
    """
    kinds = np.unique(kind)
    rows = [_row(model, bank, kind == one, known, folds, seed) for one in kinds]
    verdicts = [row.verdict for row in rows]
    bounded = (name, BOUND)
    about = f"share of right answers, {name} held out"
    inside = f"share of right answers, networks held out within one {name}"
    among = f"share of right answers, networks held out of all, every {name} learned from"
    ways = "95 % interval over networks"
    result = xr.Dataset(
        {
            "accuracy": said([row.transfer.value for row in rows], about, name),
            "interval": said([row.transfer.interval for row in rows], ways, *bounded),
            "within": said([row.within.value for row in rows], inside, name),
            "within_interval": said([row.within.interval for row in rows], ways, *bounded),
            "included": said([row.included.value for row in rows], among, name),
            "included_interval": said([row.included.interval for row in rows], ways, *bounded),
            "chance": said([row.chance for row in rows], "share of the commonest rule", name),
            "networks": said([row.networks for row in rows], "number of networks", name),
            "verdict": said(verdicts, f"whether rules are told when the {name} was not learned from", name),
        },
        {name: kinds, BOUND: list(BOUNDS)},
    )
    everywhere = len(kinds) > 1 and set(verdicts) == {TRANSFERS}
    return result.assign_attrs(holdout=name, verdict=TRANSFERS if everywhere else CANNOT_TELL)


def _row(
    model: ClassifierMixin, bank: Bank, out: Numbers, known: Numbers | None, folds: int, seed: int
) -> _Row:
    inside, others = bank.take(out), bank.take(~out)
    _, groups = np.unique(inside.groups, return_inverse=True)
    inside = inside._replace(groups=groups)
    fold = folds_of(inside, folds, seed)
    within = UNKNOWN
    if fold is not None:
        within = _score(held_out(model, inside, fold), inside)
    # A rule that only this kind of network has cannot be told by what others teach.
    taught = set(inside.codes) <= set(others.codes) and len(set(others.codes)) > 1
    found = UNKNOWN
    if taught:
        found = _score(told(learned(model, others), inside.features, bank.rules), inside)
    included = UNKNOWN if known is None else _score(known[out], inside)
    return _Row(found, within, included, inside.chance, len(np.unique(groups)))


def _score(log_probability: Numbers, bank: Bank) -> Accuracy:
    return accuracy(log_probability.argmax(axis=1) == bank.codes, bank.groups)
