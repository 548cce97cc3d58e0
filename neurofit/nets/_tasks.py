"""What a task is: images with labels to learn from, and the images that a brain would be shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
import xarray as xr

from ..names import STIMULUS, STIMULUS_ID
from ..provenance import label
from ..registry import Registry

Images = np.ndarray[Any, np.dtype[np.float32]]
Labels = np.ndarray[Any, np.dtype[np.int64]]
Sampler = Callable[[int, np.random.Generator], tuple[Images, Labels]]

IMAGE_DIMS = (STIMULUS, "channel", "y", "x")


class Batch(NamedTuple):
    """Images (batch, channel, y, x) and the class of each."""

    inputs: torch.Tensor
    labels: torch.Tensor


@dataclass(frozen=True)
class Task:
    """Something to learn.

    Images are standardised over the task: their pixels have mean 0 and variance about 1.

    Parameters
    ----------
    name
        Its name in ``nets.tasks``.
    input_shape
        (channel, y, x) of an image.
    n_classes
        Number of classes; 0 where images have no label.
    sample
        ``sample(n, rng)`` draws ``n`` images (n, channel, y, x) and labels (n,) to learn from.
    held_out
        The same, of images that are never learned from.
    stimuli
        ``stimuli()`` is the brain set, what an animal would be shown: DataArray (stimulus, channel, y, x)
        with coord ``stimulus_id``. It is not learned from either.
    references
        Where the task comes from.
    """

    name: str
    input_shape: tuple[int, int, int]
    n_classes: int
    sample: Sampler
    held_out: Sampler
    stimuli: Callable[[], xr.DataArray]
    references: tuple[str, ...] = ()


tasks: Registry[Callable[[], Task]] = Registry("task")


def draw_batch(sampler: Sampler, size: int, rng: np.random.Generator, device: torch.device | str) -> Batch:
    """``size`` examples as tensors on ``device``."""
    images, labels = sampler(size, rng)
    return Batch(torch.from_numpy(images).to(device), torch.from_numpy(labels).to(device))


def label_images(
    images: Images, ids: list[str], coords: Mapping[str, Any], *, long_name: str
) -> xr.DataArray:
    """``images`` (n, channel, y, x) as stimuli with these ``ids`` and further coords, one value for each."""
    named = {name: (STIMULUS, values) for name, values in {STIMULUS_ID: ids, **coords}.items()}
    stimuli = xr.DataArray(images, dims=IMAGE_DIMS, coords=named, name="stimuli")
    return label(stimuli, units="1", long_name=long_name)
