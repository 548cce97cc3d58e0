"""Images to learn from and images held out, standardised by the former."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from typing import Any

    from ._task import Images, Labels


class Split(NamedTuple):
    """Images (n, channel, y, x) and labels to learn from, then those held out."""

    images: Images
    labels: Labels
    unseen: Images
    unseen_labels: Labels


def split(images: np.ndarray[Any, Any], labels: np.ndarray[Any, Any], *, held_out: int) -> Split:
    """``held_out`` images (n, y, x) apart, as many of each class, and pixels of mean 0 and variance 1."""
    from sklearn.model_selection import train_test_split

    train, test, train_labels, test_labels = train_test_split(
        images, labels.astype(np.int64), test_size=held_out, stratify=labels, random_state=0
    )
    mean, spread = train.mean(), train.std()
    train, test = (((part - mean) / spread)[:, None].astype(np.float32) for part in (train, test))
    return Split(train, train_labels, test, test_labels)


def pick(images: Images, labels: Labels, n: int, rng: np.random.Generator) -> tuple[Images, Labels]:
    """``n`` images with their labels, each drawn from all of them."""
    chosen = rng.integers(len(labels), size=n)
    return images[chosen], labels[chosen]


def first_of_each(labels: Labels, count: int) -> tuple[Labels, list[str]]:
    """Where the first ``count`` images of each class are, and names for them."""
    classes = np.unique(labels)
    chosen = np.concatenate([np.flatnonzero(labels == one)[:count] for one in classes])
    return chosen, [f"digit{one}_{index}" for one in classes for index in range(count)]
