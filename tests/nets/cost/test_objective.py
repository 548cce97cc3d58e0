"""What all objectives have in common: gradients, and that networks come to meet them."""

import json
from math import isnan

import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError
from neurofit.nets import Batch
from neurofit.nets._choice import make, parted
from neurofit.nets._trace import errors_at

WITHIN_LAYERS = {
    "name": "by_layer",
    "layers": {"hidden1": "slowness", "hidden2": "homeostasis", "readout": "cross_entropy"},
}
FURTHER = [
    {"name": "sparseness", "measure": "log", "reconstruction": 2.0},
    {"name": "sparseness", "measure": "l1", "layers": ["hidden2"]},
    {"name": "description_length", "layers": ["hidden1", "hidden2"]},
    {"name": "weighted", "parts": [["cross_entropy", 1.0], ["mutual_information", 0.5], ["effort", 2.0]]},
    {"name": "own_failures", "of": "slowness"},
    {"name": "local_readout", "of": "cross_entropy", "seed": 3},
    {"name": "risk", "of": "autoencoding", "weight": -0.3},
    WITHIN_LAYERS,
]
CHOICES = [*nets.objectives, *FURTHER]


def named(choice):
    return choice if isinstance(choice, str) else "-".join(map(str, choice.values()))[:40]


@pytest.fixture(params=CHOICES, ids=named)
def objective(request):
    return make(nets.objectives, request.param)


@pytest.fixture
def problem(objective):
    """Outputs of three layers in double precision, the readout with as many units as pixels and classes."""
    generator = torch.Generator().manual_seed(0)

    def draw(*shape):
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    batch = objective.arranged(Batch(draw(5, 1, 2, 3), torch.arange(5), draw(5, 1, 2, 3)))
    n = len(batch.inputs)
    shape = (n, 5, 2) if objective.name == "smoothness" else (n, 6)
    return {"hidden1": draw(n, 4), "hidden2": draw(n, 3), "readout": draw(*shape)}, batch


def test_it_is_known_whether_hidden_layers_are_spoken_of(objective, problem):
    outputs, batch = problem
    spoken_of = set(errors_at(outputs, objective, batch))
    assert objective.hidden == bool(spoken_of - {"readout"})


def test_gradients_are_those_of_finite_differences(objective, problem):
    outputs, batch = problem
    leaves = [output.requires_grad_() for output in outputs.values()]
    assert torch.autograd.gradcheck(
        lambda *given: objective.loss(dict(zip(outputs, given, strict=True)), batch), leaves
    )


def test_there_is_one_cost_for_each_example_or_pair(objective, problem):
    losses = objective.losses(*problem)
    assert losses.shape == (5,)
    assert losses.isfinite().all()


def test_a_separable_cost_depends_on_its_example_alone_and_no_other_does(objective, problem):
    outputs, batch = problem
    others = {layer: output.clone() for layer, output in outputs.items()}
    for output in others.values():
        output[1:] += torch.randn(output[1:].shape, generator=torch.Generator().manual_seed(1)).double()
    same = torch.equal(objective.losses(outputs, batch)[0], objective.losses(others, batch)[0])
    assert same == objective.separable


def test_says_its_units_and_sources(objective):
    assert objective.units
    assert objective.references or objective.name == "cross_entropy" or "weighted" in objective.name


def test_choices_can_be_written_down():
    for choice in CHOICES:
        assert json.loads(json.dumps(choice)) == choice


# Loss after 100 steps as a share of that before, by backpropagation and by feedback alignment.
LEARNED = [
    ("description_length", "digits", 0.6, 0.8),
    ("temporal_prediction", "moving_gratings", 0.5, 0.7),
    ("sparseness", "digits", 0.95, 0.97),
    ({"name": "sparseness", "measure": "log", "reconstruction": 10.0}, "digits", 0.3, 0.6),
    ({"name": "sparseness", "measure": "l1", "reconstruction": 10.0}, "digits", 0.3, 0.6),
    ("slowness", "moving_digits", 0.7, 0.8),
    ("mutual_information", "two_senses", 0.6, 0.7),
    ("homeostasis", "digits", 0.1, 0.2),
    ("effort", "digits", 0.1, 0.3),
    ("weighted", "digits", 0.4, 0.8),
    (WITHIN_LAYERS, "moving_digits", 0.8, 0.9),
    ("schedule", "digits", 0.4, 0.8),
    ("own_failures", "digits", 0.3, 0.7),
    ("local_readout", "digits", 0.3, 0.7),
    ("risk", "digits", 0.4, 0.8),
]


@pytest.mark.slow
@pytest.mark.parametrize("rule", ["backprop", "feedback_alignment"])
@pytest.mark.parametrize(("choice", "task", "exact", "aligned"), LEARNED, ids=[named(c[0]) for c in LEARNED])
def test_is_learned(choice, task, exact, aligned, rule):
    network = nets.train(task, objective=choice, rule=rule, steps=100, rng=0, progress=False)
    before, *_, after = network.history.loss.values
    assert after < (exact if rule == "backprop" else aligned) * before
    assert network.recipe["objective"] == choice
    told = network.history.accuracy[-1]
    of_others = {"weighted", "by_layer", "schedule", "own_failures", "risk", "local_readout"}
    has_classes = parted(choice)[0] in of_others
    assert np.isnan(told) != has_classes


@pytest.mark.parametrize("choice", ["slowness", "mutual_information", "becker_hinton", "temporal_prediction"])
def test_what_compares_moments_needs_a_task_with_pairs(choice):
    for objective in (choice, {"name": "weighted", "parts": [[choice, 1.0]]}):
        with pytest.raises(TrainingError, match="those of task 'digits'. Tasks with pairs: .*moving_digits"):
            nets.train("digits", objective=objective, steps=1, rng=0, progress=False)


def test_accuracy_is_missing_where_there_are_no_answers(objective, problem):
    without = {"autoencoding", "description_length", "temporal_prediction", "sparseness", "slowness"}
    without |= {"mutual_information", "becker_hinton", "homeostasis", "effort", "smoothness"}
    if objective.name in without:
        assert isnan(objective.accuracy(*problem))
