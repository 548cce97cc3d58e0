"""Features, attention and memory as modules in a row, each of which can be at fault by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import TrainingError
from ._associative_memory import address
from ._attention import attend
from ._build import READOUT, architectures, conv, dense, identity, normalise_and_pool

if TYPE_CHECKING:
    from .._stages import Stage
    from ._build import Shape


@architectures.register("modular")
def modular(
    input_shape: Shape,
    outputs: int,
    *,
    channels: int = 16,
    units: int = 32,
    heads: int = 4,
    slots: int = 32,
    sharpness: float = 1.0,
) -> tuple[Stage, ...]:
    r"""Modules in a row: features, then attention over places, then a memory that the readout reads.

    .. math::

        f = \mathrm{pool}\, n(W * x), \qquad h = \mathrm{attend}(f), \qquad
        p = \operatorname{softmax}(\beta K h), \qquad o = V p

    Features are those of ``conv``'s first layer; attention is over their places, as in ``attention``; the
    memory is addressed as in ``associative_memory``, and the readout's weights are what it holds. Stages are
    called what the modules are, so that ``by_layer`` can give each of them a cost of its own, such as
    ``local_readout``: specialised structures that learn only from what they did wrong.

    Parameters
    ----------
    input_shape
        (channel, y, x) of an image; y and x at least 2.
    outputs
        Number of units of the readout.
    channels
        Number of feature maps.
    units
        Number of units at each place that attention hands on.
    heads
        Number of parts into which these fall.
    slots
        Number of memories.
    sharpness
        :math:`\beta`: how sharply one memory is chosen.

    Returns
    -------
    tuple of Stage
        ``features``, ``attention``, ``memory``, ``readout``.

    Raises
    ------
    TrainingError
        If the images are too small to be pooled.

    References
    ----------
    Marblestone, Wayne & Kording 2016, Frontiers in Computational Neuroscience 10:94,
    doi:10.3389/fncom.2016.00094
    """
    maps, height, width = input_shape
    if min(height, width) < 2:
        raise TrainingError(f"images of {height} x {width} pixels are too small to be pooled: 2 x 2 at least")
    places = (height // 2, width // 2)
    return (
        conv("features", maps, channels, normalise_and_pool),
        attend("attention", (channels, *places), units=units, heads=heads, patch=1),
        address("memory", places[0] * places[1] * units, slots, sharpness),
        dense(READOUT, slots, outputs, identity),
    )
