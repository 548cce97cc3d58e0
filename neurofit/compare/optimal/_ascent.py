"""Gradient ascent on the input of a network; the only place here that knows torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import torch

from ...nets._threads import one_thread
from ...parallel import bar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ...nets import Network
    from ._limits import Limits

    Array = np.ndarray[Any, Any]
    Objective = Callable[[torch.Tensor], torch.Tensor]

LONGEST_STEP, SHORTEST_STEP = 0.5, 0.002  # of the norm that images may have
BISECTIONS = 40
LEAST_FREE = 1e-3  # of a gradient, for where all pixels are at their ends


class Ascent(NamedTuple):
    """Images and objective of each start, how far each is from standing still, and the way there."""

    images: Array
    objective: Array
    residual: Array
    trace: Array


@one_thread()
def responses(network: Network, weights: Mapping[str, Array], images: Array) -> Array:
    """Linear readout of a network's units, without intercept, for images (stimulus, channel, y, x)."""
    with torch.no_grad():
        return _readout(network, weights)(_tensor(network, images)).cpu().numpy()


@one_thread()
def ascend(
    network: Network,
    weights: Mapping[str, Array],
    starts: Array,
    limits: Limits,
    *,
    smoothness: float,
    steps: int,
    progress: bool,
) -> Ascent:
    """Follow the gradient of the readout less ``smoothness`` times ``roughness``, back into the limits."""
    readout = _readout(network, weights)

    def objective(images: torch.Tensor) -> torch.Tensor:
        return readout(images) - smoothness * roughness(images) if smoothness else readout(images)

    images = project(_tensor(network, starts), limits)
    best, reached = images, objective(images).detach()
    radius = limits.norm if np.isfinite(limits.norm) else float(images[0].numel() ** 0.5 * _largest(limits))
    trace = [reached.cpu().numpy()]
    sizes = np.geomspace(LONGEST_STEP, SHORTEST_STEP, steps)
    for size in bar(sizes, progress=progress, description="climbing"):
        images = project(images + size * radius * _direction(objective, images, limits), limits)
        value = objective(images).detach()
        higher = value > reached
        best = torch.where(higher[:, None, None, None], images, best)
        reached = torch.where(higher, value, reached)
        trace.append(reached.cpu().numpy())
    moved = project(best + SHORTEST_STEP * radius * _direction(objective, best, limits), limits) - best
    residual = moved.flatten(1).norm(dim=1) / (SHORTEST_STEP * radius)
    return Ascent(best.cpu().numpy(), reached.cpu().numpy(), residual.cpu().numpy(), np.stack(trace, axis=1))


def project(images: torch.Tensor, limits: Limits) -> torch.Tensor:
    r"""The nearest images within the limits: :math:`\mathrm{clip}(x / (1 + \lambda))` with the least lambda.

    Both sets are convex, and the condition for the nearest point of their intersection is this one, with a
    multiplier :math:`\lambda \geq 0` for the norm, found by bisection of :math:`1 / (1 + \lambda)`.
    """
    inside = images.clamp(limits.lower, limits.upper)
    too_long = _norm(inside) > limits.norm
    if not too_long.any():
        return inside
    low, high = torch.zeros_like(_norm(images)), torch.ones_like(_norm(images))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        long = _norm((middle * images).clamp(limits.lower, limits.upper)) > limits.norm
        low, high = torch.where(long, low, middle), torch.where(long, middle, high)
    return torch.where(too_long, (low * images).clamp(limits.lower, limits.upper), inside)


def roughness(images: torch.Tensor) -> torch.Tensor:
    """Sum of squared differences between neighbouring pixels."""
    down, right = images.diff(dim=2), images.diff(dim=3)
    return down.square().sum(dim=(1, 2, 3)) + right.square().sum(dim=(1, 2, 3))


def _readout(network: Network, weights: Mapping[str, Array]) -> Objective:
    on_device = {layer: _tensor(network, values) for layer, values in weights.items()}

    def readout(images: torch.Tensor) -> torch.Tensor:
        outputs = network(images)
        parts = [outputs[layer].flatten(1) @ values for layer, values in on_device.items()]
        return torch.stack(parts).sum(dim=0)

    return readout


def _direction(objective: Objective, images: torch.Tensor, limits: Limits) -> torch.Tensor:
    """Gradient of each image, of length one over the pixels that can follow; zero where all is flat."""
    images = images.detach().requires_grad_(True)
    (gradient,) = torch.autograd.grad(objective(images).sum(), images)
    stuck = (images >= limits.upper) & (gradient > 0) | (images <= limits.lower) & (gradient < 0)
    # Pixels at their ends must not make the steps of the others short.
    length = torch.maximum(_norm(gradient.masked_fill(stuck, 0.0)), LEAST_FREE * _norm(gradient))
    return gradient / length.clamp(min=torch.finfo(gradient.dtype).tiny)


def _norm(images: torch.Tensor) -> torch.Tensor:
    return images.flatten(1).norm(dim=1)[:, None, None, None]


def _largest(limits: Limits) -> float:
    return max(abs(limits.lower), abs(limits.upper))


def _tensor(network: Network, values: Array) -> torch.Tensor:
    """``values`` in the precision and on the device of the network."""
    return torch.as_tensor(np.ascontiguousarray(values), dtype=network.dtype, device=network.device)
