"""Orientation discrimination: which of eight orientations a noisy grating has."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from ._gratings import gratings
from ._task import Task, label_images, tasks

if TYPE_CHECKING:
    import xarray as xr

    from ._task import Images, Labels

SIZE = 16
CYCLES = 2.0
CLASSES = 8
CONTRASTS = (0.5, 1.0)
FAINTEST, STRONGEST = 0.3, 1.0
RMS_CONTRAST = 0.68  # of a contrast drawn evenly between those two
JITTER = 2.0
NOISE = 0.25


@tasks.register("orientation")
def orientation() -> Task:
    """Orientation discrimination on gratings of random phase, contrast and position, in pixel noise.

    Eight classes, 22.5 degrees apart over the circle of 180. A training image has a phase drawn from
    [0, 360) degrees, a contrast from [0.3, 1], a centre within 2 pixels of the image's centre, and normal
    pixel noise of SD 0.25. Stimuli: 8 orientations x 4 phases x 2 contrasts, centred, without noise.

    Returns
    -------
    Task
        Images of 1 x 16 x 16.

    References
    ----------
    The task proposed for Fig. 4 of Richards et al. 2019, doi:10.1038/s41593-019-0520-2
    """
    return Task(
        name="orientation",
        input_shape=(1, SIZE, SIZE),
        n_classes=CLASSES,
        sample=_sample,
        held_out=_sample,
        stimuli=_stimuli,
    )


_render = partial(gratings, size=SIZE, cycles=CYCLES)


def _standardise(images: np.ndarray) -> Images:
    scale = np.sqrt((_render(0.0, np.arange(0, 360, 10.0), RMS_CONTRAST) ** 2).mean() + NOISE**2)
    return (images[:, None] / scale).astype(np.float32)


def _sample(n: int, rng: np.random.Generator) -> tuple[Images, Labels]:
    labels = rng.integers(CLASSES, size=n)
    phase, contrast = rng.uniform(0, 360, n), rng.uniform(FAINTEST, STRONGEST, n)
    dx, dy = rng.uniform(-JITTER, JITTER, (2, n))
    clean = _render(labels * 180 / CLASSES, phase, contrast, dx=dx, dy=dy)
    return _standardise(clean + NOISE * rng.standard_normal(clean.shape)), labels


def _stimuli() -> xr.DataArray:
    angles = np.arange(CLASSES) * 180 / CLASSES
    shown = list(product(angles, range(0, 360, 90), CONTRASTS))
    angle, phase, contrast = np.array(shown).T
    ids = [f"ori{a:05.1f}_phase{p:03d}_c{100 * c:03.0f}" for a, p, c in shown]
    coords = {
        "orientation": angle,
        "phase": phase,
        "contrast": contrast,
        "label": np.searchsorted(angles, angle),
    }
    images = _standardise(_render(angle, phase, contrast))
    return label_images(images, ids, coords, long_name="gratings, pixel value")
