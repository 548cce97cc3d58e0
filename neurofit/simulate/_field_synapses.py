"""The synapses of a network in a row: their weights, which units they connect, and whose rule is flipped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from ..nets._stages import Params


def flat(params: Params) -> torch.Tensor:
    """Weights of synapses in a row, layer by layer."""
    return torch.cat([weights["weight"].detach().flatten() for weights in params.values()])


def ends(params: Params) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units before and after each synapse, and its layer."""
    parts = [
        (layer, *np.indices(weights["weight"].shape).reshape(2, -1)) for layer, weights in params.items()
    ]
    return (
        np.concatenate([pre for _, _, pre in parts]),
        np.concatenate([post for _, post, _ in parts]),
        np.concatenate([np.full(len(pre), layer) for layer, _, pre in parts]),
    )


def signs(params: Params, share: float, rng: np.random.Generator) -> torch.Tensor:
    """-1 for synapses onto a share of the units of each hidden layer."""
    *hidden, last = params
    parts = []
    for layer in hidden:
        units, inputs = params[layer]["weight"].shape
        sign = np.ones(units)
        sign[rng.permutation(units)[: round(share * units)]] = -1
        parts.append(np.repeat(sign, inputs))
    return torch.from_numpy(np.concatenate([*parts, np.ones(params[last]["weight"].numel())]))
