import json

import numpy as np
import pytest
import torch

from neurofit import nets, parallel
from neurofit.errors import TrainingError, UnknownNameError
from neurofit.provenance import cite


def quick(**options):
    return nets.train("digits", **{"steps": 20, "rng": 0, "progress": False, **options})


def same(a, b):
    return all(torch.equal(t, b[layer][name]) for layer, weights in a.items() for name, t in weights.items())


def test_learns_digits(digits_net):
    assert digits_net.history.accuracy[0] < 0.25
    assert digits_net.history.accuracy[-1] > 0.9


def test_learns_orientation_of_any_phase(gratings_nets):
    for net in gratings_nets:
        assert net.history.accuracy[0] < 0.25
        assert net.history.accuracy[-1] > 0.9


def test_autoencoding_explains_variance_and_has_no_accuracy():
    net = quick(objective="autoencoding", steps=300)
    assert net.history.loss[-1] < 0.5, "the images have variance 1"
    assert np.isnan(net.history.accuracy).all()


@pytest.mark.parametrize(("architecture", "right"), [("mlp", 0.75), ("conv", 0.5)])
def test_feedback_alignment_learns(architecture, right):
    net = quick(rule="feedback_alignment", architecture=architecture, steps=300)
    assert net.history.loss[-1] < 0.5 * net.history.loss[0]
    assert net.history.accuracy[-1] > right


def test_same_seed_same_numbers_and_another_seed_others():
    # Squared error is an objective that rewards actions too, as some rules need.
    stages, objective = nets.architectures["mlp"]((1, 8, 8), 10), nets.objectives["squared_error"]()
    for rule in nets.rules:
        if any(nets.needs[need](stages, objective) for need in nets.rules[rule]().needs):
            continue
        options = {"rule": rule, "objective": "squared_error", "steps": 3}
        assert same(quick(**options).params, quick(**options).params)
        assert not same(quick(**options).params, quick(**options, rng=1).params)


def test_a_generator_gives_a_seed_that_makes_the_network_again():
    net = quick(rng=np.random.default_rng(7))
    assert same(net.params, quick(rng=net.recipe["seed"]).params)
    assert not same(net.params, quick(rng=None).params)


def test_untrained_is_where_the_trained_one_started():
    trained = quick()
    control = nets.untrained(trained)
    assert same(control.params, quick(steps=0).params)
    assert not same(control.params, trained.params)
    assert control.name == quick(steps=0).name == "mlp, untrained, seed 0"
    assert control.history.step.values.tolist() == [0]


def test_networks_of_one_seed_start_alike_whatever_they_learn():
    start = quick().initial
    for other in (quick(rule="feedback_alignment"), quick(objective="autoencoding"), quick(batch_size=8)):
        hidden = {layer: start[layer] for layer in ("hidden1", "hidden2")}
        assert same(hidden, other.initial)


def test_history_says_what_it_is(digits_net):
    history = digits_net.history
    assert history.step.values.tolist() == list(range(0, 301, 15))
    assert history.loss.attrs["units"] == "nat"
    assert all({"units", "long_name"} <= set(array.attrs) for array in history.values())
    assert "Rumelhart" in cite(history)
    assert json.loads(history.attrs["history"])[-1]["seed"] == 0


def test_network_prints_what_it_is(digits_net):
    assert "mlp, cross_entropy, backprop, seed 0" in repr(digits_net)
    assert json.loads(json.dumps(digits_net.recipe)) == digits_net.recipe


def test_number_of_threads_is_left_as_it_was_and_does_not_matter():
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        on_two = quick(architecture="conv")
        assert torch.get_num_threads() == 2
        torch.set_num_threads(1)
        assert same(on_two.params, quick(architecture="conv").params)
    finally:
        torch.set_num_threads(before)


@pytest.mark.slow
def test_same_numbers_on_one_worker_or_two():
    def train(seed):
        return nets.train("digits", architecture="conv", steps=30, rng=seed, progress=False)

    on_one, on_two = (parallel.apply(train, range(3), workers=workers, progress=False) for workers in (1, 2))
    assert all(same(one.params, two.params) for one, two in zip(on_one, on_two, strict=True))


def test_divergence_stops_with_the_step_and_the_layer():
    with pytest.raises(TrainingError, match=r"diverged at step \d+: the .* of layer 'hidden2' is not finite"):
        quick(objective="autoencoding", optimizer="sgd", learning_rate=1e30, steps=100)


@pytest.mark.parametrize(
    ("choice", "hint"),
    [
        ({"architecture": "mpl"}, "no architecture called 'mpl'. Did you mean 'mlp'"),
        ({"objective": "crossentropy"}, "Did you mean 'cross_entropy'"),
        ({"rule": "back_prop"}, "Did you mean 'backprop'"),
        ({"optimizer": "adamm"}, "Did you mean 'adam'"),
    ],
)
def test_unknown_choices_name_the_nearest(choice, hint):
    with pytest.raises(UnknownNameError, match=hint):
        quick(**choice)


def test_impossible_numbers_are_told_together():
    with pytest.raises(
        TrainingError, match=r"steps must be 0 or more, not -1; learning_rate must be above 0"
    ):
        quick(steps=-1, learning_rate=0.0)
