"""Delayed match to sample: sequences that can be judged only by what holds an item in memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from ...errors import TrainingError
from ...names import FEATURE, STIMULUS, TIME
from ._task import Task, label_stimuli, tasks

if TYPE_CHECKING:
    import xarray as xr

    from ._task import Images, Labels

SHOWN = 2  # moments that an item is there
SOURCE = "Miller, Erickson & Desimone 1996, Journal of Neuroscience 16:5154"


@tasks.register("delayed_match")
def delayed_match(*, items: int = 8, delays: tuple[int, ...] = (1, 2, 3, 4), noise: float = 0.2) -> Task:
    """Delayed match to sample: whether the test is the item that was shown before a delay.

    A sequence holds a sample for two moments, a delay without input and, to its end, a test for two
    moments. The longer the delay the earlier the sample, so that all sequences last as long as the one with
    the longest delay. Each item has an input of its own; all inputs carry normal noise. In half of the
    sequences the test is the sample (label 1), else any other item (label 0): a network without memory stays
    at chance, one half. Stimuli: each sample x delay, once matched and once not, without noise.

    Parameters
    ----------
    items
        Number of items, at least 2.
    delays
        Moments between sample and test, one of which is drawn for each sequence.
    noise
        SD of the noise of each input at each moment, in units of an item's input.

    Returns
    -------
    Task
        Sequences (time, feature) of two classes.

    References
    ----------
    Miller, Erickson & Desimone 1996, Journal of Neuroscience 16:5154
    """
    if items < 2 or not len(delays) or min(delays) < 0:
        raise TrainingError(
            f"delayed_match needs at least 2 items and delays of 0 or more, not {items} and {list(delays)}"
        )
    design = Design(items, tuple(delays), noise)
    sampler = partial(_sample, design)
    return Task(
        name="delayed_match",
        input_shape=(design.moments, items),
        n_classes=2,
        sample=sampler,
        held_out=sampler,
        stimuli=partial(_stimuli, design),
        references=(SOURCE,),
        dims=(TIME, FEATURE),
    )


@dataclass(frozen=True)
class Design:
    """What sequences are made of."""

    items: int
    delays: tuple[int, ...]
    noise: float

    @property
    def moments(self) -> int:
        """Of every sequence."""
        return 2 * SHOWN + max(self.delays)

    def sequences(self, sample: Labels, test: Labels, delay: Labels) -> np.ndarray:
        """(n, time, feature): 1 at the input of the item that is there, else 0."""
        n, moments = len(sample), self.moments
        inputs = np.zeros((n, moments, self.items))
        for moment in range(SHOWN):
            inputs[np.arange(n), moments - SHOWN + moment, test] = 1
            inputs[np.arange(n), moments - 2 * SHOWN - delay + moment, sample] = 1
        return inputs

    def standardise(self, inputs: np.ndarray) -> Images:
        """Mean 0 and variance 1 over the task."""
        mean = 2 * SHOWN / (self.moments * self.items)
        return ((inputs - mean) / np.sqrt(mean * (1 - mean) + self.noise**2)).astype(np.float32)


def _sample(design: Design, n: int, rng: np.random.Generator) -> tuple[Images, Labels]:
    labels, sample = rng.integers(2, size=n), rng.integers(design.items, size=n)
    other = (sample + rng.integers(1, design.items, size=n)) % design.items
    clean = design.sequences(sample, np.where(labels, sample, other), rng.choice(design.delays, n))
    return design.standardise(clean + design.noise * rng.standard_normal(clean.shape)), labels


def _stimuli(design: Design) -> xr.DataArray:
    shown = product(range(design.items), range(len(design.delays)), (0, 1))
    sample, which, labels = np.array(list(shown)).T
    # Which other item is the test changes with the delay, so that no item is always the wrong one.
    other = (sample + 1 + which % (design.items - 1)) % design.items
    test, delay = np.where(labels, sample, other), np.array(design.delays)[which]
    ids = [f"sample{a}_delay{d}_test{b}" for a, d, b in zip(sample, delay, test, strict=True)]
    coords = {"sample": sample, "delay": delay, "test": test, "label": labels}
    sequences = design.standardise(design.sequences(sample, test, delay))
    return label_stimuli(
        sequences, (STIMULUS, TIME, FEATURE), ids, coords, long_name="input of a delayed-match sequence"
    )
