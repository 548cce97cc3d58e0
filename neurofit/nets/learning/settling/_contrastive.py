"""Contrastive Hebbian learning and GeneRec: what the network does when taught, against what it does alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

from ....errors import TrainingError
from ..._trace import errors_at
from .._checks import positive
from .._rule import Rule, rules
from ._settle import SETTLING, circuit, drives, hebbian, less, settle

if TYPE_CHECKING:
    from ..._stages import Params
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages, State
    from ._settle import Circuit, Rates

FORMS = ("midpoint", "plain")


@rules.register("contrastive_hebbian")
def contrastive_hebbian(*, feedback: float = 0.05, iterations: int = 50) -> Rule:
    r"""Contrastive Hebbian learning: Hebbian while the output is taught, anti-Hebbian while it is not.

    The network settles freely (to :math:`h^-`) and with the output clamped (to :math:`h^+`), with feedback
    of strength :math:`\gamma` through the transposes of the forward weights:

    .. math:: h_l = f(W_l h_{l-1} + b_l + \gamma W_{l+1}^\top h_{l+1})

    .. math::

        \nabla_l = -\gamma^{l-\text{out}}
          \left( h_l^+ {h_{l-1}^+}^\top - h_l^- {h_{l-1}^-}^\top \right)

    The output is clamped to what a step of size 1 down the cost makes of it,
    :math:`h_\text{out}^+ = f(a_\text{out}^- - \partial L / \partial h_\text{out})` with the free drive
    :math:`a^-`: to the target itself where the cost is half the squared distance to it, to the output plus
    label minus softmax where it is cross-entropy. An objective that also speaks of hidden layers pushes
    their drives in the taught phase.

    :math:`\gamma = 1` is the rule of Movellan, which descends the difference of the two phases' energies and
    not, in general, the cost. As :math:`\gamma \to 0`, and if the readout is linear as in Xie & Seung, the
    estimate goes to backpropagation's gradient with an error of order :math:`\gamma`: after 100 plain steps
    on digits (64-64-10) its cosine to the gradient is about .96 with 0.05 and about .63 with 0.2. Both phases
    must have settled.

    One update costs at most ``iterations`` sweeps over the layers in each of two phases, which end at rest.

    Parameters
    ----------
    feedback
        Strength :math:`\gamma` of the feedback.
    iterations
        Sweeps of each phase, at most.

    Returns
    -------
    Rule

    References
    ----------
    Movellan 1991, Connectionist Models: Proceedings of the 1990 Summer School, 10
    Xie & Seung 2003, Neural Computation 15:441, doi:10.1162/089976603762552988
    """
    positive("contrastive_hebbian", feedback=feedback, iterations=iterations)
    sources = (
        "Movellan 1991, Connectionist Models: Proceedings of the 1990 Summer School, 10",
        "Xie & Seung 2003, Neural Computation 15:441, doi:10.1162/089976603762552988",
    )
    return Rule("contrastive_hebbian", Contrastive(feedback, iterations), needs=SETTLING, references=sources)


@rules.register("generec")
def generec(*, form: str = "midpoint", feedback: float = 0.05, iterations: int = 50) -> Rule:
    r"""GeneRec: presynaptic rate x the change of the postsynaptic rate when the output is taught.

    With the two phases of contrastive Hebbian learning, free :math:`h^-` and clamped :math:`h^+`, the change
    is not symmetric: only the difference of the receiving unit counts. In the midpoint form

    .. math::

        \nabla_l = -\gamma^{l-\text{out}}
          \left( h_l^+ - h_l^- \right) \tfrac12 \left( h_{l-1}^- + h_{l-1}^+ \right)^\top

    and in the plain one :math:`h_{l-1}^-` takes the place of the mean. Adding to the midpoint form what the
    same rule says for the connection back, :math:`(h_{l-1}^+ - h_{l-1}^-) \tfrac12 (h_l^- + h_l^+)^\top`,
    gives contrastive Hebbian learning. The feedback weights are the transposes of the forward ones, which
    the paper reaches by symmetrising changes. As :math:`\gamma \to 0` both forms go to backpropagation's
    gradient if the readout is linear.

    Parameters
    ----------
    form
        ``"midpoint"`` or ``"plain"``.
    feedback, iterations
        As of ``contrastive_hebbian``.

    Returns
    -------
    Rule

    References
    ----------
    O'Reilly 1996, Neural Computation 8:895, doi:10.1162/neco.1996.8.5.895
    """
    positive("generec", feedback=feedback, iterations=iterations)
    if form not in FORMS:
        raise TrainingError(f"form of 'generec' is one of {', '.join(FORMS)}, not {form!r}")
    update = Recirculating(form == "midpoint", feedback, iterations)
    source = "O'Reilly 1996, Neural Computation 8:895, doi:10.1162/neco.1996.8.5.895"
    return Rule("generec", update, needs=SETTLING, references=(source,))


def phases(
    net: Circuit, start: Rates, batch: Batch, objective: Objective, *, iterations: int
) -> tuple[Rates, Rates]:
    """The equilibrium of the network alone, and that with its output taught."""
    free = settle(net, start, sweeps=iterations)
    errors = {name: len(batch.inputs) * e for name, e in errors_at(free, objective, batch).items()}
    *_, (last, drive) = drives(net, free)
    output = last.post(drive - errors.pop(last.name, torch.zeros_like(drive)))
    taught = settle(net, free, sweeps=iterations, push=lambda _: errors, clamped={last.name: output})
    return free, taught


@dataclass(frozen=True)
class Contrastive:
    """The contrast of two phases."""

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
        net, start = circuit(stages, params, batch.inputs, self.feedback)
        free, taught = phases(net, start, batch, objective, iterations=self.iterations)
        n = len(batch.inputs)
        return less(hebbian(net, free, free, per=n), hebbian(net, taught, taught, per=n))


@dataclass(frozen=True)
class Recirculating:
    """Presynaptic rate x the change of the postsynaptic rate between two phases."""

    midpoint: bool
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
        net, start = circuit(stages, params, batch.inputs, self.feedback)
        free, taught = phases(net, start, batch, objective, iterations=self.iterations)
        pre = {name: (rate + taught[name]) / 2 if self.midpoint else rate for name, rate in free.items()}
        fall = {name: rate - taught[name] for name, rate in free.items()}
        return hebbian(net, pre, fall, per=len(batch.inputs))
