"""Terms of a rule, and the activation functions of the network that it changes."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...errors import SchemaError
from ...registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import torch

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Counts = np.ndarray[Any, np.dtype[np.int64]]
Term = tuple[int, ...]

FACTORS = ("pre", "post", "weight", "reward")


def up_to(order: Sequence[int]) -> list[Term]:
    """Every term whose powers do not exceed ``order``, lowest sum of powers first."""
    whole = [float(power).is_integer() and power >= 0 for power in order]
    if len(order) not in {3, 4} or not all(whole):
        raise SchemaError(
            f"not an order: {order!r}. Give the highest powers of pre, post and weight, such as (2, 2, 2), "
            "and of reward as a fourth, such as (2, 2, 2, 1)."
        )
    return sorted(product(*(range(int(power) + 1) for power in order)), key=lambda term: (sum(term), term))


def powers(terms: Iterable[Sequence[int]]) -> Counts:
    """Powers (term, factor) of pre, post, weight and reward; without a fourth, reward plays no part."""
    rows = [tuple(term) for term in terms]
    if not rows or any(len(row) not in {3, 4} or min(row) < 0 for row in rows):
        raise SchemaError(f"not terms: {rows}. A term is its powers, such as (1, 1, 0) for pre x post.")
    return np.array([row + (0,) * (4 - len(row)) for row in rows])


def spelled(term: Sequence[int]) -> str:
    """``term`` as text, such as ``"post^2 weight"``."""
    parts = [
        factor if power == 1 else f"{factor}^{power}"
        for factor, power in zip(FACTORS, term, strict=False)
        if power
    ]
    return " ".join(parts) or "1"


class Activation(NamedTuple):
    """A unit's rate as a function of its drive, and the slope of that function."""

    rate: Callable[[Numbers], Numbers]
    slope: Callable[[Numbers], Numbers]
    in_torch: Callable[[torch.Tensor], torch.Tensor]


activations: Registry[Activation] = Registry("activation function")
activations.register("linear")(Activation(lambda drive: drive, np.ones_like, lambda drive: drive))
activations.register("sigmoid")(
    Activation(
        lambda drive: 0.5 * (1 + np.tanh(drive / 2)),
        lambda drive: 0.25 * (1 - np.tanh(drive / 2) ** 2),
        lambda drive: drive.sigmoid(),
    )
)
activations.register("tanh")(
    Activation(np.tanh, lambda drive: 1 - np.tanh(drive) ** 2, lambda drive: drive.tanh())
)
activations.register("rectified")(
    Activation(
        lambda drive: np.maximum(drive, 0),
        lambda drive: (drive > 0).astype(float),
        lambda drive: drive.relu(),
    )
)
