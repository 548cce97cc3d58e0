"""Orientation discrimination: which of some orientations a noisy grating has."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from ...errors import TrainingError
from ._gratings import gratings
from ._task import Task, label_images, tasks

if TYPE_CHECKING:
    import xarray as xr

    from ._gratings import Array, Values
    from ._task import Images, Labels

CONTRASTS = (0.5, 1.0)
FAINTEST, STRONGEST = 0.3, 1.0
RMS_CONTRAST = 0.68  # of a contrast drawn evenly between those two
TUNING_STEP = 7.5


@tasks.register("orientation")
def orientation(  # noqa: PLR0913 - what a psychophysicist sets
    *,
    size: int = 16,
    classes: int = 8,
    difference: float | None = None,
    reference: float = 0.0,
    cycles: float = 2.0,
    noise: float = 0.25,
    jitter: float = 2.0,
) -> Task:
    """Orientation discrimination on gratings of random phase, contrast and position, in pixel noise.

    By default eight classes, 22.5 degrees apart over the circle of 180. A training image has a phase drawn
    from [0, 360) degrees, a contrast from [0.3, 1], a centre within ``jitter`` pixels of the image's centre,
    and normal pixel noise. Stimuli: the orientations x 4 phases x 2 contrasts, centred, without noise.

    Given a ``difference``, the classes lie about the ``reference``:
    ``{"name": "orientation", "classes": 2, "difference": 3.0, "reference": 45.0}`` asks whether a grating
    has 43.5 or 46.5 degrees. Stimuli are then a tuning set: every 7.5 degrees around the circle, from the
    reference on, the classes, and orientations as far about the one that is orthogonal to the reference,
    which learning should leave alone. Their ``label`` is the class, -1 where the orientation is none.

    Parameters
    ----------
    size
        Number of pixels along a side.
    classes
        Number of orientations to tell apart.
    difference
        Degrees between neighbours; by default they share the circle evenly, beginning at the reference.
    reference
        In degrees anticlockwise from horizontal: the middle of the orientations, or where they begin.
    cycles
        Spatial frequency, in cycles for each image width.
    noise
        SD of the pixels' noise, where a grating of full contrast has amplitude 1.
    jitter
        How far the centre may lie from the image's, in pixels along x and along y.

    Returns
    -------
    Task
        Images of 1 x size x size.

    Raises
    ------
    TrainingError
        If there are fewer than two classes, or they do not fit on the circle.

    References
    ----------
    The task proposed for Fig. 4 of Richards et al. 2019, doi:10.1038/s41593-019-0520-2
    """
    angles = _classes(classes, difference, reference)
    patches = Patches(angles, size, cycles, noise, jitter)
    sampler = partial(_sample, patches)
    return Task(
        name="orientation",
        input_shape=(1, size, size),
        n_classes=classes,
        sample=sampler,
        held_out=sampler,
        stimuli=partial(_stimuli, patches, angles if difference is None else _tuning_set(angles, reference)),
    )


@dataclass(frozen=True, eq=False)
class Patches:
    """Gratings in noise, and the orientations of their classes."""

    angles: Array
    size: int
    cycles: float
    noise: float
    jitter: float

    def render(
        self, angle: Values, phase: Values, contrast: Values, *, dx: Values = 0.0, dy: Values = 0.0
    ) -> Array:
        """Gratings without noise, (n, y, x)."""
        return gratings(angle, phase, contrast, size=self.size, cycles=self.cycles, dx=dx, dy=dy)

    def standardise(self, images: Array) -> Images:
        """Mean 0 and variance about 1 over the task, with a channel."""
        pixels = self.render(0.0, np.arange(0, 360, 10.0), RMS_CONTRAST)
        scale = np.sqrt((pixels**2).mean() + self.noise**2)
        return (images[:, None] / scale).astype(np.float32)


def _classes(classes: int, difference: float | None, reference: float) -> Array:
    apart = 180 / max(classes, 1) if difference is None else difference
    if classes < 2 or not 0 < apart * (classes - 1) < 180:
        raise TrainingError(
            f"{classes} orientations {apart:g} degrees apart: there have to be at least 2, and all on the "
            "circle of 180 degrees"
        )
    first = reference if difference is None else reference - (classes - 1) / 2 * apart
    angles: Array = np.asarray(first + np.arange(classes) * apart, float) % 180
    return angles


def _tuning_set(angles: Array, reference: float) -> Array:
    around = reference + np.arange(0, 180, TUNING_STEP)
    tuning: Array = np.unique(np.concatenate([around, angles, angles + 90]).round(6) % 180)
    return tuning


def _sample(patches: Patches, n: int, rng: np.random.Generator) -> tuple[Images, Labels]:
    labels = rng.integers(len(patches.angles), size=n)
    phase, contrast = rng.uniform(0, 360, n), rng.uniform(FAINTEST, STRONGEST, n)
    dx, dy = rng.uniform(-patches.jitter, patches.jitter, (2, n))
    clean = patches.render(patches.angles[labels], phase, contrast, dx=dx, dy=dy)
    return patches.standardise(clean + patches.noise * rng.standard_normal(clean.shape)), labels


def _stimuli(patches: Patches, angles: Array) -> xr.DataArray:
    shown = list(product(angles, range(0, 360, 90), CONTRASTS))
    angle, phase, contrast = np.array(shown).T
    ids = [f"ori{_written(a)}_phase{p:03d}_c{100 * c:03.0f}" for a, p, c in shown]
    same = np.isclose(angle[:, None], patches.angles, rtol=0, atol=1e-6)
    labels = np.where(same.any(1), same.argmax(1), -1)
    coords = {"orientation": angle, "phase": phase, "contrast": contrast, "label": labels}
    images = patches.standardise(patches.render(angle, phase, contrast))
    return label_images(images, ids, coords, long_name="gratings, pixel value")


def _written(angle: float) -> str:
    """An orientation with one decimal, or as many as it needs."""
    return f"{angle:05.1f}" if round(angle, 1) == angle else f"{angle:g}"
