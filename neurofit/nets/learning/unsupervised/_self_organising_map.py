"""Self-organising map: neighbours on a sheet come to stand for neighbouring inputs."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from ....errors import TrainingError
from ...circuits import places
from .._rule import Rule, needs, rules
from ._code import code_learner, lacks

if TYPE_CHECKING:
    from ..._stages import Params, Weights
    from ..._trace import Moment
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages

CLOSE = 1e-6  # a neighbourhood of width 0 is the winner alone


@needs.register("map")
def sheet(stages: Stages, objective: Objective) -> str:
    """The first layer is a sheet of units of which one wins, as in architecture ``"map"``."""
    return lacks(stages, "map", "map")


@rules.register("self_organising_map")
def self_organising_map(
    *, widest: float = 4.0, narrowest: float = 0.5, slowest: float = 0.05, steps: int = 300
) -> Rule:
    r"""Self-organising map: the winner and its neighbours on the sheet move towards the input.

    With the winner :math:`c` of an input and the distance :math:`\lVert r_i - r_c \rVert` on the sheet,

    .. math::

        \Delta w_i = \epsilon(t)\, h_i\, (x - w_i), \qquad
        h_i = \exp \left(-\frac{\lVert r_i - r_c \rVert^2}{2 \sigma(t)^2}\right)

    Both :math:`\epsilon`, from 1, and :math:`\sigma` fall linearly over a number of steps. In a batch, moves
    are added up where :math:`\sum h_i \le 1`, and averaged with weights :math:`h_i` where it is more: one
    example at a time this is Kohonen's rule, and many at a time his batch map. With ``widest`` and
    ``narrowest`` 0 it is k-means, without order. No energy is known that it descends; the objective teaches
    the readout alone. Choose ``optimizer="sgd"`` with a ``learning_rate`` up to 1.

    Parameters
    ----------
    widest, narrowest
        :math:`\sigma` at the start and in the end; neighbours on the sheet are 1 apart.
    slowest
        :math:`\epsilon` in the end.
    steps
        Number of steps from the start to the end, such as those of the training.

    Returns
    -------
    Rule

    Raises
    ------
    TrainingError
        If a number is out of range.

    References
    ----------
    Kohonen 1982, Biological Cybernetics 43:59, doi:10.1007/BF00337288
    Kohonen 2013, Neural Networks 37:52, doi:10.1016/j.neunet.2012.09.018
    """
    if not (widest >= narrowest >= 0 and 0 <= slowest <= 1 and steps >= 1):
        raise TrainingError(
            "'self_organising_map' needs widest >= narrowest >= 0, slowest from 0 to 1 and steps 1 or more, "
            f"not {widest}, {narrowest}, {slowest}, {steps}"
        )
    sources = (
        "Kohonen 1982, Biological Cybernetics 43:59, doi:10.1007/BF00337288",
        "Kohonen 2013, Neural Networks 37:52, doi:10.1016/j.neunet.2012.09.018",
    )
    learn = partial(_learn, (widest, narrowest), slowest, steps)
    return Rule(
        "self_organising_map",
        code_learner(learn),
        target=None,
        init=_at_the_start,
        evolve=_one_more,
        needs=("map", "readout_alone"),
        references=sources,
    )


def _at_the_start(stages: Stages, params: Params, generator: torch.Generator) -> int:
    return 0


def _one_more(
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    change: Params,
    state: int,
    generator: torch.Generator,
) -> int:
    return state + 1


def _learn(widths: tuple[float, float], slowest: float, steps: int, moment: Moment, step: int) -> Weights:
    weight, inputs = moment.weights["weight"], moment.inputs.flatten(1)
    gone = min(step / steps, 1.0)
    width = max(widths[0] + gone * (widths[1] - widths[0]), CLOSE)
    where = places(len(weight)).to(weight)
    apart = (where[moment.drive.argmax(1)].unsqueeze(1) - where).square().sum(2)
    near = torch.exp(-apart / (2 * width**2))
    total = near.sum(0).unsqueeze(1)
    move = (near.T @ inputs - total * weight) / total.clamp(min=1)
    return {"weight": -(1 + gone * (slowest - 1)) * move}
