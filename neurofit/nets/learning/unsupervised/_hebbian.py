"""Hidden layers that learn by themselves: products of what a synapse's two sides do, and no error."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import torch

from ....errors import TrainingError
from ..._stages import connects
from ..._trace import direct_errors, error_at, trace
from .._rule import Rule, rules

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..._stages import Params, Weights
    from ..._trace import Moment
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages

    Thresholds = dict[str, torch.Tensor]
    # From a layer at a batch, and its thresholds: the Hebbian change for the batch's mean example.
    Local = Callable[[Moment, torch.Tensor | None], Weights]


NEEDS = ("linear_drive", "readout_alone")


@rules.register("hebb")
def hebb() -> Rule:
    r"""Hebb: a hidden layer's weights grow by the product of pre- and postsynaptic activity.

    .. math:: \Delta W = \eta\, \langle y\, x^\top \rangle, \qquad y = W x

    In the mean :math:`\Delta W = \eta\, W C` with :math:`C = \langle x x^\top \rangle`: all units turn to
    the first principal component (of inputs with mean 0) and grow without bound, by
    :math:`1 + \eta \lambda_1` at each step. Each hidden layer takes the outputs of the one below; biases
    stay; the readout learns by its exact gradient, the delta rule. It claims no gradient.

    Returns
    -------
    Rule

    References
    ----------
    Hebb 1949, The Organization of Behavior
    """
    return _rule("hebb", _hebb, "Hebb 1949, The Organization of Behavior")


@rules.register("oja")
def oja(*, ordered: bool = False) -> Rule:
    r"""Oja: Hebbian growth and a decay that keeps the norm, which finds principal components.

    .. math::

        \Delta W = \eta\, \langle y\, x^\top - D(y\, y^\top)\, W \rangle, \qquad y = W x

    With one unit this is Oja's rule of 1982, which finds the first component. With several, :math:`D` is all
    of its argument (his subspace rule of 1989: the units come to span the first principal components) or its
    lower triangle (Sanger's rule: each unit takes one, in order). Weights become orthonormal. It converges
    from any start of full rank where :math:`\eta \lambda_1` is well below 1. Hidden layers stack, biases
    stay, and the readout learns by its exact gradient. It claims no gradient.

    Parameters
    ----------
    ordered
        Whether units take the components in order (Sanger), rather than together (Oja).

    Returns
    -------
    Rule

    References
    ----------
    Oja 1982, Journal of Mathematical Biology 15:267, doi:10.1007/BF00275687
    Oja 1989, International Journal of Neural Systems 1:61
    Sanger 1989, Neural Networks 2:459, doi:10.1016/0893-6080(89)90044-0
    """
    return _rule(
        "oja",
        partial(_oja, torch.tril if ordered else torch.clone),
        "Oja 1982, Journal of Mathematical Biology 15:267, doi:10.1007/BF00275687",
        "Oja 1989, International Journal of Neural Systems 1:61",
        "Sanger 1989, Neural Networks 2:459, doi:10.1016/0893-6080(89)90044-0",
    )


@rules.register("bcm")
def bcm(*, memory: float = 0.1) -> Rule:
    r"""BCM theory: weak responses depress, strong ones potentiate; the threshold slides with activity.

    .. math::

        \Delta W_i = \eta\, \langle y_i (y_i - \theta_i)\, x^\top \rangle, \qquad
        \theta_i \leftarrow (1 - \rho)\, \theta_i + \rho\, \langle y_i^2 \rangle, \qquad y = [W x]_+

    In the theory of 1982 the threshold is a power above 1 of the mean rate; the mean square used here, from
    Intrator & Cooper, gives the change an objective of its own. A unit becomes selective: with :math:`K`
    linearly independent inputs, equally often, it ends with :math:`y = K` for one of them and 0 for the
    others, a selectivity :math:`1 - \bar y / y_{\max}` of :math:`1 - 1 / K`. The threshold must slide faster
    than weights change (:math:`\rho \gg \eta K`), or activity oscillates. Hidden layers stack, biases stay,
    and the readout learns by its exact gradient. It claims no gradient.

    Parameters
    ----------
    memory
        :math:`\rho`, the share of the threshold that is renewed at each step.

    Returns
    -------
    Rule

    Raises
    ------
    TrainingError
        If ``memory`` is no share.

    References
    ----------
    Bienenstock, Cooper & Munro 1982, Journal of Neuroscience 2:32, doi:10.1523/JNEUROSCI.02-01-00032.1982
    Intrator & Cooper 1992, Neural Networks 5:3
    """
    if not 0 < memory <= 1:
        raise TrainingError(f"memory is a share in (0, 1], not {memory}")
    sources = (
        "Bienenstock, Cooper & Munro 1982, Journal of Neuroscience 2:32, "
        "doi:10.1523/JNEUROSCI.02-01-00032.1982",
        "Intrator & Cooper 1992, Neural Networks 5:3",
    )
    return Rule(
        "bcm",
        partial(_update, _bcm),
        target=None,
        init=_thresholds,
        evolve=partial(_slide, memory),
        needs=NEEDS,
        references=sources,
    )


def _rule(name: str, local: Local, *references: str) -> Rule:
    return Rule(name, partial(_update, local), target=None, needs=NEEDS, references=references)


def _update(
    local: Local,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: Thresholds | None,
    generator: torch.Generator,
) -> Params:
    moments = trace(stages, params, batch.inputs)
    *_, (last, top) = moments.items()
    error = error_at(direct_errors(moments, objective, batch), top)
    steps = {
        name: {key: -change for key, change in local(moment, state[name] if state else None).items()}
        for name, moment in moments.items()
        if moment is not top
    }
    return {**steps, last: top.gradient(top.delta(error))}


def _hebb(moment: Moment, threshold: torch.Tensor | None) -> Weights:
    return _product(moment, moment.drive)


def _oja(
    chosen: Callable[[torch.Tensor], torch.Tensor], moment: Moment, threshold: torch.Tensor | None
) -> Weights:
    drive = _by_unit(moment, moment.drive).flatten(1)
    together = chosen(drive @ drive.T) / len(moment.drive)
    growth = _product(moment, moment.drive)
    return {
        name: growth[name] - (together @ w.detach().flatten(1)).reshape(w.shape)
        if connects(name)
        else growth[name]
        for name, w in moment.weights.items()
    }


def _bcm(moment: Moment, threshold: torch.Tensor | None) -> Weights:
    rate = _by_unit(moment, moment.drive.relu())
    beyond = rate - threshold.reshape(-1, *[1] * (rate.ndim - 1))  # type: ignore[union-attr]
    return _product(moment, (rate * beyond).movedim(0, _unit_dim(moment)))


def _thresholds(stages: Stages, params: Params, generator: torch.Generator) -> Thresholds:
    return {
        layer: torch.ones_like(next(w for name, w in weights.items() if connects(name)).flatten(1)[:, 0])
        for layer, weights in params.items()
    }


def _slide(
    memory: float,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    change: Params,
    state: Thresholds,
    generator: torch.Generator,
) -> Thresholds:
    moments = trace(stages, params, batch.inputs)
    power = {
        name: _by_unit(moment, moment.drive.relu()).flatten(1).square().mean(1)
        for name, moment in moments.items()
    }
    return {name: old + memory * (power[name] - old) for name, old in state.items()}


def _product(moment: Moment, post: torch.Tensor) -> Weights:
    """Mean over the batch of post- times presynaptic activity, for each weight; biases stay."""
    return {
        name: total / len(post) if connects(name) else torch.zeros_like(total)
        for name, total in moment.gradient(post).items()
    }


def _unit_dim(moment: Moment) -> int:
    """Last in drives (batch, time or place, unit), second in (batch, unit) and (batch, channel, y, x)."""
    return -1 if moment.drive.ndim == 3 else 1


def _by_unit(moment: Moment, activity: torch.Tensor) -> torch.Tensor:
    """Units before all else."""
    return activity.movedim(_unit_dim(moment), 0)
