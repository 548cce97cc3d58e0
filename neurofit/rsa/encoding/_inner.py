"""Folds of the training stimuli."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.model_selection import KFold
from sklearn.utils import check_random_state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .._trials import Codes

INNER_FOLDS = 5


def inner_folds(
    stimuli: int, folds: int, random_state: int | np.random.RandomState | None
) -> Iterator[tuple[Codes, Codes]]:
    """Positions of training and test stimuli in each of at most ``folds`` random folds."""
    split = KFold(min(folds, stimuli), shuffle=True, random_state=check_random_state(random_state))
    return iter(split.split(np.empty(stimuli)))
