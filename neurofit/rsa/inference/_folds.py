"""Scores of fitted models on stimuli and subjects that they were not fitted to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ._kernels import mean_over
from ._models import Held

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._trials import Codes, Numbers
    from ._models import Model
    from ._samples import Scorer

OF_STIMULI = (12, 24, 40)  # 2, 3, 4 or 5 folds: as many as leave each enough stimuli (Schuett et al. 2023)
OF_SUBJECTS = (6, 12, 20)
DISTINCT = 1 - np.exp(-1)  # share of the stimuli that is in a draw
FEWEST_IN_A_FOLD = 3


def folds_for(count: int, steps: tuple[int, ...]) -> int:
    """Number of folds for ``count`` stimuli or subjects; 1, which leaves nothing out, for a single one."""
    return 1 if count == 1 else 2 + int(np.searchsorted(steps, DISTINCT * count, side="right"))


def random_folds(times: Numbers, folds: int, rng: np.random.Generator) -> Codes:
    """Fold (draw, entry) of each entry; its copies too, and equally many of those drawn in each."""
    key = np.where(times > 0, rng.random(times.shape), np.inf)
    return np.argsort(np.argsort(key, axis=1), axis=1) % folds


@dataclass(frozen=True)
class CrossValidation:
    """Models, each with its parts (part, pair), scored on folds of stimuli and subjects in turn."""

    scorer: Scorer
    models: Sequence[tuple[Model, Numbers]]
    repeats: int
    rng: np.random.Generator

    def __call__(self, times: Numbers, members: Numbers) -> Numbers:
        """Columns (draw, repeat, column): means over the subjects of each draw."""
        values = self.per_subject(times, members)
        each = [mean_over(values[:, repeat], members) for repeat in range(self.repeats)]
        return np.stack(each, axis=1)

    def per_subject(self, times: Numbers, members: Numbers) -> Numbers:
        """Columns (draw, repeat, column, subject): means over the folds of stimuli."""
        return np.stack([self._once(times, members) for _ in range(self.repeats)], axis=1)

    def _once(self, times: Numbers, members: Numbers) -> Numbers:
        folds = folds_for(times.shape[1], OF_STIMULI), folds_for(members.shape[1], OF_SUBJECTS)
        of_stimulus = random_folds(times, folds[0], self.rng)
        of_subject = random_folds(members, folds[1], self.rng)
        scores = [
            self._fold(times * (of_stimulus != fold), times * (of_stimulus == fold), members, of_subject)
            for fold in range(folds[0])
        ]
        return np.mean(scores, axis=0)

    def _fold(self, train: Numbers, test: Numbers, members: Numbers, of_subject: Codes) -> Numbers:
        """Score of each subject, predicted by models that saw neither it nor the stimuli of the test."""
        values = np.full((len(test), len(self.models), members.shape[1]), np.nan)
        alone = of_subject.max() == 0
        for fold in range(of_subject.max() + 1):
            here = of_subject == fold
            held = Held(train, members if alone else members * ~here, test)
            for index, (model, parts) in enumerate(self.models):
                values[:, index] = np.where(here, model.held_out(parts, self.scorer, held), values[:, index])
        apart = of_subject[:, :, None] != of_subject[:, None, :]
        ceiling = self.scorer(test).per_subject(members, apart)[:, -2:]
        enough = (test > 0).sum(axis=1) >= FEWEST_IN_A_FOLD
        return np.where(enough[:, None, None], np.concatenate([values, ceiling], axis=1), np.nan)
