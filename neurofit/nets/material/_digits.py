"""Handwritten digits, as bundled with scikit-learn."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from ._task import Task, label_images, tasks

if TYPE_CHECKING:
    import xarray as xr

    from ._task import Images, Labels

HELD_OUT = 300
SHOWN = 6


@tasks.register("digits")
def digits() -> Task:
    """Classification of handwritten digits, 8 x 8 pixels (scikit-learn's, from the UCI repository).

    Of 1,797 images 300 are held out, 30 of each class; the stimuli are 60 of these, 6 of each class.

    Returns
    -------
    Task
        Images of 1 x 8 x 8 in 10 classes.

    References
    ----------
    Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    doi:10.24432/C50P49
    """
    return Task(
        name="digits",
        input_shape=(1, 8, 8),
        n_classes=10,
        sample=_sample,
        held_out=_held_out,
        stimuli=_stimuli,
        references=(
            "Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, doi:10.24432/C50P49",
        ),
    )


@cache
def _load() -> tuple[Images, Labels, Images, Labels]:
    """Images and labels to learn from, then those held out."""
    from sklearn.datasets import load_digits
    from sklearn.model_selection import train_test_split

    images, labels = load_digits(return_X_y=True)
    train, test, train_labels, test_labels = train_test_split(
        images, labels.astype(np.int64), test_size=HELD_OUT, stratify=labels, random_state=0
    )
    mean, spread = train.mean(), train.std()
    train, test = (((part - mean) / spread).reshape(-1, 1, 8, 8).astype(np.float32) for part in (train, test))
    return train, train_labels, test, test_labels


def _sample(n: int, rng: np.random.Generator) -> tuple[Images, Labels]:
    images, labels, _, _ = _load()
    chosen = rng.integers(len(labels), size=n)
    return images[chosen], labels[chosen]


def _held_out(n: int, rng: np.random.Generator) -> tuple[Images, Labels]:
    _, _, images, labels = _load()
    chosen = rng.integers(len(labels), size=n)
    return images[chosen], labels[chosen]


def _stimuli() -> xr.DataArray:
    _, _, images, labels = _load()
    chosen = np.concatenate([np.flatnonzero(labels == digit)[:SHOWN] for digit in range(10)])
    ids = [f"digit{labels[row]}_{count % SHOWN}" for count, row in enumerate(chosen)]
    return label_images(
        images[chosen], ids, {"label": labels[chosen]}, long_name="handwritten digits, pixel value"
    )
