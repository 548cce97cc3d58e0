"""Feedforward circuits: from the shape of an image and a number of outputs to the stages of a network."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from ...errors import TrainingError
from ._build import READOUT, architectures, dense, identity, nonlinearities, normalise, normalise_and_pool
from ._build import conv as conv_layer

if TYPE_CHECKING:
    from .._stages import Stage
    from ._build import Shape


@architectures.register("mlp")
def mlp(
    input_shape: Shape, outputs: int, *, hidden: tuple[int, ...] = (64, 64), nonlinearity: str = "tanh"
) -> tuple[Stage, ...]:
    """Multilayer perceptron: two hidden layers of 64 tanh units.

    Parameters
    ----------
    input_shape
        (channel, y, x) of an image.
    outputs
        Number of units of the readout.
    hidden
        Number of units of each hidden layer.
    nonlinearity
        Of the hidden layers: a name in ``nets.nonlinearities``.

    Returns
    -------
    tuple of Stage
        ``hidden1``, ``hidden2``, ..., ``readout``.

    References
    ----------
    Rumelhart, Hinton & Williams 1986, Nature 323:533, doi:10.1038/323533a0
    """
    sizes, post = (prod(input_shape), *hidden), nonlinearities[nonlinearity]
    layers = [dense(f"hidden{depth}", sizes[depth - 1], sizes[depth], post) for depth in range(1, len(sizes))]
    return (*layers, dense(READOUT, sizes[-1], outputs, identity))


@architectures.register("conv")
def conv(
    input_shape: Shape, outputs: int, *, channels: tuple[int, ...] = (16, 32, 64), hidden: int = 64
) -> tuple[Stage, ...]:
    r"""Convolutional hierarchy: three convolutions, all but the last one pooled, then a dense layer.

    Convolutions are 3 x 3 and keep the size of their input; pooling takes the mean of 2 x 2 outputs, so that
    receptive fields are 4, 10 and 18 pixels wide. Each layer's drive :math:`a` is rectified and divided by
    what all feature maps :math:`c` (in the dense layer, all units) do at the same place:

    .. math:: r_c = \frac{[a_c]_+}{\sqrt{1 + \frac{1}{n} \sum_j [a_j]_+^2}}

    This bounds activity, without which feedback alignment diverges here, and makes layers of networks
    trained from different seeds alike. Trained on ``"orientation"``, the layers go from simple cells, which
    know the phase of a grating, to complex cells, which know its orientation alone.

    Parameters
    ----------
    input_shape
        (channel, y, x) of an image; y and x at least 2 to the number of poolings.
    outputs
        Number of units of the readout.
    channels
        Number of feature maps of each convolution.
    hidden
        Number of units of the dense layer.

    Returns
    -------
    tuple of Stage
        ``conv1``, ``conv2``, ..., ``dense``, ``readout``.

    Raises
    ------
    TrainingError
        If the images are too small to be pooled so often, or there is no convolution.

    References
    ----------
    LeCun et al. 1989, Neural Computation 1:541, doi:10.1162/neco.1989.1.4.541
    Carandini & Heeger 2012, Nature Reviews Neuroscience 13:51, doi:10.1038/nrn3136
    """
    maps, height, width = input_shape
    halved = 2 ** (len(channels) - 1)
    if not channels:
        raise TrainingError("'conv' needs at least one convolution; choose architecture='mlp' for none")
    if min(height, width) < halved:
        raise TrainingError(
            f"images of {height} x {width} pixels are too small for 'conv', which halves them "
            f"{len(channels) - 1} times: give at least {halved} x {halved}, or choose architecture='mlp'"
        )
    sizes = (maps, *channels)
    posts = [normalise_and_pool] * (len(channels) - 1) + [normalise]
    return (
        *(
            conv_layer(f"conv{depth}", sizes[depth - 1], sizes[depth], post)
            for depth, post in enumerate(posts, start=1)
        ),
        dense("dense", channels[-1] * (height // halved) * (width // halved), hidden, normalise),
        dense(READOUT, hidden, outputs, identity),
    )
