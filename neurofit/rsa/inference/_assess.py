"""Estimates and variances for one set of subjects' RDMs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from .._kernels.comparison import comparators
from .._pairs import stimuli_of
from ._folds import CrossValidation
from ._kernels import mean_over
from ._samples import Scorer, pooled_rdms
from ._spread import all_contrasts, variance_of_fitted, variance_of_fixed

if TYPE_CHECKING:
    from .._trials import Numbers
    from ._models import Model
    from ._spread import Contrasts, Draws, Spread

REPEATS = 2  # random choices of folds in each draw
REPEATS_OF_ALL = 20  # and for the estimate


class Assessed(NamedTuple):
    """What is known of models against one set of RDMs (subject, pair)."""

    per_subject: Numbers  # (column, subject)
    spread: Spread

    @property
    def columns(self) -> Numbers:
        """Means over subjects."""
        return mean_over(self.per_subject[None], np.ones((1, self.per_subject.shape[1])))[0]


@dataclass(frozen=True)
class Assessor:
    """Models, each with its parts (part, pair), and how they are compared with RDMs."""

    models: tuple[tuple[Model, Numbers], ...]
    measure: str
    noise: Numbers | None

    @property
    def contrasts(self) -> Contrasts:
        """What variances are of."""
        return all_contrasts(len(self.models))

    def per_subject(self, rdms: Numbers, rng: np.random.Generator) -> Numbers:
        """Scores and ceilings (column, subject) on all stimuli."""
        scorer = self._scorer(rdms)
        times, members = np.ones((1, scorer.stimuli)), np.ones((1, len(scorer.data)))
        if self._fitted:
            found = self._folds(scorer, REPEATS_OF_ALL, rng).per_subject(times, members)[0]
            return np.asarray(found.mean(axis=0))
        return scorer(times).per_subject(members)[0]

    def scores(self, rdms: Numbers) -> Numbers:
        """Scores of fixed models (model, subject) on all stimuli, without ceilings."""
        models = np.concatenate([parts for _, parts in self.models])
        once = np.ones((1, stimuli_of(rdms.shape[1])))
        return comparators[self.measure](models, rdms, once, self.noise)[0]

    def assess(self, rdms: Numbers, draws: Draws, over: frozenset[str], rng: np.random.Generator) -> Assessed:
        """Scores with their variances over draws."""
        scorer = self._scorer(rdms)
        if self._fitted:
            folds = self._folds(scorer, REPEATS, rng)
            spread = variance_of_fitted(folds, draws, over, self.contrasts)
        else:
            spread = variance_of_fixed(scorer, draws, over, self.contrasts, rng)
        return Assessed(self.per_subject(rdms, rng), spread)

    @property
    def _fitted(self) -> bool:
        return any(model.fitted for model, _ in self.models)

    def _scorer(self, rdms: Numbers) -> Scorer:
        data = np.ascontiguousarray(rdms)
        fixed = [parts for _, parts in self.models] if not self._fitted else [data[:0]]
        pooled = pooled_rdms(data, self.measure, self.noise)
        return Scorer(np.concatenate(fixed), data, self.measure, self.noise, pooled)

    def _folds(self, scorer: Scorer, repeats: int, rng: np.random.Generator) -> CrossValidation:
        return CrossValidation(scorer, self.models, repeats, rng)
