"""Self-attention: parts of an image, or moments, that look at each other."""

from __future__ import annotations

from functools import partial
from math import prod, sqrt
from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from ...errors import TrainingError
from .._stages import Stage
from ._build import READOUT, architectures, dense, he_weights, identity, relu

if TYPE_CHECKING:
    from .._stages import Weights
    from ._build import Shape


@architectures.register("attention")
def attention(
    input_shape: Shape, outputs: int, *, units: int = 64, heads: int = 4, patch: int = 4
) -> tuple[Stage, ...]:
    r"""Self-attention over the patches of an image or the moments of a sequence.

    .. math::

        (q_i, k_i, v_i) = W x_i + b_i, \qquad
        h_i = \sum_j \frac{e^{q_i \cdot k_j / \sqrt d}}{\sum_l e^{q_i \cdot k_l / \sqrt d}}\, v_j

    for each of the heads, of :math:`d` units, side by side. Bias :math:`b_i` is each place's own: without
    it, what is at a place would not depend on where it is. The next layer mixes the heads at each place and
    rectifies; the readout sees all places. Drives are linear in the weights: every rule can learn them.

    Parameters
    ----------
    input_shape
        (channel, y, x) of an image, or (time, feature).
    outputs
        Number of units of the readout.
    units
        Number of units at each place.
    heads
        Into how many parts these fall.
    patch
        Width of the patches that an image is cut into, in pixels.

    Returns
    -------
    tuple of Stage
        ``attention``, ``projection``, ``readout``. The first two give (place, unit), where for a sequence
        places are moments.

    Raises
    ------
    TrainingError
        If the image does not fall into patches, or the units into heads.

    References
    ----------
    Vaswani et al. 2017, NeurIPS 30, arXiv:1706.03762
    """
    places = _places(input_shape, patch)
    projection = Stage(
        "projection",
        partial(he_weights, (units, units)),
        apply_everywhere,
        relu,
        timed=len(input_shape) == 2,
    )
    return (
        attend("attention", input_shape, units=units, heads=heads, patch=patch),
        projection,
        dense(READOUT, places * units, outputs, identity),
    )


def attend(name: str, input_shape: Shape, *, units: int, heads: int, patch: int) -> Stage:
    """The stage that projects each place to queries, keys and values, and mixes the values."""
    if units % heads:
        raise TrainingError(f"{units} units do not fall into {heads} heads of equal size")
    places = _places(input_shape, patch)
    features = prod(input_shape) // places
    in_time = len(input_shape) == 2
    drive = apply_everywhere if in_time else partial(_apply_to_patches, patch)
    return Stage(name, partial(_weights, features, places, units), drive, partial(mix, heads), timed=in_time)


def _places(input_shape: Shape, patch: int) -> int:
    if len(input_shape) == 2:
        return input_shape[0]
    _, height, width = input_shape
    if height % patch or width % patch:
        raise TrainingError(f"an image of {height} x {width} pixels does not fall into patches of {patch}")
    return (height // patch) * (width // patch)


def apply_everywhere(weights: Weights, inputs: torch.Tensor) -> torch.Tensor:
    """Drive by inputs (batch, place, feature), with the same weights at each place."""
    return functional.linear(inputs, weights["weight"]) + weights["bias"]


def _apply_to_patches(patch: int, weights: Weights, images: torch.Tensor) -> torch.Tensor:
    batch, maps, height, width = images.shape
    cut = images.reshape(batch, maps, height // patch, patch, width // patch, patch)
    patches = cut.permute(0, 2, 4, 1, 3, 5).reshape(batch, -1, maps * patch * patch)
    return apply_everywhere(weights, patches)


def mix(heads: int, drive: torch.Tensor) -> torch.Tensor:
    """Values (batch, place, unit), mixed by how well queries and keys of each head match."""
    shape = (*drive.shape[:2], heads, -1)
    query, key, value = (part.reshape(shape).transpose(1, 2) for part in drive.chunk(3, dim=-1))
    match = torch.softmax(query @ key.transpose(-1, -2) / sqrt(query.shape[-1]), dim=-1)
    return (match @ value).transpose(1, 2).flatten(2)


def _weights(features: int, places: int, units: int, generator: torch.Generator) -> Weights:
    drawn = he_weights((3 * units, features), generator)
    return {**drawn, "bias": torch.zeros(places, 3 * units)}
