"""Feedback that knows the sign of each forward weight, and no more."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import torch

from ....registry import Registry
from .._rule import Rule, rules
from ._feedback import propagate, random_feedback

if TYPE_CHECKING:
    from ..._stages import Params
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages

Sizes = Callable[["Stages", "Params", torch.Generator], "Params"]
magnitudes_of_feedback: Registry[Sizes] = Registry("magnitude of feedback")


@rules.register("sign_concordant")
def sign_concordant(*, magnitudes: str = "equal") -> Rule:
    r"""Sign-concordant feedback: the signs of the forward weights, with fixed magnitudes.

    .. math:: \delta_l = f'(a_l) \left(M_{l+1} \circ \operatorname{sign} W_{l+1}\right)^\top \delta_{l+1}

    It is biased, little at first: for normal weights the cosine between :math:`M \circ \operatorname{sign} W`
    and :math:`W` is :math:`\sqrt{2/\pi} \approx .80` with equal magnitudes and :math:`2/\pi \approx .64` with
    random ones. Signs have to be kept in step as weights change theirs, which under Dale's law none does.
    The readout gets its exact gradient.

    Parameters
    ----------
    magnitudes
        :math:`M`: ``"equal"`` (the root mean square of the layer's weights at the start) or ``"random"``
        (those of weights drawn as the forward ones were).

    Returns
    -------
    Rule

    Raises
    ------
    UnknownNameError
        If there are no such magnitudes.

    References
    ----------
    Liao, Leibo & Poggio 2016, AAAI Conference on Artificial Intelligence 30, arXiv:1510.05067
    Moskovitz, Litwin-Kumar & Abbott 2018, arXiv:1812.06488
    """
    return Rule(
        "sign_concordant",
        _update,
        init=magnitudes_of_feedback[magnitudes],
        references=(
            "Liao, Leibo & Poggio 2016, AAAI Conference on Artificial Intelligence 30, arXiv:1510.05067",
            "Moskovitz, Litwin-Kumar & Abbott 2018, arXiv:1812.06488",
        ),
    )


@magnitudes_of_feedback.register("equal")
def _equal(stages: Stages, params: Params, generator: torch.Generator) -> Params:
    """The root mean square of the layer's weights at the start."""
    return {
        layer: {name: w.square().mean().sqrt().expand_as(w) for name, w in weights.items()}
        for layer, weights in params.items()
    }


@magnitudes_of_feedback.register("random")
def _random(stages: Stages, params: Params, generator: torch.Generator) -> Params:
    """Those of weights drawn as the forward ones were."""
    drawn = random_feedback(stages, params, generator)
    return {layer: {name: w.abs() for name, w in weights.items()} for layer, weights in drawn.items()}


def _update(
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: Params,
    generator: torch.Generator,
) -> Params:
    return propagate(stages, params, batch, objective, concordant(params, state), generator)


def concordant(params: Params, magnitudes: Params) -> Params:
    """Feedback with the signs of the weights; what is no connection stays as it is."""
    return {
        layer: {name: magnitudes[layer][name] * w.sign() if w.ndim > 1 else w for name, w in weights.items()}
        for layer, weights in params.items()
    }
