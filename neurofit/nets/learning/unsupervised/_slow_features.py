"""Slow features: what varies least from one moment to the next, and yet varies."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from .._rule import Rule, needs, rules
from ._code import code_learner, lacks

if TYPE_CHECKING:
    from ..._stages import Params, Stage, Weights
    from ..._trace import Moment
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages

NOTHING = 1e-6  # a direction with less of the largest variance holds no signal


@needs.register("components")
def components(stages: Stages, objective: Objective) -> str:
    """The first layer is one of components, as in architecture ``"linear"``."""
    return lacks(stages, "components", "linear")


@needs.register("pairs")
def pairs(stages: Stages, objective: Objective) -> str:
    """The objective compares pairs of inputs, such as two moments."""
    return "" if objective.pairs else f"objective {objective.name!r} does not compare pairs of inputs"


class Moments(NamedTuple):
    """Sums over all pairs so far: how many, of the signals, of their products, of those of their changes."""

    pairs: int
    signal: torch.Tensor
    products: torch.Tensor
    changes: torch.Tensor


@rules.register("slow_features")
def slow_features() -> Rule:
    r"""Slow feature analysis: the components that change least between two moments.

    Of the layer's signals :math:`z` (inputs, or their monomials), in pairs a moment apart,

    .. math::

        \min_w \frac{w^\top \dot C w}{w^\top C w}, \qquad
        \dot C = \langle (z' - z)(z' - z)^\top \rangle, \quad
        C = \langle (z - \bar z)(z - \bar z)^\top \rangle

    under decorrelation: the generalised eigenvectors of the smallest eigenvalues, slowest first, scaled to
    components of variance 1 and mean 0. The means run over all pairs seen so far, the rule's state, and each
    step leads from the present weights to the present solution: exact in the limit of many pairs, with
    ``optimizer="sgd"`` and a ``learning_rate`` up to 1. The solution is computed, not found by local
    plasticity; the objective teaches the readout alone, hence no target. The cost grows with the cube of the
    number of signals.

    Returns
    -------
    Rule

    References
    ----------
    Wiskott & Sejnowski 2002, Neural Computation 14:715, doi:10.1162/089976602317318938
    """
    source = "Wiskott & Sejnowski 2002, Neural Computation 14:715, doi:10.1162/089976602317318938"
    return Rule(
        "slow_features",
        code_learner(_learn),
        target=None,
        init=_nothing_seen,
        evolve=_seen,
        needs=("components", "pairs", "readout_alone"),
        references=(source,),
    )


def _nothing_seen(stages: Stages, params: Params, generator: torch.Generator) -> Moments:
    weight = params["components"]["weight"]
    square = weight.new_zeros(weight.shape[1], weight.shape[1], dtype=torch.float64)
    return Moments(0, square[0], square, square)


def _seen(
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    change: Params,
    state: Moments,
    generator: torch.Generator,
) -> Moments:
    return _with(state, stages[0], batch.inputs)


def _with(seen: Moments, layer: Stage, inputs: torch.Tensor) -> Moments:
    """The sums with those of a batch, whose second half holds what follows its first."""
    size = len(seen.signal)
    # What the layer weighs is what it would give if each unit took one signal.
    each = {"weight": torch.eye(size).to(inputs), "bias": inputs.new_zeros(size)}
    signal = layer.lin(each, inputs).double()
    now, then = signal.tensor_split(2)
    change = then - now
    return Moments(
        seen.pairs + len(now),
        seen.signal + signal.sum(0),
        seen.products + signal.T @ signal,
        seen.changes + change.T @ change,
    )


def _learn(moment: Moment, seen: Moments) -> Weights:
    weights = moment.weights
    seen = _with(seen, moment.stage, moment.inputs)
    mean = seen.signal / (2 * seen.pairs)
    slow = _slowest(seen.products / (2 * seen.pairs) - torch.outer(mean, mean), seen.changes / seen.pairs)
    found = torch.zeros_like(weights["weight"])
    rows = slow[: len(found)].to(found)
    found[: len(rows)] = rows
    # A feature has no sign of its own.
    found = torch.where((found * weights["weight"]).sum(1, keepdim=True) < 0, -found, found)
    return {"weight": weights["weight"] - found, "bias": weights["bias"] + found @ mean.to(found)}


def _slowest(covariance: torch.Tensor, changes: torch.Tensor) -> torch.Tensor:
    """Rows of weights, slowest first, whose components have variance 1 and no correlation."""
    variance, axes = torch.linalg.eigh(covariance)
    kept = variance > NOTHING * variance[-1]
    sphere = axes[:, kept] / variance[kept].sqrt()
    return (sphere @ torch.linalg.eigh(sphere.T @ changes @ sphere).eigenvectors).T
