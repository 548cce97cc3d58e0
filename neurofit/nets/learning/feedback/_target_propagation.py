"""Targets instead of errors: learned inverses tell each layer what it should have given."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import torch
from torch.func import grad
from torch.nn.functional import linear

from ....errors import TrainingError
from ..._trace import backward, direct_errors, error_at, trace
from .. import _dense  # noqa: F401 - it has the need
from .._rule import Rule, rules
from .._targets import targets
from ._feedback import random_feedback

if TYPE_CHECKING:
    from ..._stages import Params, Stage, Weights
    from ..._trace import Errors, Moment
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages, State


@rules.register("target_propagation")
def target_propagation(*, step: float = 0.1, noise: float = 0.1, rate: float = 0.3) -> Rule:
    r"""Difference target propagation: learned inverses carry targets down, and layers move towards them.

    .. math::

        \hat h_N = h_N - \hat\eta\, \frac{\partial L}{\partial h_N}, \qquad
        \hat h_{l-1} = h_{l-1} + g_l(\hat h_l) - g_l(h_l), \qquad
        \nabla_l = \frac{\partial}{\partial W_l} \frac{|h_l - \hat h_l|^2}{2 \hat\eta}

    The inverse :math:`g_l(h) = f_{l-1}(V_l h + c_l)` learns to undo layer :math:`l` near what it gets:
    :math:`V_l, c_l` descend :math:`|g_l(h_l(x + \epsilon)) - (x + \epsilon)|^2` after each step, with
    normal noise :math:`\epsilon` and a rate relative to :math:`1 + |h|^2`. The difference
    :math:`- g_l(h_l)` takes the inverse's own error out.

    With exact inverses and :math:`\hat\eta \to 0` targets are those of Gauss-Newton,
    :math:`\hat h_l - h_l = -\hat\eta\, J_l^{-1} e`, not of the gradient, :math:`-\hat\eta\, J_l^\top e`
    (:math:`J_l` is the Jacobian of the readout with respect to :math:`h_l`); where layers shrink there is no
    inverse and it is biased even for that. The readout gets its exact gradient.

    Parameters
    ----------
    step
        :math:`\hat\eta`, how far the readout's target is from its output.
    noise
        SD of :math:`\epsilon`.
    rate
        Of the inverses' learning; 1 is the longest stable step.

    Returns
    -------
    Rule

    Raises
    ------
    TrainingError
        If an option is out of range.

    References
    ----------
    Lee, Zhang, Fischer & Bengio 2015, ECML PKDD, doi:10.1007/978-3-319-23528-8_31
    Meulemans, Carzaniga, Suykens, Sacramento & Grewe 2020, arXiv:2006.14331
    """
    if step <= 0 or noise < 0 or not 0 < rate <= 1:
        raise TrainingError(
            "step must be above 0, noise 0 or more and rate in (0, 1], "
            f"not step={step}, noise={noise}, rate={rate}"
        )
    return Rule(
        "target_propagation",
        partial(_update, step),
        target="gauss_newton",
        init=_inverses,
        evolve=Inverting(noise, rate),
        needs=("readout_error", "dense_layers"),
        references=(
            "Lee, Zhang, Fischer & Bengio 2015, ECML PKDD, doi:10.1007/978-3-319-23528-8_31",
            "Meulemans, Carzaniga, Suykens, Sacramento & Grewe 2020, arXiv:2006.14331",
        ),
    )


def _inverses(stages: Stages, params: Params, generator: torch.Generator) -> Params:
    """For each layer but the first, weights from its units to those below, drawn as forward ones were."""
    drawn = random_feedback(stages, params, generator)
    inverses = {}
    for layer, weights in list(drawn.items())[1:]:
        weight = next(w for w in weights.values() if w.ndim > 1).T.contiguous()
        inverses[layer] = {"weight": weight, "bias": torch.zeros_like(weight[:, 0])}
    return inverses


def _invert(below: Stage, inverse: Weights, outputs: torch.Tensor) -> torch.Tensor:
    return below.post(linear(outputs, inverse["weight"], inverse["bias"]))


def _update(
    step: float,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: Params,
    generator: torch.Generator,
) -> Params:
    moments = trace(stages, params, batch.inputs)
    errors = direct_errors(moments, objective, batch)
    # The error is that of a mean over the batch; a target is that of one example.
    length = step * len(batch.inputs)
    gap = {name: -length * error_at(errors, moment) for name, moment in moments.items()}
    for below, stage in reversed(list(pairwise(stages))):
        back, output = partial(_invert, below, state[stage.name]), moments[stage.name].output
        gap[below.name] = gap[below.name] + back(output + gap[stage.name]) - back(output)
    return backward(moments, {name: -wanted / length for name, wanted in gap.items()}, local=True)[0]


@dataclass(frozen=True)
class Inverting:
    """Inverses that learn to give back what made a layer's outputs, jiggled by noise."""

    noise: float
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
        """The inverses after a step."""
        moments = trace(stages, params, batch.inputs)
        inverses = {}
        for below, stage in pairwise(stages):
            known = moments[stage.name].inputs
            inputs = known + self.noise * torch.randn(known.shape, generator=generator).to(known)
            outputs = stage.post(stage.lin(params[stage.name], inputs))
            slope = grad(partial(_reconstruction, below, inputs, outputs))(dict(state[stage.name]))
            length = self.rate / (1 + float(outputs.square().sum(-1).mean()))
            inverses[stage.name] = {name: w - length * slope[name] for name, w in state[stage.name].items()}
        return inverses


def _reconstruction(
    below: Stage, inputs: torch.Tensor, outputs: torch.Tensor, inverse: Weights
) -> torch.Tensor:
    return (_invert(below, inverse, outputs) - inputs).square().sum(-1).mean() / 2


@targets.register("gauss_newton")
def gauss_newton(stages: Stages, params: Params, batch: Batch, objective: Objective, state: State) -> Params:
    r"""What moves each layer, alone, to where the readout would be nearer its target by Gauss-Newton.

    Each example's error at a layer's output is :math:`J_l^+ e`, with the pseudo-inverse of the readout's
    Jacobian, in the place of backpropagation's :math:`J_l^\top e`.
    """
    moments = trace(stages, params, batch.inputs)
    errors = direct_errors(moments, objective, batch)
    last = stages[-1].name
    error = error_at(errors, moments[last]).flatten(1)
    rows = [_sensitivity(moments, unit) for unit in range(error.shape[1])]
    wanted: dict[str, torch.Tensor] = dict(errors)
    for name, moment in moments.items():
        jacobian = torch.stack([row[name].flatten(1) for row in rows], dim=1)
        sent = (torch.linalg.pinv(jacobian) @ error[..., None]).reshape(moment.output.shape)
        wanted[name] = sent + errors[name] if name in errors and name != last else sent
    return backward(moments, wanted, local=True)[0]


def _sensitivity(moments: dict[str, Moment], unit: int) -> Errors:
    """Gradient of one unit of the readout with respect to each layer's output, example by example."""
    *_, top = moments.values()
    error = torch.zeros_like(top.output).flatten(1)
    error[:, unit] = 1
    error = error.reshape(top.output.shape)
    found = {}
    for name, moment in reversed(moments.items()):
        found[name] = error
        error = moment.error(moment.delta(error))
    return found
