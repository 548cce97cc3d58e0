"""Sparse coding: features that explain natural images with few active units."""

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


@needs.register("sparse_code")
def sparse_code(stages: Stages, objective: Objective) -> str:
    """The first layer is one whose units compete to explain the input, as in architecture ``"sparse"``."""
    return lacks(stages, "sparse_code", "sparse")


@rules.register("sparse_coding")
def sparse_coding() -> Rule:
    r"""Sparse coding: each active unit's feature moves towards what the code leaves unexplained.

    With the code :math:`a` of an input, features :math:`d_i = W_i / \lVert W_i \rVert` and what is left,
    :math:`r = x - \sum_j a_j d_j`:

    .. math:: \nabla_{W_i} = -\frac{1}{\lVert W_i \rVert} \left(I - d_i d_i^\top\right) a_i\, r

    This is Hebbian between a unit and the residual. Where the code has settled it is the exact gradient of
    :math:`E = \frac{1}{2} \lVert r \rVert^2 + \lambda \sum_i \lvert a_i \rvert`, since there a change of the
    code does not change :math:`E`; before, it is biased. It does not follow the objective, which only teaches
    the readout; hence no target. Steps are across :math:`W_i`, which therefore grows, and slows down.

    Returns
    -------
    Rule

    References
    ----------
    Olshausen & Field 1996, Nature 381:607, doi:10.1038/381607a0
    Rozell, Johnson, Baraniuk & Olshausen 2008, Neural Computation 20:2526, doi:10.1162/neco.2008.03-07-486
    """
    sources = (
        "Olshausen & Field 1996, Nature 381:607, doi:10.1038/381607a0",
        "Rozell, Johnson, Baraniuk & Olshausen 2008, Neural Computation 20:2526, "
        "doi:10.1162/neco.2008.03-07-486",
    )
    update = code_learner(_learn)
    return Rule(
        "sparse_coding", update, target=None, needs=("sparse_code", "readout_alone"), references=sources
    )


def _learn(moment: Moment, state: State) -> Weights:
    weight = moment.weights["weight"]
    length = weight.norm(dim=1, keepdim=True)
    feature, code = weight / length, moment.output
    left = moment.inputs.flatten(1) - code @ feature
    slope = -code.T @ left / len(code)
    along = torch.linalg.vecdot(slope, feature).unsqueeze(1)
    return {"weight": (slope - along * feature) / length}
