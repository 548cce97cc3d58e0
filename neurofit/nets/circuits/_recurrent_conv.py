"""Convolutions whose units also hear their neighbours of the moment before."""

from __future__ import annotations

from functools import partial
from math import sqrt
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from ...errors import TrainingError
from .._stages import Stage
from ._build import apply_conv, architectures, he_weights, normalise
from ._recurrent import last_readout

if TYPE_CHECKING:
    from .._stages import Weights
    from ._build import Shape


@architectures.register("recurrent_conv")
def recurrent_conv(
    input_shape: Shape, outputs: int, *, channels: tuple[int, ...] = (16, 32), moments: int = 4
) -> tuple[Stage, ...]:
    r"""Recurrent convolutions: a still image, looked at for four moments, with lateral connections.

    .. math:: a^l_t = W^l * h^{l-1}_t + V^l * f(a^l_{t-1}) + b^l, \qquad h^l_t = \mathrm{pool}\, f(a^l_t)

    The network with bottom-up and lateral connections of Spoerer et al.: every layer sees the image, or what
    the layer below makes of it, at every moment, and its own maps of the moment before; :math:`f` is the
    normalisation of ``conv``, and the mean of 2 x 2 outputs is handed on. The first moment is a feedforward
    network's answer. The readout sees the last moment. Layers have a time course: dim ``time``.

    Parameters
    ----------
    input_shape
        (channel, y, x) of an image; y and x large enough to be halved by each layer.
    outputs
        Number of units of the readout.
    channels
        Number of feature maps of each convolution.
    moments
        For how long the image is looked at.

    Returns
    -------
    tuple of Stage
        ``conv1``, ``conv2``, ..., ``readout``.

    Raises
    ------
    TrainingError
        If the images are too small to be pooled so often.

    References
    ----------
    Spoerer, McClure & Kriegeskorte 2017, Frontiers in Psychology 8:1551, doi:10.3389/fpsyg.2017.01551
    """
    maps, height, width = input_shape
    halved = 2 ** len(channels)
    if min(height, width) < halved:
        raise TrainingError(
            f"images of {height} x {width} pixels are too small for 'recurrent_conv', which halves them "
            f"{len(channels)} times: give at least {halved} x {halved}, or fewer channels"
        )
    sizes = (maps, *channels)
    layers = [
        Stage(
            f"conv{depth}",
            partial(_weights, sizes[depth - 1], sizes[depth]),
            partial(_look, moments) if depth == 1 else _follow,
            _normalise_and_pool,
            linear=False,
            timed=True,
        )
        for depth in range(1, len(sizes))
    ]
    return *layers, last_readout(channels[-1] * (height // halved) * (width // halved), outputs)


def _look(moments: int, weights: Weights, images: torch.Tensor) -> torch.Tensor:
    return _unroll(weights, [apply_conv(weights, images)] * moments)


def _follow(weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    return _unroll(weights, [apply_conv(weights, now) for now in inputs.unbind(1)])


def _unroll(weights: Weights, driven: list[torch.Tensor]) -> torch.Tensor:
    """Drive (batch, time, channel, y, x) by what comes from below at each moment and what was before."""
    drive = driven[0]
    drives = [drive]
    for now in driven[1:]:
        drive = now + functional.conv2d(normalise(drive), weights["lateral_weight"], padding="same")
        drives.append(drive)
    return torch.stack(drives, dim=1)


def _normalise_and_pool(drive: torch.Tensor) -> torch.Tensor:
    together = functional.avg_pool2d(normalise(drive.flatten(0, 1)), 2)
    return together.reshape(*drive.shape[:2], *together.shape[1:])


def _weights(inputs: int, outputs: int, generator: torch.Generator) -> Weights:
    lateral = torch.randn(outputs, outputs, 3, 3, generator=generator) / sqrt(9 * outputs)
    return {**he_weights((outputs, inputs, 3, 3), generator), "lateral_weight": lateral}
