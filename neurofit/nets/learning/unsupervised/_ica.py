"""Independent components by infomax."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from .._rule import Rule, needs, rules
from ._code import code_learner, lacks

if TYPE_CHECKING:
    from ..._stages import Weights
    from ..._trace import Moment
    from ...cost import Objective
    from .._rule import Stages, State


@needs.register("complete_components")
def complete_components(stages: Stages, objective: Objective) -> str:
    """The first layer is one of as many linear components as inputs, as in architecture ``"linear"``."""
    problem = lacks(stages, "components", "linear")
    if problem:
        return problem
    units, inputs = stages[0].init(torch.Generator())["weight"].shape
    return "" if units == inputs else f"layer 'components' has {units} units for {inputs} inputs"


@rules.register("ica")
def ica() -> Rule:
    r"""Independent component analysis: infomax, along the natural gradient.

    Components :math:`u = W x + b` pass through a logistic, :math:`y`, whose entropy is to be largest:

    .. math::

        \Delta W = \left(I + (1 - 2 y)\, (W x)^\top\right) W, \qquad \Delta b = 1 - 2 y

    The first is :math:`W^\top W` times the gradient of the log-likelihood of independent sources with
    logistic densities, so that learning goes alike however the sources were mixed. It finds sources that are
    super-Gaussian, as natural images have, up to order, sign and scale; sub-Gaussian ones, such as uniform
    noise, it does not separate. There must be as many components as inputs, and inputs must not be
    degenerate. The objective teaches the readout alone; hence no target. Choose ``optimizer="sgd"``.

    Returns
    -------
    Rule

    References
    ----------
    Bell & Sejnowski 1997, Vision Research 37:3327, doi:10.1016/S0042-6989(97)00121-1
    Amari 1998, Neural Computation 10:251, doi:10.1162/089976698300017746
    """
    sources = (
        "Bell & Sejnowski 1997, Vision Research 37:3327, doi:10.1016/S0042-6989(97)00121-1",
        "Amari 1998, Neural Computation 10:251, doi:10.1162/089976698300017746",
    )
    update = code_learner(_learn)
    return Rule(
        "ica", update, target=None, needs=("complete_components", "readout_alone"), references=sources
    )


def _learn(moment: Moment, state: State) -> Weights:
    weights, components = moment.weights, moment.drive
    unsaturated = 1 - 2 * torch.sigmoid(components)
    together = unsaturated.T @ (components - weights["bias"]) / len(components)
    grow = torch.eye(len(together)).to(together) + together
    return {"weight": -grow @ weights["weight"], "bias": -unsaturated.mean(0)}
