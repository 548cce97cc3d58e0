"""Handwritten digits, as bundled with scikit-learn."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from ._split import Split, first_of_each, pick, split
from ._task import Task, label_images, tasks

if TYPE_CHECKING:
    import numpy as np
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
def load_digits() -> Split:
    """The images, in parts that are the same for every task made of them."""
    from sklearn import datasets

    images, labels = datasets.load_digits(return_X_y=True)
    return split(images.reshape(-1, 8, 8), labels, held_out=HELD_OUT)


def _sample(n: int, rng: np.random.Generator) -> tuple[Images, Labels]:
    return pick(load_digits().images, load_digits().labels, n, rng)


def _held_out(n: int, rng: np.random.Generator) -> tuple[Images, Labels]:
    return pick(load_digits().unseen, load_digits().unseen_labels, n, rng)


def _stimuli() -> xr.DataArray:
    digits = load_digits()
    chosen, ids = first_of_each(digits.unseen_labels, SHOWN)
    coords = {"label": digits.unseen_labels[chosen]}
    return label_images(digits.unseen[chosen], ids, coords, long_name="handwritten digits, pixel value")
