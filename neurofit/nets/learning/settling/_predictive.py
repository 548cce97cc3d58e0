"""Predictive coding: activity relaxes until it predicts itself from layer to layer, then weights change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.autograd import grad

from ..._trace import direct_errors, error_at, trace
from .._checks import positive
from .._rule import Rule, rules

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ..._stages import Params
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages, State

    Values = Mapping[str, torch.Tensor]


@rules.register("predictive_coding")
def predictive_coding(*, sigma_out: float = 1.0, iterations: int = 20, step: float = 0.1) -> Rule:
    r"""Predictive coding: value nodes relax on the prediction errors, which then change the weights.

    Each hidden layer has value nodes :math:`x_l`, which start at what the layer below predicts of them,
    :math:`\mu_l = W_l f(x_{l-1}) + b_l`, and error nodes :math:`\epsilon_l`. With the cost :math:`L` of the
    output :math:`f(\mu_\text{out})`:

    .. math::

        F = \sum_l \tfrac12 |x_l - \mu_l|^2 + \frac{L}{\sigma_\text{out}^2}, \qquad
        \epsilon_l = x_l - \mu_l

    .. math::

        \dot x_l = -\frac{\partial F}{\partial x_l}
          = -\epsilon_l + f'(x_l)\, W_{l+1}^\top \epsilon_{l+1}, \qquad
        \nabla_l = \sigma_\text{out}^2 \frac{\partial F}{\partial W_l}
          = -\sigma_\text{out}^2\, \epsilon_l\, f(x_{l-1})^\top

    How the objective holds the output: :math:`-L` is taken for the log-probability of the teaching signal
    given the output, at temperature :math:`\sigma_\text{out}^2`. Where :math:`L` is half the squared distance
    to a target, this is an output node clamped to the target, of variance :math:`\sigma_\text{out}^2`, as in
    the paper; cross-entropy is a clamped choice among classes. The error node there is
    :math:`\epsilon_\text{out} = -(\partial L / \partial \mu_\text{out}) / \sigma_\text{out}^2`: with half
    the squared distance, the error over the variance. An objective that also speaks of hidden layers acts on
    their value nodes.

    Errors travel through the transposes of the forward weights. At equilibrium the estimate is biased,
    since activity moves while errors spread: its angle to the gradient is not 0 at
    :math:`\sigma_\text{out} = 1` and vanishes as :math:`1 / \sigma_\text{out}^2`; after 100 plain steps on
    digits (64-64-10) its cosine is about .98 at variance 1 and .94 at variance 1/2. Relaxation is stable
    where ``step`` is below 2 over the largest curvature of :math:`F`, which is about
    :math:`1 + \lVert W_{l+1} \rVert^2`. With few iterations errors do not reach the lowest layers.

    One update costs ``iterations`` + 1 forward and backward passes.

    Parameters
    ----------
    sigma_out
        Standard deviation of the output around what it should be, where that of hidden value nodes is 1.
    iterations
        Steps of relaxation.
    step
        Their size.

    Returns
    -------
    Rule

    References
    ----------
    Whittington & Bogacz 2017, Neural Computation 29:1229, doi:10.1162/NECO_a_00949
    """
    positive("predictive_coding", sigma_out=sigma_out, iterations=iterations, step=step)
    update = Relaxation(sigma_out, iterations, step)
    source = "Whittington & Bogacz 2017, Neural Computation 29:1229, doi:10.1162/NECO_a_00949"
    return Rule("predictive_coding", update, needs=("readout_error",), references=(source,))


@rules.register("fixed_prediction")
def fixed_prediction(*, iterations: int = 20, step: float = 1.0) -> Rule:
    r"""Predictive coding with predictions held: errors relax to those of backpropagation.

    Predictions :math:`\mu_l` and slopes :math:`f'(\mu_l)` stay as the forward pass left them while the error
    nodes relax, from 0, with :math:`e_l = \partial L / \partial f(\mu_l)` where the objective speaks of a
    layer:

    .. math::

        \dot \epsilon_l = -\epsilon_l + f'(\mu_l) \left(W_{l+1}^\top \epsilon_{l+1} + e_l\right), \qquad
        \nabla_l = \epsilon_l\, f(\mu_{l-1})^\top

    The fixed point is backpropagation's. With ``step`` 1 it is reached, exactly, after as many iterations as
    there are layers; below, errors approach it as :math:`(1 - \text{step})^t`, lower layers later. Holding
    predictions is the assumption that a circuit would have to justify. Feedback weights are the transposes
    of the forward ones.

    One update costs a forward pass and ``iterations`` backward passes.

    Parameters
    ----------
    iterations, step
        As of ``predictive_coding``; ``step`` is in (0, 2).

    Returns
    -------
    Rule

    References
    ----------
    Whittington & Bogacz 2017, Neural Computation 29:1229, doi:10.1162/NECO_a_00949
    Millidge, Tschantz & Buckley 2022, Neural Computation 34:1329, doi:10.1162/neco_a_01497
    """
    positive("fixed_prediction", iterations=iterations, step=step)
    update = Spread(iterations, step)
    sources = (
        "Whittington & Bogacz 2017, Neural Computation 29:1229, doi:10.1162/NECO_a_00949",
        "Millidge, Tschantz & Buckley 2022, Neural Computation 34:1329, doi:10.1162/neco_a_01497",
    )
    return Rule("fixed_prediction", update, needs=("readout_error",), references=sources)


def free_energy(
    stages: Stages, params: Params, values: Values, batch: Batch, objective: Objective, *, sigma_out: float
) -> torch.Tensor:
    """Prediction errors of all value nodes and the cost of the output, summed over the batch."""
    inputs, outputs, energy = batch.inputs, {}, torch.tensor(0.0)
    for stage in stages:
        predicted = stage.lin(params[stage.name], inputs)
        # The readout has no value node of its own: the cost says how far it is from what it should be.
        value = values.get(stage.name, predicted)
        energy = energy + (value - predicted).square().sum() / 2
        inputs = outputs[stage.name] = stage.post(value)
    return energy + len(batch.inputs) * objective.loss(outputs, batch) / sigma_out**2


@dataclass(frozen=True)
class Relaxation:
    """Value nodes that relax, and then change the weights."""

    sigma_out: float
    iterations: int
    step: float

    def values(self, stages: Stages, params: Params, batch: Batch, objective: Objective) -> Values:
        """The value nodes of hidden layers after descending the free energy from the forward pass."""
        moments = trace(stages, params, batch.inputs)
        values = {stage.name: moments[stage.name].drive.requires_grad_() for stage in stages[:-1]}
        for _ in range(self.iterations if values else 0):
            with torch.enable_grad():
                energy = free_energy(stages, params, values, batch, objective, sigma_out=self.sigma_out)
            slopes = grad(energy, list(values.values()))
            values = {
                name: (value.detach() - self.step * slope).requires_grad_()
                for (name, value), slope in zip(values.items(), slopes, strict=True)
            }
        return values

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
        values = self.values(stages, params, batch, objective)
        leaves = {
            layer: {name: tensor.detach().requires_grad_() for name, tensor in weights.items()}
            for layer, weights in params.items()
        }
        with torch.enable_grad():
            energy = free_energy(stages, leaves, values, batch, objective, sigma_out=self.sigma_out)
        scaled = energy * self.sigma_out**2 / len(batch.inputs)
        found = iter(grad(scaled, [tensor for weights in leaves.values() for tensor in weights.values()]))
        return {layer: {name: next(found) for name in weights} for layer, weights in leaves.items()}


@dataclass(frozen=True)
class Spread:
    """Errors that relax while predictions are held."""

    iterations: int
    step: float

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
        moments = trace(stages, params, batch.inputs)
        direct = direct_errors(moments, objective, batch)
        names = list(moments)
        epsilon = {name: torch.zeros_like(moment.drive) for name, moment in moments.items()}
        for _ in range(self.iterations):
            reaching = {
                below: moments[above].error(epsilon[above])
                for below, above in zip(names[:-1], names[1:], strict=True)
            }
            for name, moment in moments.items():
                error = reaching.get(name, 0) + error_at(direct, moment)
                epsilon[name] = (1 - self.step) * epsilon[name] + self.step * moment.delta(error)
        return {name: moment.gradient(epsilon[name]) for name, moment in moments.items()}
