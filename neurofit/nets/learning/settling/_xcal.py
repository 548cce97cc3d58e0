"""XCAL: a check mark of the product of pre and post, against a threshold that floats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ....errors import listing
from ..._stages import forward
from .. import _dense  # noqa: F401 - it has the need
from .._checks import positive
from .._rule import Rule, needs, rules
from ._contrastive import phases
from ._settle import SETTLING, circuit, hebbian, less, probed

if TYPE_CHECKING:
    from ..._stages import Params
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages, State

AVERAGING = 0.01


@rules.register("xcal")
def xcal(
    *, reversal: float = 0.1, self_organising: float = 1e-3, feedback: float = 0.05, iterations: int = 50
) -> Rule:
    r"""XCAL: synapses grow where pre x post exceeds a floating threshold, and shrink below it.

    With the free and the taught phase of contrastive Hebbian learning, :math:`h^-` and :math:`h^+`, and a
    running average :math:`\bar h` of each unit's rate, a synapse from :math:`x` to :math:`y` changes by

    .. math::

        \nabla = -\gamma^{l-\text{out}}\, k(x^+ y^+, x^- y^-) - \lambda\, k(x^+ y^+, x^- \bar y), \qquad
        k(c, \theta) = \begin{cases} c - \theta & c > d\, \theta \\ -c\, (1 - d) / d & \text{else}
        \end{cases}

    where :math:`k` is the check mark: a product above the threshold strengthens, one below it weakens, and
    one near 0 changes nothing, as the calcium that plasticity takes. The first term learns from error: while
    :math:`c` stays above :math:`d\, \theta`, it is contrastive Hebbian learning. The second organises itself,
    with a floating threshold as in Bienenstock, Cooper & Munro's theory. Average rates start at those
    of undriven units and follow the forward sweep by 1 % a step.

    Products of rates have to be positive, so that hidden units need outputs of 0 and above, such as
    sigmoids. Inputs of either sign are taken for pairs of on and off cells, whose weights are opposite. The
    readout, whose outputs are no rates, learns by the straight part of the check mark alone. The estimate is
    biased by :math:`\lambda`, by the bend and by the feedback :math:`\gamma`, whose weights are the
    transposes of the forward ones.

    One update costs at most ``iterations`` sweeps over the layers in each of two phases, and products for
    each example and synapse.

    Parameters
    ----------
    reversal
        Where the check mark turns, :math:`d`, as a share of the threshold, in (0, 1).
    self_organising
        Weight :math:`\lambda` of the second term; 0 for none.
    feedback, iterations
        As of ``contrastive_hebbian``.

    Returns
    -------
    Rule

    References
    ----------
    O'Reilly, Munakata, Frank, Hazy et al. 2012, Computational Cognitive Neuroscience, chapter 4
    """
    positive("xcal", reversal=reversal, feedback=feedback, iterations=iterations)
    source = "O'Reilly, Munakata, Frank, Hazy et al. 2012, Computational Cognitive Neuroscience, chapter 4"
    return Rule(
        "xcal",
        Checked(reversal, self_organising, feedback, iterations),
        init=_undriven,
        evolve=_averaged,
        needs=(*SETTLING, "hidden_rates", "dense_layers"),
        references=(source,),
    )


def check_mark(product: torch.Tensor, threshold: torch.Tensor, *, reversal: float) -> torch.Tensor:
    """Change by a product of rates: 0 at 0, falling until it turns, then rising to 0 at the threshold."""
    falling = -product * (1 - reversal) / reversal
    return torch.where(product > reversal * threshold, product - threshold, falling)


def _undriven(stages: Stages, params: Params, generator: torch.Generator) -> State:
    return {stage.name: stage.post(torch.zeros_like(params[stage.name]["bias"])) for stage in stages[:-1]}


def _averaged(
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    change: Params,
    state: State,
    generator: torch.Generator,
) -> State:
    rates = forward(stages, params, batch.inputs)
    return {name: torch.lerp(average, rates[name].mean(0), AVERAGING) for name, average in state.items()}


@dataclass(frozen=True)
class Checked:
    """The check mark of products in two phases, and against a floating threshold."""

    reversal: float
    self_organising: float
    feedback: float
    iterations: int

    def __call__(
        self,
        stages: Stages,
        params: Params,
        batch: Batch,
        objective: Objective,
        state: State,
        generator: torch.Generator,
    ) -> Params:
        """The estimate."""
        n = len(batch.inputs)
        net, start = circuit(stages, params, batch.inputs, self.feedback)
        free, taught = phases(net, start, batch, objective, iterations=self.iterations)
        estimate = dict(less(hebbian(net, free, free, per=n), hebbian(net, taught, taught, per=n)))
        before, after = net.below(free), net.below(taught)
        for stage in stages[:-1]:
            x, y = before[stage.name].flatten(1), free[stage.name]
            product = _products(after[stage.name].flatten(1), taught[stage.name])
            from_error = check_mark(product, _products(x, y), reversal=self.reversal)
            floating = _products(x, state[stage.name].expand_as(y))
            alone = check_mark(product, floating, reversal=self.reversal)
            change = net.strength(stage) * from_error + self.self_organising * alone
            signs = torch.ones_like(x).copysign(x)
            estimate[stage.name] = {
                "weight": -(change[..., :-1] * signs[:, None]).mean(0),
                "bias": -change[..., -1].mean(0),
            }
        return estimate


def _products(pre: torch.Tensor, post: torch.Tensor) -> torch.Tensor:
    """Of each example and synapse (batch, post, pre), the last one being that of the bias."""
    ones = torch.ones_like(pre[:, :1])
    return post[:, :, None] * torch.cat([pre.abs(), ones], dim=1)[:, None]


@needs.register("hidden_rates")
def hidden_rates(stages: Stages, objective: Objective) -> str:
    """Hidden units have outputs of 0 and above."""
    drive = torch.linspace(-3, 3, 64).reshape(1, 4, 4, 4)
    given = {stage.name: probed(stage, drive) for stage in stages[:-1]}
    signed = [name for name, rates in given.items() if rates is not None and bool((rates < 0).any())]
    return f"layers {listing(signed)} have outputs below 0, which are no rates" if signed else ""
