"""Patches of natural photographs, whitened: what early vision might be a code for."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import fft

from ...errors import MissingExtraError, TrainingError, unknown_name
from ._task import Task, label_images, tasks

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray as xr

    from ._task import Images

    Grey = np.ndarray[Any, np.dtype[np.float64]]

COLLECTIONS = {
    "scikit-learn": ("china", "flower"),
    "scikit-image": ("astronaut", "camera", "chelsea", "coffee", "grass", "gravel"),
}
LUMINANCE = np.array([0.299, 0.587, 0.114])
LEARNED = 0.75  # of a photograph's width; the rest of it is held out
BORDER = 8  # pixels whose whitening reaches past the edge
SHOWN = 32


@tasks.register("patches")
def patches(
    *, size: int = 12, cutoff: float = 0.4, drift: float = 0.0, photographs: str = "scikit-learn"
) -> Task:
    r"""Patches of grey natural photographs, whitened; no labels, and the next moment on request.

    Photographs are whitened like those of Olshausen & Field, by a filter that undoes the 1/f amplitude
    spectrum of natural scenes and fades before the corners of the spectrum, which hold mostly noise:

    .. math:: R(f) = f\, e^{-(f / f_0)^4}

    Patches to learn from lie in the left three quarters of each photograph. Those held out and the stimuli,
    32 of each photograph, lie in the right quarter, which is cut off before whitening.

    Parameters
    ----------
    size
        Number of pixels along a side.
    cutoff
        :math:`f_0`, in cycles for each pixel; Olshausen & Field took 200 for each picture of 512 pixels.
    drift
        How many pixels the scene moves, in any direction, from one moment to the next. Above 0, each patch
        is paired with the one that follows it in the same place, for objectives that compare moments.
    photographs
        ``"scikit-learn"``'s two, or the six natural ones that come with ``"scikit-image"``, if installed.

    Returns
    -------
    Task
        Images of 1 x size x size.

    Raises
    ------
    UnknownNameError
        If there is no such collection of photographs.
    MissingExtraError
        If it is not installed.
    TrainingError
        If a number is out of range, or patches would not fit into the part that is held out.

    References
    ----------
    Olshausen & Field 1996, Nature 381:607, doi:10.1038/381607a0
    Olshausen & Field 1997, Vision Research 37:3311, doi:10.1016/S0042-6989(97)00169-7
    """
    if photographs not in COLLECTIONS:
        raise unknown_name("collection of photographs", photographs, COLLECTIONS)
    if not (size >= 2 and cutoff > 0 and drift >= 0):
        raise TrainingError(
            f"patches need size 2 or more, cutoff above 0 and drift 0 or more, not {size}, {cutoff}, {drift}"
        )
    learned, held_out = (partial(_regions, photographs, cutoff, held_out=part) for part in (False, True))
    room = min(min(region.shape) for region in held_out()) - 2 * int(np.ceil(drift))
    if size > room:
        raise TrainingError(f"patches of {size} pixels do not fit: the held-out parts take at most {room}")
    return Task(
        name="patches",
        input_shape=(1, size, size),
        n_classes=0,
        sample=partial(_cut, learned, size, drift),
        held_out=partial(_cut, held_out, size, drift),
        stimuli=partial(_stimuli, photographs, held_out, size),
        references=("Olshausen & Field 1996, Nature 381:607, doi:10.1038/381607a0",),
        paired=drift > 0,
    )


def whiten(image: Grey, cutoff: float) -> Grey:
    """The image through the filter f exp(-(f / cutoff)^4), without its border."""
    rows, columns = image.shape
    frequency = np.hypot(fft.fftfreq(rows)[:, None], fft.rfftfreq(columns))
    ramp = frequency * np.exp(-((frequency / cutoff) ** 4))
    flat: Grey = fft.irfft2(fft.rfft2(image) * ramp, s=image.shape)
    return flat[BORDER:-BORDER, BORDER:-BORDER]


@cache
def _regions(collection: str, cutoff: float, *, held_out: bool) -> tuple[Images, ...]:
    """The part of each photograph to learn from, or that held out, of mean 0 and variance about 1."""
    regions = []
    for photograph in _load(collection):
        border = round(LEARNED * photograph.shape[1])
        learned = whiten(photograph[:, :border], cutoff)
        part = whiten(photograph[:, border:], cutoff) if held_out else learned
        regions.append(((part - learned.mean()) / learned.std()).astype(np.float32))
    return tuple(regions)


def _load(collection: str) -> list[Grey]:
    names = COLLECTIONS[collection]
    if collection == "scikit-learn":
        from sklearn.datasets import load_sample_image

        coloured = [load_sample_image(f"{name}.jpg") for name in names]
    else:
        try:
            from skimage import data
        except ImportError:
            raise MissingExtraError("scikit-image", "test", "task 'patches' with its photographs") from None
        coloured = [getattr(data, name)() for name in names]
    return [image @ LUMINANCE if image.ndim == 3 else image.astype(float) for image in coloured]


def _cut(
    regions: Callable[[], tuple[Images, ...]], size: int, drift: float, n: int, rng: np.random.Generator
) -> tuple[Images, ...]:
    """Patches from anywhere, each photograph as often as any; and where the scene drifts, what comes next."""
    images, reach = regions(), int(np.ceil(drift))
    which = rng.integers(len(images), size=n)
    room = np.array([image.shape for image in images])[which] - size - 2 * reach
    corner = reach + rng.integers(room + 1)
    labels = np.zeros((n, 0), np.float32)
    first = _at(images, which, corner, size)
    if not drift:
        return first, labels
    angle = rng.uniform(0, 2 * np.pi, n)
    moved = corner + np.round(drift * np.stack([np.sin(angle), np.cos(angle)], axis=1)).astype(int)
    return first, labels, _at(images, which, moved, size)


def _at(images: tuple[Images, ...], which: np.ndarray, corner: np.ndarray, size: int) -> Images:
    """Patch (channel, y, x) of each image that ``which`` names, from its upper left ``corner``."""
    found = np.empty((len(which), 1, size, size), np.float32)
    for index, image in enumerate(images):
        rows = np.flatnonzero(which == index)
        windows = np.lib.stride_tricks.sliding_window_view(image, (size, size))
        found[rows, 0] = windows[corner[rows, 0], corner[rows, 1]]
    return found


def _stimuli(collection: str, held_out: Callable[[], tuple[Images, ...]], size: int) -> xr.DataArray:
    images, rng = held_out(), np.random.default_rng(0)
    which = np.repeat(np.arange(len(images)), SHOWN)
    corner = np.concatenate([_places(image, size, rng) for image in images])
    names = np.array(COLLECTIONS[collection])[which]
    ids = [f"{name}_y{y:03d}_x{x:03d}" for name, (y, x) in zip(names, corner, strict=True)]
    coords = {"photograph": names, "label": which, "top": corner[:, 0], "left": corner[:, 1]}
    return label_images(_at(images, which, corner, size), ids, coords, long_name="natural patches, whitened")


def _places(image: Images, size: int, rng: np.random.Generator) -> np.ndarray:
    """Upper left corners of ``SHOWN`` different patches."""
    room = np.array(image.shape) - size + 1
    chosen = rng.choice(room.prod(), SHOWN, replace=False)
    return np.stack(np.unravel_index(chosen, tuple(room)), axis=1)
