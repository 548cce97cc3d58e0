"""The 24 statistics, of plain arrays: weights, activations, and how activations change."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

Numbers = np.ndarray
TRANSFORMS: dict[str, Callable[[Numbers], Numbers]] = {"raw": np.positive, "abs": np.abs, "sq": np.square}
# For each kind and transform, the statistics that stay finite and are not sums of the others.
CHOSEN: dict[str, dict[str, tuple[str, ...]]] = {
    "weights": {
        "raw": ("mean", "median", "norm", "third_quartile", "variance"),
        "abs": ("mean", "median", "norm", "third_quartile", "variance"),
        "sq": ("mean", "median", "third_quartile"),
    },
    "activations": {
        "raw": ("mean", "median", "norm", "third_quartile"),
        "abs": ("mean", "median", "norm", "third_quartile"),
    },
    "changes": {"raw": ("mean",), "abs": ("mean",), "sq": ("mean",)},
}
NAMES = {
    kind: [f"{kind}_{transform}_{name}" for transform, names in chosen.items() for name in names]
    for kind, chosen in CHOSEN.items()
}


def of_weights(weights: Numbers, post: Numbers) -> Numbers:
    """Thirteen statistics (statistic,) of the weights (synapse,) of one layer onto units ``post``."""
    _, unit, inputs = np.unique(post, return_inverse=True, return_counts=True)

    def norm(values: Numbers) -> Numbers:
        return np.sqrt(np.bincount(unit, np.square(values[0])) / inputs)

    return _summary("weights", weights[None], norm)


def of_activations(activations: Numbers) -> Numbers:
    """Eight statistics (statistic,) of the activations (stimulus, unit) of one layer."""
    return _summary("activations", activations, lambda values: np.sqrt(np.square(values).mean(axis=-1)))


def of_changes(before: Numbers, after: Numbers) -> Numbers:
    """Three statistics (statistic,) of the change between activations (stimulus, unit) of one layer."""
    return _summary("changes", after - before, None)


def _summary(kind: str, values: Numbers, norm: Callable[[Numbers], Numbers] | None) -> Numbers:
    """Each statistic over the last axis, then its mean over the first."""
    functions: dict[str, Callable[[Numbers], Numbers] | None] = {**STATISTICS, "norm": norm}
    found = []
    for transform, names in CHOSEN[kind].items():
        transformed = TRANSFORMS[transform](values)
        found += [functions[name](transformed).mean() for name in names]  # type: ignore[misc]
    return np.array(found)


STATISTICS: dict[str, Callable[[Numbers], Numbers]] = {
    "mean": lambda values: values.mean(axis=-1),
    "median": lambda values: np.median(values, axis=-1),
    "third_quartile": lambda values: np.percentile(values, 75, axis=-1),
    "variance": lambda values: values.var(axis=-1),
}
