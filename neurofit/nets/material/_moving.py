"""What moves: each image comes with the one a moment later."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from ...errors import TrainingError
from ._digits import load_digits
from ._gratings import gratings
from ._split import first_of_each, pick
from ._task import Task, label_images, tasks

if TYPE_CHECKING:
    import xarray as xr

    from ._task import Images, Labels

    Pairs = tuple[Images, Labels, Images]

CLASSES = 8
CYCLES = 2.0
FAINTEST, STRONGEST = 0.3, 1.0
RMS_CONTRAST = 0.68  # of a contrast drawn evenly between those two
SHOWN = 6
FRAME = 12
MARGIN = FRAME - 8


@tasks.register("moving_gratings")
def moving_gratings(*, size: int = 16, step: float = 45.0, noise: float = 0.1) -> Task:
    """Drifting gratings: which of eight orientations, and what comes a moment later.

    An image is a frame, its pair the next: the bars have moved by ``step`` degrees of phase, downwards and
    at right angles to their orientation (horizontal bars down, vertical ones to the right), so that one
    frame is enough to tell the next. Phase and contrast, from [0.3, 1], are random; each frame carries
    pixel noise of its own, which nobody can foretell. Stimuli: 8 orientations x 8 phases, a cycle of the
    movie in steps of 45 degrees, without noise.

    Parameters
    ----------
    size
        Number of pixels along a side.
    step
        Degrees of phase from one frame to the next.
    noise
        SD of the pixels' noise, where a grating of full contrast has amplitude 1.

    Returns
    -------
    Task
        Pairs of images of 1 x size x size in 8 classes.
    """
    frames = partial(_frames, size=size, noise=noise)
    sampler = partial(_drift, frames, step)
    return Task(
        name="moving_gratings",
        input_shape=(1, size, size),
        n_classes=CLASSES,
        sample=sampler,
        held_out=sampler,
        stimuli=partial(_cycles, frames),
        paired=True,
    )


@tasks.register("moving_digits")
def moving_digits(*, step: int = 1) -> Task:
    """Handwritten digits that move slowly: which digit, wherever it is.

    A digit of 8 x 8 pixels lies anywhere in a frame of 12 x 12, and a moment later lies ``step`` pixels off:
    to the left or right, and up or down, as the frame leaves room. What changes slowly is which digit
    it is. Of the digits 300 are held out; the stimuli are 60 of these, 6 of each class, in the middle.

    Parameters
    ----------
    step
        Pixels along x and along y from one image to the next, 0 to 2.

    Returns
    -------
    Task
        Pairs of images of 1 x 12 x 12 in 10 classes.

    Raises
    ------
    TrainingError
        If a step can leave the frame either way.

    References
    ----------
    Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository,
    doi:10.24432/C50P49
    """
    if not 0 <= step <= MARGIN // 2:
        raise TrainingError(f"a digit can move by 0 to {MARGIN // 2} pixels in its frame, not {step}")
    return Task(
        name="moving_digits",
        input_shape=(1, FRAME, FRAME),
        n_classes=10,
        sample=partial(_move, step, unseen=False),
        held_out=partial(_move, step, unseen=True),
        stimuli=_centred,
        references=(
            "Alpaydin & Kaynak 1998, Optical Recognition of Handwritten Digits, doi:10.24432/C50P49",
        ),
        paired=True,
    )


def _frames(
    angle: np.ndarray,
    phase: np.ndarray,
    contrast: np.ndarray,
    rng: np.random.Generator | None,
    *,
    size: int,
    noise: float,
) -> Images:
    """Standardised frames of gratings, with noise where there is an ``rng``."""
    render = partial(gratings, size=size, cycles=CYCLES)
    clean = render(angle, phase, contrast)
    noisy = clean if rng is None else clean + noise * rng.standard_normal(clean.shape)
    scale = np.sqrt((render(0.0, np.arange(0, 360, 10.0), RMS_CONTRAST) ** 2).mean() + noise**2)
    return (noisy[:, None] / scale).astype(np.float32)


def _drift(frames: partial[Images], step: float, n: int, rng: np.random.Generator) -> Pairs:
    labels = rng.integers(CLASSES, size=n)
    angle, phase = labels * 180 / CLASSES, rng.uniform(0, 360, n)
    contrast = rng.uniform(FAINTEST, STRONGEST, n)
    return frames(angle, phase, contrast, rng), labels, frames(angle, phase + step, contrast, rng)


def _cycles(frames: partial[Images]) -> xr.DataArray:
    labels, phase = np.array(list(product(range(CLASSES), range(0, 360, 45)))).T
    angle = labels * 180 / CLASSES
    ids = [f"ori{a:05.1f}_phase{p:03d}" for a, p in zip(angle, phase, strict=True)]
    coords = {"orientation": angle, "phase": phase, "label": labels}
    images = frames(angle, phase, np.ones(len(angle)), None)
    return label_images(images, ids, coords, long_name="frames of drifting gratings, pixel value")


def _move(step: int, n: int, rng: np.random.Generator, *, unseen: bool) -> Pairs:
    parts = load_digits()
    chosen = (parts.unseen, parts.unseen_labels) if unseen else (parts.images, parts.labels)
    digits, labels = pick(*chosen, n, rng)
    here = rng.integers(MARGIN + 1, size=(2, n))
    there = here + step * rng.choice([-1, 1], size=(2, n))
    outside = (there < 0) | (there > MARGIN)
    there = np.where(outside, 2 * here - there, there)
    return _placed(digits, here), labels, _placed(digits, there)


def _placed(digits: Images, corner: Labels) -> Images:
    """Digits in their frames, with the corner (y, x) at these places, standardised."""
    parts = load_digits()
    dark = parts.images.min()
    frames = np.full((len(digits), 1, FRAME, FRAME), dark, np.float32)
    y, x = (at[:, None] + np.arange(8) for at in corner)
    frames[np.arange(len(digits))[:, None, None], 0, y[:, :, None], x[:, None, :]] = digits[:, 0]
    # Pixels of digits have mean 0 and variance 1, and those around them are all dark.
    filled = 64 / FRAME**2
    mean = (1 - filled) * dark
    return (frames - mean) / np.sqrt(filled + (1 - filled) * dark**2 - mean**2)


def _centred() -> xr.DataArray:
    parts = load_digits()
    chosen, ids = first_of_each(parts.unseen_labels, SHOWN)
    images = _placed(parts.unseen[chosen], np.full((2, len(chosen)), MARGIN // 2))
    coords = {"label": parts.unseen_labels[chosen]}
    return label_images(images, ids, coords, long_name="digits in a frame, pixel value")
