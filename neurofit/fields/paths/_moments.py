"""What alignment needs of changes and gradient, synapse by synapse, so that any of them can be left out."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

Numbers = np.ndarray


class Moments(NamedTuple):
    """Per synapse, or summed over synapses: products and squares that every statistic is made of."""

    along: Numbers  # change times -gradient
    seen: Numbers  # square of the observed change
    signal: Numbers  # square of the expected change, without bias; NaN where it is not known
    slope: Numbers  # square of the gradient

    def summed(self) -> Moments:
        """Over synapses, the last axis."""
        return Moments(*(part.sum(axis=-1) for part in self))

    def without(self, groups: Numbers) -> Moments:
        """Summed over synapses, with one group of synapses left out after the other."""
        return Moments(*(part.sum() - np.bincount(groups, part) for part in self))


def of_repeats(changes: Numbers, gradient: Numbers) -> tuple[Moments, Moments]:
    """Moments (synapse) of changes (trial, synapse) repeated in one state, and (trial, synapse) without each.

    The square of the expected change is the mean product of changes of two different trials.
    """
    have = np.isfinite(changes)
    filled = np.where(have, changes, 0.0)
    count, total, square = have.sum(axis=0), filled.sum(axis=0), (filled**2).sum(axis=0)
    everything = _repeated(count, total, square, gradient)
    return everything, _repeated(count - have, total - filled, square - filled**2, gradient)


def _repeated(count: Numbers, total: Numbers, square: Numbers, gradient: Numbers) -> Moments:
    mean = total / count
    return Moments(-mean * gradient, mean**2, (total**2 - square) / (count * (count - 1)), gradient**2)


def of_states(
    changes: Numbers, gradient: Numbers, again: Numbers | None, noise: Numbers | None
) -> tuple[Moments, Moments]:
    """Moments (synapse) of changes (row, synapse), each in a state of its own; (row, synapse) without each.

    The square of the expected change is the product of two measurements, or the square of one less the
    variance of its noise. Entries that any of them lacks are left out of all.
    """
    have = np.isfinite(changes) & np.isfinite(gradient)
    have &= True if again is None else np.isfinite(again)
    mean = changes if again is None else (changes + again) / 2
    unknown = np.nan if noise is None else noise
    signal = changes**2 - unknown if again is None else changes * again
    cells = [np.where(have, part, 0.0) for part in (-mean * gradient, mean**2, signal, gradient**2)]
    rows = len(changes)
    totals = [part.sum(axis=0) for part in cells]
    without = [(total - part) / (rows - 1) for total, part in zip(totals, cells, strict=True)]
    return Moments(*(total / rows for total in totals)), Moments(*without)


STATISTICS = ("cosine", "disattenuated_cosine", "reliability", "r_squared", "improvement_rate", "loss_change")


def statistics(sums: Moments) -> Numbers:
    """The ``STATISTICS``, (statistic, ...); NaN where the expected change has no square above 0."""
    signal = np.where(sums.signal > 0, sums.signal, np.nan)
    cosine = sums.along / np.sqrt(sums.seen * sums.slope)
    return np.stack(
        [
            cosine,
            sums.along / np.sqrt(signal * sums.slope),
            sums.signal / sums.seen,
            cosine * abs(cosine),
            sums.along / np.sqrt(sums.slope),
            -sums.along,
        ]
    )
