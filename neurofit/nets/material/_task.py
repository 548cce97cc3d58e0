"""What a task is: images with labels to learn from, and the images that a brain would be shown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import torch
import xarray as xr

from ...names import CHANNEL, STIMULUS, STIMULUS_ID, X, Y
from ...provenance import label
from ...registry import Registry

Images = np.ndarray[Any, np.dtype[np.float32]]
Labels = np.ndarray[Any, np.dtype[np.int64]]
Sampler = Callable[[int, np.random.Generator], tuple[np.ndarray[Any, Any], ...]]

IMAGE_DIMS = (STIMULUS, CHANNEL, Y, X)


class Batch(NamedTuple):
    """Inputs, such as images (batch, channel, y, x), and what is right for each.

    ``labels`` are classes (batch,) or, where the task has none, values to give, (batch, target). ``paired``
    is what comes with each input: the next moment, or what another sense has of it.
    """

    inputs: torch.Tensor
    labels: torch.Tensor
    paired: torch.Tensor | None = None


@dataclass(frozen=True)
class Task:
    """Something to learn.

    Images are standardised over the task: their pixels have mean 0 and variance about 1.

    Parameters
    ----------
    name
        Its name in ``nets.tasks``.
    input_shape
        (channel, y, x) of an image, or the size of each of ``dims``.
    n_classes
        Number of classes; 0 where images have no label.
    sample
        ``sample(n, rng)`` draws ``n`` images (n, channel, y, x) and labels (n,) to learn from; where
        ``paired``, also what comes with each image, of the same shape.
    held_out
        The same, of images that are never learned from.
    stimuli
        ``stimuli()`` is the brain set, what an animal would be shown: DataArray (stimulus, channel, y, x)
        with coord ``stimulus_id``. It is not learned from either.
    references
        Where the task comes from.
    n_targets
        Number of values to give, where labels are no classes but (n, target).
    paired
        Whether something comes with each image: the next moment, or what another sense has of it.
    dims
        Of an input.
    """

    name: str
    input_shape: tuple[int, ...]
    n_classes: int
    sample: Sampler
    held_out: Sampler
    stimuli: Callable[[], xr.DataArray]
    references: tuple[str, ...] = ()
    n_targets: int = 0
    paired: bool = False
    dims: tuple[str, ...] = IMAGE_DIMS[1:]


tasks: Registry[Callable[..., Task]] = Registry("task")


def draw_batch(sampler: Sampler, size: int, rng: np.random.Generator, device: torch.device | str) -> Batch:
    """``size`` examples as tensors on ``device``."""
    return Batch(*(torch.from_numpy(part).to(device) for part in sampler(size, rng)))


def label_images(
    images: Images, ids: list[str], coords: Mapping[str, Any], *, long_name: str
) -> xr.DataArray:
    """``images`` (n, channel, y, x) as stimuli with these ``ids`` and further coords, one value for each."""
    return label_stimuli(images, IMAGE_DIMS, ids, coords, long_name=long_name)


def label_stimuli(
    values: Images, dims: tuple[str, ...], ids: list[str], coords: Mapping[str, Any], *, long_name: str
) -> xr.DataArray:
    """``values`` with ``dims``, the stimulus first, ``ids`` and further coords, one value for each."""
    named = {name: (STIMULUS, entries) for name, entries in {STIMULUS_ID: ids, **coords}.items()}
    stimuli = xr.DataArray(values, dims=dims, coords=named, name="stimuli")
    return label(stimuli, units="1", long_name=long_name)
