"""Interneurons that cancel what they can predict of top-down input (Sacramento et al. 2018)."""

from __future__ import annotations

from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from torch.func import vjp

from ..._trace import direct_errors, trace
from .._rule import Rule
from ._feedback import random_feedback

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

    from ..._stages import Params, Stage, Weights
    from ..._trace import Errors, Moment
    from ...cost import Objective
    from ...material import Batch
    from .._rule import Stages

APICAL = 0.5  # share of the apical potential that reaches the soma
TAUGHT = 0.1  # share of the unit above in the potential of an interneuron
STEPS = 5  # of the interneurons after each step of the weights, which they have to keep up with


class Circuit(NamedTuple):
    """Between two layers: what comes down, and the interneurons of the lower one. All shaped like W."""

    feedback: Weights  # from the units above to the apical dendrites
    predict: Weights  # from the units of the layer to its interneurons
    cancel: Weights  # from these to the apical dendrites


def microcircuit(nudge: float) -> Rule:
    """Apical potentials that interneurons leave over teach each hidden layer."""
    source = (
        "Sacramento, Ponte Costa, Bengio & Senn 2018, Advances in Neural Information Processing Systems 31, "
        "arXiv:1810.11393"
    )
    return Rule(
        "dendritic_error",
        partial(_update, nudge),
        init=_self_predicting,
        evolve=_evolve,
        needs=("readout_error", "dense_layers"),
        references=(source,),
    )


def _self_predicting(stages: Stages, params: Params, generator: torch.Generator) -> dict[str, Circuit]:
    feedback = random_feedback(stages, params, generator)
    return {
        layer: Circuit(back, {name: w.clone() for name, w in params[layer].items()}, back)
        for layer, back in feedback.items()
    }


def _update(
    nudge: float,
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    state: Mapping[str, Circuit],
    generator: torch.Generator,
) -> Params:
    moments = trace(stages, params, batch.inputs)
    errors = direct_errors(moments, objective, batch)
    strength, estimates = nudge * len(batch.inputs), {}
    for name, soma in potentials(moments, errors, state, strength).items():
        moment = moments[name]
        estimates[name] = moment.gradient((moment.output - moment.stage.post(soma)) / strength)
        strength *= APICAL * (1 - TAUGHT)
    return dict(reversed(estimates.items()))


def potentials(
    moments: Mapping[str, Moment], errors: Errors, state: Mapping[str, Circuit], strength: float
) -> dict[str, torch.Tensor]:
    """Somatic potentials from the top down, each teacher pulling with its ``strength``."""
    somata: dict[str, torch.Tensor] = {}
    pull: torch.Tensor | float = 0.0
    above: Moment | None = None
    for name, moment in reversed(list(moments.items())):
        if above:
            layer = above.stage.name
            pull = APICAL * apical(above.stage, state[layer], above.inputs, somata[layer])
        taught = strength * errors[name] if name in errors else 0.0
        somata[name] = moment.drive + pull - taught
        strength *= APICAL * (1 - TAUGHT)
        above = moment
    return somata


def apical(stage: Stage, circuit: Circuit, inputs: torch.Tensor, soma: torch.Tensor) -> torch.Tensor:
    """Apical potential of the units that ``stage`` listens to: top-down input that is not cancelled."""
    rate = stage.post(_interneurons(stage, circuit, inputs, soma))
    return _down(stage, circuit.feedback, inputs, stage.post(soma)) - _down(
        stage, circuit.cancel, inputs, rate
    )


def _interneurons(stage: Stage, circuit: Circuit, inputs: torch.Tensor, soma: torch.Tensor) -> torch.Tensor:
    predicted = stage.lin(circuit.predict, inputs)
    return predicted + TAUGHT * (soma - predicted)


def _down(stage: Stage, weights: Weights, inputs: torch.Tensor, rate: torch.Tensor) -> torch.Tensor:
    _, pullback, *_ = vjp(lambda x: stage.lin(weights, x), inputs)
    return pullback(rate)[0]


def _evolve(
    stages: Stages,
    params: Params,
    batch: Batch,
    objective: Objective,
    change: Params,
    state: Mapping[str, Circuit],
    generator: torch.Generator,
) -> dict[str, Circuit]:
    moments = trace(stages, params, batch.inputs)
    circuits = dict(state)
    for _, stage in pairwise(stages):
        moment = moments[stage.name]
        for _ in range(STEPS):
            circuits[stage.name] = learned(stage, circuits[stage.name], moment.inputs, moment.drive)
    return circuits


def learned(stage: Stage, circuit: Circuit, inputs: torch.Tensor, soma: torch.Tensor) -> Circuit:
    """The circuit after one step, in which nobody teaches, towards silent apical dendrites."""
    inter = _interneurons(stage, circuit, inputs, soma)
    rate, expected = stage.post(inter), stage.post(stage.lin(circuit.predict, inputs))
    left = apical(stage, circuit, inputs, soma)
    return circuit._replace(
        predict=_hebbian(stage, circuit.predict, inputs, (rate - expected) / TAUGHT, inputs),
        cancel=_hebbian(stage, circuit.cancel, left, rate, rate),
    )


def _hebbian(
    stage: Stage, weights: Weights, pre: torch.Tensor, post: torch.Tensor, source: torch.Tensor
) -> Weights:
    """Weights after a step along the mean of ``post`` times ``pre``, as long as what drives them allows."""
    _, pullback, *_ = vjp(lambda w: stage.lin(w, pre), dict(weights))
    length = 1 / (len(pre) * (1 + float(source.square().sum(-1).mean())))
    return {name: weights[name] + length * product for name, product in pullback(post)[0].items()}
