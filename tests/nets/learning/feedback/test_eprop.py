import numpy as np
import pytest
import torch

from neurofit import nets
from neurofit.errors import TrainingError, UnknownNameError

CIRCUITS = ["recurrent", "gated", "excitatory_inhibitory"]


@pytest.fixture(params=CIRCUITS)
def problem(request, make_problem):
    return make_problem(request.param, task="delayed_match", rng=np.random.default_rng(0), units=20)


def estimate(rule, problem, state=None, **options):
    stages, params, batch, objective = problem
    return nets.rules[rule](**options).update(stages, params, batch, objective, state, torch.Generator())


def deaf(problem):
    """The problem with units that do not hear each other."""
    stages, params, batch, objective = problem
    params = {
        layer: {name: w * (not name.endswith("recurrent_weight")) for name, w in weights.items()}
        for layer, weights in params.items()
    }
    return stages, params, batch, objective


def flat(weights):
    return torch.cat([w.flatten() for w in weights.values()])


def cosine(a, b):
    return float(torch.nn.functional.cosine_similarity(flat(a), flat(b), dim=0))


def test_is_backpropagation_through_time_where_units_do_not_hear_each_other(problem):
    problem = deaf(problem)
    found, exact = estimate("e_prop", problem), estimate("backprop", problem)
    layer = problem[0][0].name
    assert list(found) == list(exact)
    for name, gradient in exact[layer].items():
        torch.testing.assert_close(found[layer][name], gradient, rtol=1e-9, atol=1e-12)
    assert exact[layer]["weight"].abs().max() > 0


def test_else_it_points_along_backpropagation_without_being_it(problem):
    found, exact = estimate("e_prop", problem), estimate("backprop", problem)
    layer = problem[0][0].name
    assert 0.2 < cosine(found[layer], exact[layer]) < 0.99
    torch.testing.assert_close(found["readout"], exact["readout"])


def test_errs_more_the_louder_units_are_to_each_other(make_problem):
    def agreement(gain):
        problem = make_problem(
            "recurrent", task="delayed_match", rng=np.random.default_rng(0), units=20, gain=gain
        )
        # Biases and weights shifted by a tenth, as they come, would drive all units alike.
        problem[1]["recurrent"]["recurrent_weight"] -= 0.1
        return cosine(estimate("e_prop", problem)["recurrent"], estimate("backprop", problem)["recurrent"])

    agreements = [agreement(gain) for gain in (0.0, 0.3, 0.6, 1.2)]
    assert agreements[0] == pytest.approx(1, abs=1e-12)
    assert agreements == sorted(agreements, reverse=True)


def test_uses_nothing_of_the_future(problem):
    """With a cost at every moment, the estimate of a sequence cut short is the sum's first part."""
    stages, params, batch, _ = problem
    layer = stages[0].name
    early = nets.Objective(
        "early", lambda task: 2, lambda outputs, batch: outputs[layer][:, :4].sum((1, 2)), "1", local=True
    )
    whole = estimate("e_prop", (stages, params, batch, early))
    cut = batch._replace(inputs=batch.inputs[:, :4])
    torch.testing.assert_close(whole[layer], estimate("e_prop", (stages, params, cut, early))[layer])


def test_the_learning_signal_comes_by_way_of_the_feedback(problem):
    stages, params, _, _ = problem
    layer = stages[0].name
    symmetric = estimate("e_prop", problem)
    torch.testing.assert_close(estimate("e_prop", problem, params), symmetric)
    drawn = nets.rules["e_prop"](feedback="random").init(stages, params, torch.Generator().manual_seed(1))
    found = estimate("e_prop", problem, drawn)
    torch.testing.assert_close(found["readout"], symmetric["readout"])
    assert abs(cosine(found[layer], symmetric[layer])) < 0.9


def test_adaptive_feedback_comes_to_be_the_readout_as_both_decay(problem):
    """Where forward and feedback weights change alike, their difference loses a share at each step."""
    stages, params, batch, objective = problem
    rule = nets.rules["e_prop"](feedback="adaptive", decay=0.01)
    state = rule.init(stages, params, torch.Generator())
    apart = [flat(state["readout"]) - flat(params["readout"])]
    for step in range(1, 51):
        change = {layer: {n: torch.full_like(w, step) for n, w in ws.items()} for layer, ws in params.items()}
        params = {
            layer: {n: (1 - rule.decay) * w + change[layer][n] for n, w in ws.items()}
            for layer, ws in params.items()
        }
        state = rule.evolve(stages, params, batch, objective, change, state, torch.Generator())
        apart.append(flat(state["readout"]) - flat(params["readout"]))
    torch.testing.assert_close(apart[-1], 0.99**50 * apart[0])


@pytest.mark.slow
@pytest.mark.parametrize("feedback", ["symmetric", "random", "adaptive"])
def test_learns_to_hold_an_item_in_memory(feedback):
    network = nets.train(
        "delayed_match",
        architecture={"name": "recurrent", "leak": 0.8, "units": 32},
        rule={"name": "e_prop", "feedback": feedback},
        steps=200,
        learning_rate=1e-2,
        rng=0,
        progress=False,
    )
    assert network.history.accuracy[0] < 0.65
    assert network.history.accuracy[-1] > 0.8


def test_needs_a_recurrent_layer_and_says_so():
    with pytest.raises(TrainingError, match=r"'e_prop' cannot drive this: no layer is recurrent. .*backprop"):
        nets.train("digits", rule="e_prop", steps=1, progress=False)


def test_unknown_feedback_names_the_nearest():
    with pytest.raises(UnknownNameError, match="Did you mean 'random'"):
        nets.rules["e_prop"](feedback="randm")
