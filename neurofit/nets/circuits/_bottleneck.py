"""Retina and cortex, with the optic nerve between them."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from ._build import READOUT, architectures, conv, dense, identity, nonlinearities

if TYPE_CHECKING:
    from .._stages import Stage
    from ._build import Shape


@architectures.register("bottleneck")
def bottleneck(
    input_shape: Shape,
    outputs: int,
    *,
    nerve: int = 1,
    channels: int = 32,
    cortex: int = 2,
    width: int = 9,
    hidden: int = 64,
    nonlinearity: str = "relu",
) -> tuple[Stage, ...]:
    """Retina, optic nerve and cortex: convolutions of 32 maps with a bottleneck of one map between them.

    Two retinal convolutions, the second of which has as many maps as the optic nerve has channels, then
    those of cortex, all of one width and without pooling. Trained to classify natural images, networks with
    a narrow nerve were found to have centre-surround receptive fields in the retina and oriented ones in
    the first layer of cortex, and networks without a bottleneck oriented ones in the retina already; the
    deeper cortex is, the more linear the retina.

    Do not expect this of a short training. Told which of eight photographs a patch of 16 x 16 pixels is
    from (16 maps, 7 wide; 4,000 steps, one seed), networks had fields of ``retina2`` whose correlation with
    themselves, turned by 90 degrees, was .35 with one map in the nerve and .08 with 16 (untrained, -.10 and
    .00), and the one map showed no clear centre and surround.

    Parameters
    ----------
    input_shape
        (channel, y, x) of an image.
    outputs
        Number of units of the readout.
    nerve
        Number of maps of the second retinal layer.
    channels
        Number of maps of every other convolution.
    cortex
        Number of convolutions in cortex; 0 has the dense layer read the nerve.
    width
        Of the kernels, in pixels; at most as wide as what the images show.
    hidden
        Number of units of the dense layer.
    nonlinearity
        A name in ``nets.nonlinearities``.

    Returns
    -------
    tuple of Stage
        ``retina1``, ``retina2``, ``cortex1``, ..., ``dense``, ``readout``.

    References
    ----------
    Lindsey, Ocko, Ganguli & Deny 2019, ICLR, arXiv:1901.00945
    """
    post = nonlinearities[nonlinearity]
    names = ["retina1", "retina2", *(f"cortex{depth}" for depth in range(1, cortex + 1))]
    maps = [input_shape[0], channels, nerve, *[channels] * cortex]
    layers = [conv(name, maps[depth], maps[depth + 1], post, width=width) for depth, name in enumerate(names)]
    places = prod(input_shape[1:])
    return (
        *layers,
        dense("dense", maps[-1] * places, hidden, post),
        dense(READOUT, hidden, outputs, identity),
    )
