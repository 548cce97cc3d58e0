import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError, UnknownNameError
from neurofit.nets._choice import make
from neurofit.nets._trace import direct_errors, trace


@pytest.fixture
def problem(make_problem):
    def problem_for(choice, *, task="digits"):
        """The network of the first part or layer, with the objective of ``choice``."""
        stages, params, batch, _ = make_problem("mlp", task=task, rng=np.random.default_rng(0))
        objective = make(nets.objectives, choice)
        if batch.paired is not None:
            batch = objective.arranged(batch._replace(paired=batch.paired.double()))
        return stages, params, batch, objective

    return problem_for


def gradient(rule, stages, params, batch, objective):
    return nets.rules[rule]().update(stages, params, batch, objective, None, torch.Generator())


def equal(a, b):
    return all(torch.equal(tensor, b[name]) for name, tensor in a.items())


def test_a_weighted_sum_has_the_weighted_sum_of_gradients(problem):
    parts = [("cross_entropy", 2.0), ("sparseness", 0.3), ("effort", -0.1)]
    found = gradient("backprop", *problem({"name": "weighted", "parts": parts}))
    alone = [gradient("backprop", *problem(part)) for part, _ in parts]
    for layer, weights in found.items():
        for name, tensor in weights.items():
            wanted = sum(w * each[layer][name] for (_, w), each in zip(parts, alone, strict=True))
            torch.testing.assert_close(tensor, wanted, rtol=1e-10, atol=1e-12)


def test_a_part_without_pairs_is_that_of_the_first_of_each(problem):
    choice = {"name": "weighted", "parts": [["slowness", 0.0], ["cross_entropy", 1.0]]}
    stages, params, batch, objective = problem(choice, task="moving_digits")
    outputs = nets._stages.forward(stages, params, batch.inputs)
    half = len(batch.inputs) // 2
    first = {layer: output[:half] for layer, output in outputs.items()}
    alone = nets.objectives["cross_entropy"]()
    firsts = batch._replace(labels=batch.labels[:half])
    torch.testing.assert_close(objective.losses(outputs, batch), alone.losses(first, firsts))
    assert objective.accuracy(outputs, batch) == alone.accuracy(first, firsts)


def test_what_comes_next_is_told_apart_from_the_second_of_a_pair(problem):
    choice = {"name": "weighted", "parts": [["temporal_prediction", 1.0], ["slowness", 0.0]]}
    _, _, batch, objective = problem(choice, task="moving_digits")
    half = len(batch.inputs) // 2
    foreseen = torch.cat([batch.inputs[half:], torch.zeros_like(batch.inputs[half:])]).flatten(1)
    assert objective.loss({"readout": foreseen}, batch).item() == pytest.approx(0, abs=1e-12)


def test_parts_have_to_agree_on_the_readout():
    for name, option in (
        ("weighted", {"parts": [["cross_entropy", 1.0], ["autoencoding", 1.0]]}),
        ("schedule", {"stages": [[0, "cross_entropy"], [10, "autoencoding"]]}),
    ):
        with pytest.raises(TrainingError, match="'cross_entropy' for 10, 'autoencoding' for 64"):
            nets.train("digits", objective={"name": name, **option}, steps=1, rng=0, progress=False)


def test_parts_that_do_not_mind_follow_those_that_do():
    digits = nets.tasks["digits"]()
    inner = {"name": "weighted", "parts": [["effort", 1.0], ["homeostasis", 1.0]]}
    outer = nets.objectives["weighted"](parts=[[inner, 1.0], ["autoencoding", 1.0]])
    assert outer.outputs(digits) == 64
    assert make(nets.objectives, inner).outputs(digits) == 10


LAYERS = {"hidden1": "sparseness", "readout": "cross_entropy"}


def test_local_objectives_leave_other_layers_alone(problem):
    """The lower gradient depends neither on the weights nor on the objective above."""
    local = {"name": "by_layer", "layers": LAYERS, "local": True}
    stages, params, batch, objective = problem(local)
    here = gradient("backprop", stages, params, batch, objective)
    doubled = {name: 2 * tensor for name, tensor in params["readout"].items()}
    there = gradient("backprop", stages, {**params, "readout": doubled}, batch, objective)
    assert equal(here["hidden1"], there["hidden1"])
    assert not equal(here["readout"], there["readout"])
    assert not here["hidden2"]["weight"].any(), "it has no objective of its own"
    alone = gradient("backprop", *problem({"name": "sparseness", "layers": ["hidden1"]}))
    torch.testing.assert_close(here["hidden1"], alone["hidden1"])


def test_objectives_that_are_not_local_serve_those_above(problem):
    stages, params, batch, objective = problem({"name": "by_layer", "layers": LAYERS})
    here = gradient("backprop", stages, params, batch, objective)
    doubled = {name: 2 * tensor for name, tensor in params["readout"].items()}
    there = gradient("backprop", stages, {**params, "readout": doubled}, batch, objective)
    assert not equal(here["hidden1"], there["hidden1"])


def test_local_learning_needs_no_feedback():
    objective = {"name": "by_layer", "layers": LAYERS, "local": True}
    exact, aligned = (
        nets.train("digits", objective=objective, rule=rule, steps=20, rng=0, progress=False).history.loss
        for rule in ("backprop", "feedback_alignment")
    )
    np.testing.assert_array_equal(exact, aligned)


def test_each_layer_hears_its_own_objective_alone(problem):
    layers = {"hidden1": "homeostasis", "readout": "cross_entropy"}
    stages, params, batch, objective = problem({"name": "by_layer", "layers": layers})
    errors = direct_errors(trace(stages, params, batch.inputs), objective, batch)
    assert set(errors) == set(layers)


def test_layers_and_their_objectives_have_to_fit(problem):
    with pytest.raises(TrainingError, match="'cross_entropy' asks for a certain number.*'hidden1'"):
        nets.objectives["by_layer"](layers={"hidden1": "cross_entropy"})
    with pytest.raises(UnknownNameError, match="no layer called 'hiden1'. Did you mean 'hidden1'"):
        nets.train(
            "digits",
            objective={"name": "by_layer", "layers": {"hiden1": "sparseness"}},
            steps=1,
            progress=False,
        )


def test_a_schedule_switches_exactly_at_its_step():
    stages = [[0, "cross_entropy"], [5, "own_failures"], [9, "risk"]]
    objective = nets.objectives["schedule"](stages=stages)
    assert [objective.at(step).name for step in (0, 4, 5, 8, 9, 100)] == [
        *["cross_entropy"] * 2,
        *["own_failures"] * 2,
        *["risk"] * 2,
    ]


@pytest.mark.parametrize(("first", "same"), [(20, True), (19, False)])
def test_updates_before_a_step_are_made_for_the_earlier_objective(first, same):
    """Of 20 updates the last is made for what rules after 19."""
    scheduled = {"name": "schedule", "stages": [[0, "cross_entropy"], [first, "effort"]]}
    there, here = (
        nets.train("digits", objective=objective, steps=20, rng=0, progress=False)
        for objective in (scheduled, "cross_entropy")
    )
    assert equal(there.params["hidden1"], here.params["hidden1"]) == same
    assert there.history.loss.attrs["units"] == "nat, then 1"


def test_a_part_that_changes_changes_the_whole():
    changing = {"name": "schedule", "stages": [[0, "sparseness"], [5, "homeostasis"]]}
    whole = nets.objectives["weighted"](parts=[["cross_entropy", 1.0], [changing, 2.0]])
    outputs = {
        name: torch.randn(4, 10, generator=torch.Generator().manual_seed(0)) for name in ("h", "readout")
    }
    batch = nets.Batch(torch.zeros(4), torch.arange(4))
    for step, part in ((4, "sparseness"), (5, "homeostasis")):
        wanted = nets.objectives["cross_entropy"]().loss(outputs, batch) + 2 * nets.objectives[part]().loss(
            outputs, batch
        )
        torch.testing.assert_close(whole.at(step).loss(outputs, batch), wanted)
    assert not whole.at(5).separable, "for homeostasis looks at the batch"


@pytest.mark.parametrize("steps", [[], [5], [0, 10, 10], [0, 10, 5]])
def test_a_schedule_starts_at_once_and_goes_forward(steps):
    with pytest.raises(TrainingError, match="start at step 0 and at increasing steps"):
        nets.objectives["schedule"](stages=[[step, "cross_entropy"] for step in steps])


def test_a_sum_needs_parts_and_a_choice_a_layer():
    with pytest.raises(TrainingError, match="at least one part"):
        nets.objectives["weighted"](parts=[])
    with pytest.raises(TrainingError, match="needs a layer"):
        nets.objectives["by_layer"](layers={})
