"""The circles that stimuli lie on, each a class in a registry."""

from __future__ import annotations

from typing import ClassVar

from ..registry import Registry

SELECTIVITY = (
    "Ringach, Shapley & Hawken 2002, Journal of Neuroscience 22:5639, doi:10.1523/JNEUROSCI.22-13-05639.2002"
)
DIRECTION = (
    "Mazurek, Kager & Van Hooser 2014, Frontiers in Neural Circuits 8:92, doi:10.3389/fncir.2014.00092"
)


class Circle:
    """Values in degrees that come round again."""

    period: ClassVar[float]
    references: ClassVar[tuple[str, ...]] = (SELECTIVITY,)


circles: Registry[type[Circle]] = Registry("kind of tuning")


@circles.register("orientation")
class Orientation(Circle):
    """Comes round after 180 degrees: theta and theta + 180 are one."""

    period = 180.0


@circles.register("direction")
class Direction(Circle):
    """Comes round after 360 degrees."""

    period = 360.0
    references = (SELECTIVITY, DIRECTION)
