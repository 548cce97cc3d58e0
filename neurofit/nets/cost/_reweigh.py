"""Objectives that count examples by how they went."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from .._choice import make
from .._stages import readout
from ._objective import Objective, objectives, share_right
from ._parts import agreed, over_time
from ._supervised import cross_entropy

if TYPE_CHECKING:
    from collections.abc import Sequence

    import torch

    from .._choice import Choice
    from .._stages import Outputs
    from ..material import Batch

MARBLESTONE = "Marblestone, Wayne & Kording 2016, doi:10.3389/fncom.2016.00094"
NAGENGAST = "Nagengast, Braun & Wolpert 2010, PLoS Computational Biology 6:e1000857"


@objectives.register("own_failures")
def own_failures(*, of: Choice = "cross_entropy") -> Objective:
    r"""Learning from one's own failures only: an example counts where the answer was wrong.

    .. math:: L = \langle [\hat k_i \ne k_i]\, L_i \rangle

    The answer :math:`\hat k` is the largest readout, and that it was wrong is all that changes the cost: the
    mark of failure has no gradient. For modules that each learn from their own mistakes (Marblestone et
    al.'s third hypothesis), and not from what others get wrong. Of pairs, the first is the one that is
    judged.

    Parameters
    ----------
    of
        The objective that failures are counted by: a name in ``nets.objectives``, or a mapping with options.

    Returns
    -------
    Objective

    References
    ----------
    Marblestone, Wayne & Kording 2016, doi:10.3389/fncom.2016.00094
    """
    return over_time(_only_failures, [make(objectives, of)])


def _only_failures(parts: Sequence[Objective]) -> Objective:
    (part,) = parts
    return replace(
        part,
        name="own_failures",
        outputs=agreed([part, cross_entropy()]),
        losses=partial(_failed, part),
        accuracy=share_right,
        references=(*part.references, MARBLESTONE),
        rewards=None,
    )


def _failed(part: Objective, outputs: Outputs, batch: Batch) -> torch.Tensor:
    losses = part.losses(outputs, batch)
    wrong = readout(outputs).argmax(1) != batch.labels
    return losses * wrong[: len(losses)]


@objectives.register("risk")
def risk(*, of: Choice = "cross_entropy", weight: float = 0.5) -> Objective:
    r"""Risk: the mean of a cost and its variance over the batch.

    .. math:: L = \langle L_i \rangle + \lambda \operatorname{var} L_i

    A positive :math:`\lambda` shuns what may go badly, a negative one seeks what may go well; it has the
    units of one over the cost. To second order the cost is :math:`\frac{1}{2 \lambda} \log \langle
    e^{2 \lambda L_i} \rangle`, that of risk-sensitive control.

    Parameters
    ----------
    of
        The objective whose costs vary: a name in ``nets.objectives``, or a mapping with options.
    weight
        :math:`\lambda`.

    Returns
    -------
    Objective

    References
    ----------
    Nagengast, Braun & Wolpert 2010, PLoS Computational Biology 6:e1000857
    """
    return over_time(partial(_risky, weight), [make(objectives, of)])


def _risky(weight: float, parts: Sequence[Objective]) -> Objective:
    (part,) = parts
    return replace(
        part,
        name="risk",
        losses=partial(_spread_out, weight, part),
        references=(*part.references, NAGENGAST),
        separable=False,
        rewards=None,
    )


def _spread_out(weight: float, part: Objective, outputs: Outputs, batch: Batch) -> torch.Tensor:
    losses = part.losses(outputs, batch)
    return losses + weight * (losses - losses.mean()).square()
