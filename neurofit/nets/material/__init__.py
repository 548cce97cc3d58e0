"""Tasks: what is learned from, and what a brain would be shown."""

from . import (  # noqa: F401 - entering them in the registry is their purpose
    _delayed_match,
    _digits,
    _mnist,
    _moving,
    _orientation,
    _patches,
    _two_senses,
)
from ._gratings import gratings
from ._task import IMAGE_DIMS, Batch, Task, draw_batch, label_images, tasks

__all__ = ["IMAGE_DIMS", "Batch", "Task", "draw_batch", "gratings", "label_images", "tasks"]
