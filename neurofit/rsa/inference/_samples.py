"""Similarity of models and subjects in many draws of the stimuli at once, within bounded memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from .._ceiling import POOLED_BY
from .._kernels.comparison import comparators
from .._kernels.pooling import poolings
from .._pairs import stimuli_of
from ._kernels import ceilings, mean_over

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .._trials import Flags, Numbers

    Counts = np.ndarray[Any, np.dtype[np.integer[Any]]]

DRAWS = 2**8  # whose similarities are held at once

# Cosines in an inner product: what is pooled in a draw follows from the similarities of pairs of subjects.
COSINES = ("pearson", "cosine", "whitened_pearson", "whitened_cosine")


class Sample(NamedTuple):
    """Similarities in draws of the stimuli; one of ``gram`` and ``bounds`` is there."""

    models: Numbers  # (draw, model, subject)
    gram: Numbers | None  # (draw, subject, subject)
    bounds: Numbers | None  # (draw, bound, subject), of RDMs pooled over all stimuli

    def per_subject(self, members: Numbers, apart: Flags | None = None) -> Numbers:
        """Columns (draw, column, subject): score of each model, lower and upper ceiling."""
        if self.gram is None:
            assert self.bounds is not None
            lower, upper = self.bounds[:, 0], self.bounds[:, 1]
        else:
            separate = ~np.eye(self.gram.shape[1], dtype=bool)[None] if apart is None else apart
            lower, upper = ceilings(self.gram, members, separate)
        # Subjects whom nobody else tells of have no ceiling.
        upper = np.where(np.isnan(lower), np.nan, upper)
        draws = max(len(self.models), len(lower))
        parts = [self.models, lower[:, None, :], upper[:, None, :]]
        return np.concatenate([np.broadcast_to(part, (draws, *part.shape[1:])) for part in parts], axis=1)

    def columns(self, members: Numbers, apart: Flags | None = None) -> Numbers:
        """Columns (draw, column): means over the subjects of each draw."""
        return mean_over(self.per_subject(members, apart), members)


@dataclass(frozen=True)
class Scorer:
    """Models (model, pair) against the RDMs of subjects (subject, pair) by one comparator."""

    models: Numbers
    data: Numbers
    measure: str
    noise: Numbers | None
    pooled: Numbers | None  # (1 + subject, pair): the RDM pooled over all subjects, then without each

    def columns(self, counts: Counts, ways: Sequence[Numbers]) -> list[Numbers]:
        """Columns (draw, column) in each draw of the stimuli, with each of several draws of the subjects."""
        found: list[list[Numbers]] = [[] for _ in ways]
        for start in range(0, len(counts), DRAWS):
            some = slice(start, start + DRAWS)
            sample = self(counts[some].astype(np.float64))
            for members, blocks in zip(ways, found, strict=True):
                blocks.append(sample.columns(members[some] if len(members) > 1 else members))
        return [np.concatenate(blocks) for blocks in found]

    @property
    def stimuli(self) -> int:
        """How many there are."""
        return stimuli_of(self.data.shape[1])

    def similarity(self, a: Numbers, b: Numbers, times: Numbers) -> Numbers:
        """The comparator."""
        return comparators[self.measure](a, b, times, self.noise)

    def __call__(self, times: Numbers) -> Sample:
        """Similarities in each draw of the stimuli."""
        models, data = self.models, self.data
        if self.pooled is None:
            rows = self.similarity(np.concatenate([models, data]), data, times)
            return Sample(rows[:, : len(models)], rows[:, len(models) :], None)
        # In one call each RDM is ranked once; of what predicts those left out, only the diagonal is wanted.
        rows = self.similarity(np.concatenate([models, self.pooled]), data, times)
        upper, others = rows[:, len(models)], rows[:, len(models) + 1 :]
        lower = np.diagonal(others, axis1=1, axis2=2)
        return Sample(rows[:, : len(models)], None, np.stack([lower, upper], axis=1))


def pooled_rdms(data: Numbers, measure: str, noise: Numbers | None) -> Numbers | None:
    """RDM (1 + subject, pair) pooled over all subjects, then without each; None where a Gram serves."""
    if measure in COSINES:
        return None
    scaled = poolings[POOLED_BY[measure]](data, noise)
    known = ~np.isnan(scaled)
    total, count = np.where(known, scaled, 0.0).sum(axis=0), known.sum(axis=0)
    sums = np.concatenate([total[None], total - np.where(known, scaled, 0.0)])
    counts = np.concatenate([count[None], count - known]).astype(np.float64)
    return sums / np.where(counts > 0, counts, np.nan)
