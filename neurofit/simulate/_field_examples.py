"""What small networks learn from whose fields are simulated: a few examples in double precision."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from ..errors import TrainingError
from ..nets.material import Batch, tasks
from ..registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable

    Layers = tuple[int, ...]

field_tasks: Registry[Callable[[Layers, int, np.random.Generator], Batch]] = Registry("task of a field")


@field_tasks.register("digits")
def digits(layers: Layers, examples: int, rng: np.random.Generator) -> Batch:
    """Handwritten digits, as many of the ten as there are outputs, told by their first principal components.

    Components are scaled together, to a mean variance of 1.
    """
    inputs, outputs = layers[0], layers[-1]
    if inputs > 64 or outputs > 10:
        raise TrainingError(
            f"digits have 64 pixels and 10 classes, and layers {layers} ask for {inputs} and {outputs}; "
            "take fewer, or task='teacher'"
        )
    images, labels = tasks["digits"]().sample(max(20 * examples, 1000), rng)
    # Components are those of all images that were drawn, which are more than inputs.
    chosen = np.flatnonzero(labels < outputs)
    pixels = images[chosen].reshape(len(chosen), -1).astype(float)
    pixels -= pixels.mean(axis=0)
    axes = np.linalg.eigh(pixels.T @ pixels)[1][:, ::-1][:, :inputs]
    components = pixels[:examples] @ axes
    kept = labels[chosen[:examples]]
    return Batch(torch.from_numpy(components / components.std()), torch.from_numpy(kept))


@field_tasks.register("teacher")
def teacher(layers: Layers, examples: int, rng: np.random.Generator) -> Batch:
    """Normal inputs, and what another network of the same layers makes of them."""
    inputs = out = rng.normal(size=(examples, layers[0]))
    for depth, (pre, post) in enumerate(zip(layers[:-1], layers[1:], strict=True), start=2):
        out = out @ rng.normal(size=(pre, post)) * np.sqrt(2 / pre)
        out = np.tanh(out) if depth < len(layers) else out
    return Batch(torch.from_numpy(inputs), torch.from_numpy(out))
