"""Feedback that learns the forward weights from how noise in one layer is answered in the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.func import vjp

from ....errors import TrainingError
from ..._trace import trace
from .._rule import Rule, rules
from ._feedback import propagate, random_feedback

if TYPE_CHECKING:
    from ..._stages import Params, Stage, Weights
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages


@rules.register("weight_mirror")
def weight_mirror(*, samples: int = 64, rate: float = 0.1) -> Rule:
    r"""Weight mirror: in a phase of noise, feedback weights learn to equal the forward ones.

    Errors travel back as in feedback alignment. After each step the units that a layer listens to are
    noisy, :math:`\xi \sim N(0, 1)`, nothing else drives it, and the feedback learns by a Hebbian product
    with decay:

    .. math::

        B_l \leftarrow (1 - \rho) B_l + \rho\, R_l, \qquad
        R_l = \frac{1}{n} \sum_{i=1}^{n} \left(W_l\, \xi_i\right) \xi_i^\top

    :math:`R_l` is unbiased for :math:`W_l`; as :math:`E\,R_l^\top R_l = (1 + \frac{d+1}{n})\, W_l^\top W_l`
    for :math:`d` noisy units, its cosine with the weights is

    .. math:: \cos(R_l, W_l) \approx \frac{1}{\sqrt{1 + (d + 1) / n}}

    and that of the running mean is the same with :math:`n (2 - \rho) / \rho` for :math:`n`, as long as
    weights move slowly. In a convolution, the mean is over places too. It starts from random feedback. The
    readout gets its exact gradient.

    Parameters
    ----------
    samples
        Number of patterns of noise, :math:`n`, after each step.
    rate
        :math:`\rho`, the share of the feedback that is renewed.

    Returns
    -------
    Rule

    Raises
    ------
    TrainingError
        If ``samples`` or ``rate`` is out of range.

    References
    ----------
    Akrout, Wilson, Humphreys, Lillicrap & Tweed 2019, Advances in Neural Information Processing Systems 32,
    arXiv:1904.05391
    """
    if samples < 1 or not 0 < rate <= 1:
        raise TrainingError(
            f"samples must be 1 or more and rate in (0, 1], not samples={samples}, rate={rate}"
        )
    source = (
        "Akrout, Wilson, Humphreys, Lillicrap & Tweed 2019, Advances in Neural Information Processing "
        "Systems 32, arXiv:1904.05391"
    )
    return Rule(
        "weight_mirror",
        propagate,
        init=random_feedback,
        evolve=Mirroring(samples, rate),
        needs=("linear_drive",),
        references=(source,),
    )


@dataclass(frozen=True)
class Mirroring:
    """Feedback weights that follow what layers make of noise."""

    samples: int
    rate: float

    def __call__(
        self,
        stages: Stages,
        params: Params,
        batch: Batch,
        objective: Objective,
        change: Params,
        state: Params,
        generator: torch.Generator,
    ) -> Params:
        """The feedback weights after a step."""
        feedback = dict(state)
        first, *others = trace(stages, params, batch.inputs).values()
        # No error is sent to the image: the first layer's feedback stays unused.
        for moment in others:
            noise = torch.randn(self.samples, *moment.inputs.shape[1:], generator=generator).to(moment.inputs)
            name = moment.stage.name
            seen = mirrored(moment.stage, params[name], noise)
            feedback[name] = {key: old + self.rate * (seen[key] - old) for key, old in state[name].items()}
        return feedback


def mirrored(stage: Stage, weights: Weights, noise: torch.Tensor) -> Weights:
    """Mean product of ``noise`` at the inputs and what the layer makes of it, for each weight."""
    response = stage.lin(weights, noise) - stage.lin(weights, torch.zeros_like(noise))
    products = _correlate(stage, weights, noise, response)
    # How many pairs of an input and a response a weight has seen: at an image's edge, fewer.
    pairs = _correlate(stage, weights, torch.ones_like(noise), torch.ones_like(response))
    return {name: product / pairs[name].clamp(min=1) for name, product in products.items()}


def _correlate(stage: Stage, weights: Weights, inputs: torch.Tensor, drive: torch.Tensor) -> Weights:
    _, pullback, *_ = vjp(lambda w: stage.lin(w, inputs), dict(weights))
    return pullback(drive)[0]
