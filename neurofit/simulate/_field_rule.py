"""A learning rule at a small network as a field: how weights change on the mean, as a function of weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from ..errors import TrainingError, listing
from ..names import LAYER, POST, PRE, SYNAPSE
from ..nets import objectives, rules, targets
from ..nets._choice import as_json, make, parted
from ..nets._stages import draw, forward
from ..nets.circuits import architectures
from ..nets.learning import check
from ._field_examples import field_tasks
from ._field_record import differentiable
from ._field_synapses import ends, flat, signs

if TYPE_CHECKING:
    from ..nets import Batch, Objective, Rule, Stage
    from ..nets._choice import Choice
    from ..nets._stages import Params

CURL_DESCENT = "curl_descent"
NINOU = (
    "Ninou, Kadmon & Cayco-Gajic 2025, Advances in Neural Information Processing Systems 38, arXiv:2510.02765"
)
# Their estimates have the gradient for expectation, so that their field is known.
UNBIASED = ("node_perturbation", "weight_perturbation")


@dataclass(frozen=True, eq=False)
class RuleField:
    """f(w): mean change of a network's weights a unit of time; call it with a tensor (synapse,).

    A unit of time is as many updates as make up a learning rate of 1. Derivatives come from ``torch.func``.

    Parameters
    ----------
    rule
        Of learning.
    stages, batch, objective
        The network, the examples that it learns from, and what for.
    state
        What the rule keeps: feedback weights, thresholds.
    params
        Weights in which those of synapses are put; biases stay.
    signs
        Of each synapse: -1 where the rule is flipped.
    decay
        Share of each weight that is lost in a unit of time.
    w0
        Where training ended, (synapse,).
    """

    rule: Rule
    stages: tuple[Stage, ...]
    batch: Batch
    objective: Objective
    state: Any
    params: Params
    signs: torch.Tensor
    decay: float
    w0: torch.Tensor

    def __call__(self, w: torch.Tensor) -> torch.Tensor:
        """What is expected: for rules that try at random, the descent that they estimate."""
        return differentiable(self._expected)(w)

    def once(
        self, w: torch.Tensor, generator: torch.Generator, *, batch: Batch | None = None
    ) -> torch.Tensor:
        """One change, with the rule's own randomness."""
        now = self.unflat(w)
        estimate = self.rule.update(
            self.stages, now, batch or self.batch, self.objective, self.state, generator
        )
        return self._descent(w, estimate)

    @property
    def random(self) -> bool:
        """Whether the rule draws at random."""
        generator = torch.Generator()
        before = generator.get_state()
        self.once(self.w0, generator)
        return not torch.equal(before, generator.get_state())

    @cached_property
    def jacobian(self) -> np.ndarray:
        """The exact J (n, n) at ``w0``."""
        found: torch.Tensor = torch.func.jacrev(self)(self.w0)
        return found.numpy()

    def loss(self, w: torch.Tensor) -> float:
        """Mean cost over the examples."""
        return float(self.objective.loss(forward(self.stages, self.unflat(w), self.batch.inputs), self.batch))

    def unflat(self, w: torch.Tensor) -> Params:
        """Weights by layer, from those in a row."""
        parts = torch.split(w, [weights["weight"].numel() for weights in self.params.values()])
        return {
            layer: {**weights, "weight": part.view(weights["weight"].shape)}
            for (layer, weights), part in zip(self.params.items(), parts, strict=True)
        }

    @property
    def coords(self) -> dict[str, tuple[str, np.ndarray]]:
        """Which units each synapse connects, in which layer."""
        return {
            name: (SYNAPSE, values)
            for name, values in zip((PRE, POST, LAYER), ends(self.params), strict=True)
        }

    def _expected(self, w: torch.Tensor) -> torch.Tensor:
        if self.rule.name not in UNBIASED:
            return self.once(w, torch.Generator())
        target = targets[str(self.rule.target)]
        return self._descent(w, target(self.stages, self.unflat(w), self.batch, self.objective, self.state))

    def _descent(self, w: torch.Tensor, estimate: Params) -> torch.Tensor:
        return -self.signs * flat(estimate) - self.decay * w


def rule_field(  # noqa: PLR0913 - the network, what it learns, how long
    rule: Choice,
    *,
    task: str = "digits",
    layers: tuple[int, ...] = (10, 14, 4),
    objective: str = "squared_error",
    examples: int = 400,
    step: int = 0,
    learning_rate: float = 0.1,
    rng: int | np.random.Generator | None = None,
) -> RuleField:
    """The field of a learning rule at a small network, for derivatives by ``torch.func``.

    The network, of tanh units without biases, has first learned by the rule for some steps, each on all
    examples. The state of a rule that has one, such as feedback weights, is held where it was then.

    Parameters
    ----------
    rule
        A name in ``nets.rules`` or a mapping with options; or ``"curl_descent"``: the exact gradient, with
        the sign flipped for synapses onto a ``share`` (.3) of the hidden units, so that it is no gradient.
    task
        ``"digits"`` or ``"teacher"``: what another network of the same layers does with normal inputs.
    layers
        Number of inputs, of units of each hidden layer, and of outputs: (10, 14, 4) has 196 synapses,
        (20, 80, 5) has 2,000, (40, 400, 10) has 20,000.
    objective
        ``"squared_error"`` or, for digits, ``"cross_entropy"``.
    examples
        How many, in one batch.
    step
        Number of updates before.
    learning_rate
        Of these.
    rng
        Seed or generator of examples, weights and the rule.

    Returns
    -------
    RuleField
        A callable, tensor (synapse,) to tensor (synapse,), with ``w0``, ``jacobian`` there, and ``coords``.

    Raises
    ------
    UnknownNameError
        If there is no such rule, task or objective.
    TrainingError
        If choices do not fit together, the rule draws at random and what it expects is not known, or it
        diverges.

    References
    ----------
    Ninou, Kadmon & Cayco-Gajic 2025, Advances in Neural Information Processing Systems 38, arXiv:2510.02765

    Examples
    --------
    >>> field = rule_field("backprop", layers=(3, 4, 2), examples=20, rng=0)
    >>> bool(abs(field.jacobian - field.jacobian.T).max() < 1e-12)
    True
    """
    rng = np.random.default_rng(rng)
    name, options = parted(rule)
    share = options.pop("share", 0.3) if name == CURL_DESCENT else 0.0
    learned = make(rules, {"name": "backprop" if name == CURL_DESCENT else name, **options})
    _check(layers, objective, task, examples, step, share)
    batch = field_tasks[task](tuple(layers), examples, rng)
    stages = make(architectures, {"name": "mlp", "hidden": list(layers[1:-1])}, (layers[0],), layers[-1])
    cost = make(objectives, objective)
    check(learned, stages, cost)
    generator = torch.Generator().manual_seed(int(rng.integers(2**63)))
    params = {
        layer: {key: w.double() for key, w in weights.items()}
        for layer, weights in draw(stages, generator, "cpu").items()
    }
    field = RuleField(
        learned,
        stages,
        batch,
        cost,
        learned.init(stages, params, generator),
        params,
        signs(params, share, rng),
        learned.decay / learning_rate,
        flat(params),
    )
    return _trained(_known(field), step, learning_rate, generator)


def _trained(field: RuleField, steps: int, learning_rate: float, generator: torch.Generator) -> RuleField:
    for _ in range(steps):
        field = after(field, learning_rate * field._expected(field.w0), generator)
    if not field.w0.isfinite().all():
        raise TrainingError(f"training diverged within {steps} steps: lower learning_rate")
    return field


def after(
    field: RuleField, change: torch.Tensor, generator: torch.Generator, *, batch: Batch | None = None
) -> RuleField:
    """The field with weights moved by ``change``, and the rule's state as it is then."""
    w, rule = field.w0 + change, field.rule
    state = field.state
    if rule.evolve:
        state = rule.evolve(
            field.stages,
            field.unflat(w),
            batch or field.batch,
            field.objective,
            field.unflat(change),
            state,
            generator,
        )
    return replace(field, w0=w, state=state)


def recipe(rule: Choice) -> Any:
    """The rule as provenance can hold it."""
    return as_json(rule) if isinstance(rule, (str, Mapping)) else "<RuleField>"


def _known(field: RuleField) -> RuleField:
    if field.rule.name not in UNBIASED and field.random:
        raise TrainingError(
            f"rule {field.rule.name!r} draws at random, and what it expects is not known in closed form. "
            f"Random rules whose is: {listing(UNBIASED)}"
        )
    return field


def _check(  # noqa: PLR0913 - one by one
    layers: tuple[int, ...], objective: str, task: str, examples: int, step: int, share: float
) -> None:
    known = ("squared_error",) if task == "teacher" else ("squared_error", "cross_entropy")
    wanted = {
        f"layers are inputs, hidden units, outputs, each 1 or more, not {layers}": len(layers) >= 2
        and min(layers) >= 1,
        f"objective of task {task!r} is one of {listing(known)}, not {objective!r}": objective in known,
        f"examples must be 2 or more, not {examples}": examples >= 2,
        f"step must be 0 or more, not {step}": step >= 0,
        f"share of flipped units is from 0 to 1, not {share}": 0 <= share <= 1,
    }
    wrong = [phrase for phrase, fine in wanted.items() if not fine]
    if wrong:
        raise TrainingError("; ".join(wrong))
