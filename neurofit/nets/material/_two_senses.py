"""Two senses that meet the same digit: what they share is which digit it is."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from ._digits import load_digits
from ._split import first_of_each
from ._task import Task, label_images, tasks

if TYPE_CHECKING:
    import xarray as xr

    from ._task import Images, Labels

SHOWN = 6
SOURCE = "de Sa & Ballard 1998, Neural Computation 10:1097"


@tasks.register("two_senses")
def two_senses(*, noise: float = 0.3) -> Task:
    """Two senses, each of which meets another specimen of the same digit.

    An input holds the images of two senses, one for each channel: in the first of a pair the first sense
    sees a digit and the second nothing; in the second of the pair the second sense meets another, or by
    chance the same, handwritten specimen of that digit, turned by a quarter, and the first nothing. Each
    has noise of its own. Given the class the two are independent, so that what they tell of each other is
    at most the log of the 10 classes, 2.30 nats: a network that finds it has found the classes, without a
    label. Stimuli: 60 held-out digits, 6 of each class, to each sense.

    Parameters
    ----------
    noise
        SD of the pixels' noise, where pixels have SD 1.

    Returns
    -------
    Task
        Pairs of images of 2 x 8 x 8 in 10 classes.

    References
    ----------
    de Sa & Ballard 1998, Neural Computation 10:1097
    Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    doi:10.24432/C50P49
    """
    return Task(
        name="two_senses",
        input_shape=(2, 8, 8),
        n_classes=10,
        sample=partial(_sample, noise, unseen=False),
        held_out=partial(_sample, noise, unseen=True),
        stimuli=partial(_stimuli, noise),
        references=(SOURCE, "Alpaydin & Kaynak 1998, doi:10.24432/C50P49"),
        paired=True,
    )


def _sample(noise: float, n: int, rng: np.random.Generator, *, unseen: bool) -> tuple[Images, Labels, Images]:
    parts = load_digits()
    images, classes = (parts.unseen, parts.unseen_labels) if unseen else (parts.images, parts.labels)
    labels = rng.integers(10, size=n)
    # Which sense comes first is fixed: were it random, it would be one bit that the two share.
    seen, felt = (_specimens(images, classes, labels, rng) for _ in range(2))
    seen, felt = (digits + noise * rng.standard_normal(digits.shape) for digits in (seen, felt))
    return _sensed(seen, 0, noise), labels, _sensed(felt, 1, noise)


def _specimens(images: Images, classes: Labels, wanted: Labels, rng: np.random.Generator) -> Images:
    """An image of each wanted class, drawn from all of that class."""
    order, counts = np.argsort(classes, kind="stable"), np.bincount(classes)
    first = np.cumsum(counts) - counts
    return images[order[first[wanted] + rng.integers(counts[wanted])]]


def _sensed(digits: np.ndarray, sense: int, noise: float) -> Images:
    """Digits (n, 1, y, x) as inputs of one sense, the other being blank; of variance 1 over both."""
    inputs = np.zeros((len(digits), 2, *digits.shape[2:]), np.float32)
    inputs[:, sense] = np.rot90(digits[:, 0], sense, axes=(1, 2)) / np.sqrt((1 + noise**2) / 2)
    return inputs


def _stimuli(noise: float) -> xr.DataArray:
    parts = load_digits()
    chosen, names = first_of_each(parts.unseen_labels, SHOWN)
    digits, labels = parts.unseen[chosen], parts.unseen_labels[chosen]
    images = np.concatenate([_sensed(digits, sense, noise) for sense in (0, 1)])
    ids = [f"{name}_sense{sense}" for sense in (1, 2) for name in names]
    coords = {"label": np.tile(labels, 2), "sense": np.repeat([1, 2], len(labels))}
    return label_images(images, ids, coords, long_name="digits to one of two senses, pixel value")
